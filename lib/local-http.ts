import { chmod, rm } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import { withDeadline } from './deadline.ts';

/** HTTP between our own processes on one machine, over a unix socket that only its owner may open. */
export interface LocalCall {
  readonly socket: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

/** The other process answered, but not with success. */
export class LocalHttpError extends Error {
  readonly status: number;
  readonly body: string;

  constructor(call: LocalCall, status: number, body: string) {
    super(`${call.method} ${call.path} answered ${status}: ${body.slice(0, 500)}`);
    this.name = 'LocalHttpError';
    this.status = status;
    this.body = body;
  }
}

function open(call: LocalCall, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const payload = call.body === undefined ? undefined : JSON.stringify(call.body);
    const req = request(
      {
        socketPath: call.socket,
        path: call.path,
        method: call.method,
        signal,
        agent: false, // a kept connection would outlive a restart of the other side
        headers:
          payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
      },
      resolve,
    );
    req.on('error', reject);
    req.end(payload);
  });
}

/** Calls and parses a JSON answer (an empty answer is `undefined`). Throws LocalHttpError for a status of 400 or more. */
export async function callJson(call: LocalCall, timeoutMs: number, signal: AbortSignal): Promise<unknown> {
  return withDeadline(timeoutMs, signal, async (inner) => {
    const res = await open(call, inner);
    const text = await readAll(res);
    if ((res.statusCode ?? 500) >= 400) throw new LocalHttpError(call, res.statusCode ?? 500, text);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  });
}

/** Calls and yields one parsed JSON value per line of the answer, until the other side ends it. Leaving the iteration closes the connection. */
export async function* callLines(
  call: LocalCall,
  signal: AbortSignal,
): AsyncGenerator<unknown, void, undefined> {
  const res = await open(call, signal);
  try {
    if ((res.statusCode ?? 500) >= 400)
      throw new LocalHttpError(call, res.statusCode ?? 500, await readAll(res));
    for await (const line of createInterface({ input: res, crlfDelay: Infinity })) {
      if (line !== '') yield JSON.parse(line) as unknown;
    }
    // An answer that was cut short ends its lines quietly; only `complete` tells the two apart.
    if (!res.complete) throw new Error(`${call.method} ${call.path}: the other side went away in mid-answer`);
  } finally {
    res.destroy();
  }
}

async function readAll(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a JSON request body of at most `maxBytes`; throws on more, or on what is not JSON. */
export async function readJson(req: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > maxBytes) throw new Error(`request body is larger than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return size === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown);
}

/** Answers with JSON. */
export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

export type LocalHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/**
 * Listens on a unix socket (mode 0600). A stale socket file of a dead process is replaced.
 * A handler that throws answers 500 with the message; disposal stops listening and cuts what is open.
 */
export async function serveLocal(socket: string, handler: LocalHandler): Promise<AsyncDisposable> {
  await rm(socket, { force: true });
  const server: Server = createServer((req, res) => {
    handler(req, res).catch((err: unknown) => {
      if (res.headersSent) res.destroy();
      else sendJson(res, 500, { message: err instanceof Error ? err.message : String(err) });
    });
  });
  server.requestTimeout = 0; // a build streams for minutes
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  await chmod(socket, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
