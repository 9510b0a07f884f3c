import { request as plain, type IncomingMessage } from 'node:http';
import { request as secure } from 'node:https';
import type { Duplex } from 'node:stream';
import {
  createRunFrameReader,
  frame,
  RUN_PATH,
  RUN_PROTOCOL,
  SECRET_HEADER,
} from '../server/contract/run-frames.ts';
import { UnreachableError } from '../server/contract/transport.ts';

/** The person's end of a process. */
export interface RunEnds {
  readonly input: NodeJS.ReadableStream;
  out(bytes: Buffer): Promise<void>;
  err(bytes: Buffer): Promise<void>;
  /** Of the screen; undefined without one. */
  size(): { readonly columns: number; readonly rows: number } | undefined;
  /** Calls when the size has changed, or a signal is to be passed on; answers how to stop that. */
  onResize(tell: () => void): () => void;
  onSignal(tell: (name: string) => void): () => void;
}

/** How it ended: with an exit code, or with a sentence of the platform about what went wrong. */
export type RunEnd = { readonly code: number } | { readonly problem: string };

const CONNECT_MS = 30_000;

/** Connects a person to the process that this secret is for, until it ends. Throws UnreachableError. */
export async function meetRun(
  url: string,
  secret: string,
  ends: RunEnds,
  signal: AbortSignal,
): Promise<RunEnd> {
  const { socket, head } = await upgrade(url, secret, signal);
  const send = (bytes: Buffer): boolean => socket.writable && socket.write(bytes);
  const resize = (): void => {
    const size = ends.size();
    if (size === undefined) return;
    const body = Buffer.alloc(4);
    body.writeUInt16BE(Math.min(size.columns, 9_999), 0);
    body.writeUInt16BE(Math.min(size.rows, 9_999), 2);
    send(frame('resize', body));
  };
  const say = (chunk: Buffer | string): void => {
    if (send(frame('input', chunk))) return;
    ends.input.pause();
    socket.once('drain', () => ends.input.resume());
  };
  const over = (): void => void send(frame('inputEnd'));
  const stops = [ends.onResize(resize), ends.onSignal((name) => void send(frame('signal', name)))];
  const giveUp = (): void => void socket.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    resize();
    ends.input.on('data', say).once('end', over).resume();
    return await listen(socket, head, ends);
  } finally {
    signal.removeEventListener('abort', giveUp);
    for (const stop of stops) stop();
    ends.input.off('data', say).off('end', over).pause();
    socket.destroy();
  }
}

async function listen(socket: Duplex, head: Buffer, ends: RunEnds): Promise<RunEnd> {
  const read = createRunFrameReader();
  const LOST = { problem: 'The connection to the platform broke; what ran there is being ended.' };
  if (head.length > 0) socket.unshift(head);
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>)
      for (const { kind, body } of read(chunk)) {
        if (kind === 'out') await ends.out(body);
        else if (kind === 'err') await ends.err(body);
        else if (kind === 'exit') return { code: Number(body.toString('latin1')) };
        else if (kind === 'problem') return { problem: body.toString('utf8') };
      }
  } catch {
    return LOST; // reset, or cut by the person
  }
  return LOST;
}

function upgrade(
  origin: string,
  secret: string,
  signal: AbortSignal,
): Promise<{ readonly socket: Duplex; readonly head: Buffer }> {
  const { protocol, hostname, port, host } = new URL(origin);
  return new Promise((resolve, reject) => {
    const req = (protocol === 'https:' ? secure : plain)({
      // Node's resolver does not know the names below localhost; the router asks for the name in Host.
      host: hostname.endsWith('.localhost') ? '127.0.0.1' : hostname.replace(/^\[|\]$/g, ''),
      ...(port !== '' && { port: Number(port) }),
      ...(protocol === 'https:' && { servername: hostname }),
      path: RUN_PATH,
      headers: { host, connection: 'Upgrade', upgrade: RUN_PROTOCOL, [SECRET_HEADER]: secret },
      agent: false,
      signal,
    });
    const fail = (why: string, cause?: unknown): void => reject(new UnreachableError(origin, why, cause));
    req.setTimeout(CONNECT_MS, () => req.destroy(new Error('it does not answer')));
    req.once('error', (err) => fail(err.message, err));
    req.once('response', (res: IncomingMessage) => {
      res.resume();
      fail(`it answered ${res.statusCode ?? 0} where it should have led to the process`);
    });
    req.once('upgrade', (_res, socket, head) => {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      resolve({ socket, head });
    });
    req.end();
  });
}
