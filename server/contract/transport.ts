import { pause } from '../../lib/deadline.ts';
import { failure, type FailureResource } from './resources.ts';

/** The server understood the call and refused it. */
export class ApiError extends Error {
  readonly status: number;
  readonly id: string;
  readonly retry: boolean;
  readonly resource: string | undefined;
  readonly requestId: string;

  constructor(status: number, body: FailureResource) {
    super(body.message);
    this.name = 'ApiError';
    this.status = status;
    this.id = body.id;
    this.retry = body.retry;
    this.resource = body.resource;
    this.requestId = body.request_id;
  }
}

/** Nobody answered, or not in the way a Gantry server answers. */
export class UnreachableError extends Error {
  readonly url: string;

  constructor(url: string, why: string, cause?: unknown) {
    super(`No Gantry server answers at ${url}: ${why}`, { cause });
    this.name = 'UnreachableError';
    this.url = url;
  }
}

/** The part of `fetch` that is needed here. */
export type Ask = (
  url: string,
  init: {
    readonly method?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    /** Instead of a body: one that is made while it is sent. */
    readonly content?: AsyncIterable<Uint8Array>;
    readonly redirect: 'error';
    readonly signal: AbortSignal;
  },
) => Promise<Answered>;

interface Answered {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: HeadersRead;
  readonly body: unknown;
  text(): Promise<string>;
}

interface HeadersRead {
  get(name: string): string | null;
}

export interface ClientOptions {
  /** Origin of the API; a path in it is ignored. */
  readonly url: string;
  readonly token: string;
  readonly userAgent?: string;
  /** Makes the requests; default: `fetch`. */
  readonly ask?: Ask;
  /** Sent with every call, in place of those of the same name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Told what an answer warns of, besides what it says. */
  readonly warned?: (warning: string) => void;
  /** The longest wait for an answer to begin, in milliseconds. Default 60 s, as the server answers early. */
  readonly timeoutMs?: number;
}

const TRIES = 3;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly range?: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: HeadersRead;
  readonly body: unknown;
}

export type Caller = (call: Call, signal: AbortSignal) => Promise<Answer>;

/** Makes calls; one Request-Id over all tries of a call, so that repeating one after a broken connection changes nothing twice. */
export function createCall(options: ClientOptions): Caller {
  return async (call, signal) => {
    const headers = {
      accept: 'application/vnd.heroku+json; version=3',
      authorization: `Bearer ${options.token}`,
      'request-id': crypto.randomUUID(),
      ...(options.userAgent !== undefined && { 'user-agent': options.userAgent }),
      ...(call.range !== undefined && { range: call.range }),
      ...(call.body !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    };
    const init = {
      method: call.method,
      headers,
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
    };
    for (let attempt = 1; ; attempt += 1) {
      const res = await ask(options, call.path, init, signal).catch((err: unknown) => {
        if (attempt >= TRIES || signal.aborted) throw err;
        return undefined;
      });
      if (res !== undefined) {
        const warning = res.headers.get('warning-message');
        if (warning !== null) options.warned?.(warning);
        return answerOf(options.url, res);
      }
      await pause(200 * attempt, signal);
    }
  };
}

function answerOf(url: string, res: { status: number; headers: HeadersRead; text: string }): Answer {
  const body = parseJson(res.text);
  if (res.status < 400) return { status: res.status, headers: res.headers, body };
  const refused = failure.safeParse(body);
  if (refused.success) throw new ApiError(res.status, refused.data);
  throw new UnreachableError(url, `it answered ${res.status} without saying why`);
}

/** Follows `Next-Range` until the list is complete. */
export async function listAll(
  call: Caller,
  first: { path: string; range: string | undefined },
  signal: AbortSignal,
) {
  const items: unknown[] = [];
  let range = first.range;
  for (;;) {
    const answer = await call({ method: 'GET', path: first.path, range }, signal);
    if (!Array.isArray(answer.body)) return answer.body;
    items.push(...(answer.body as unknown[]));
    range = answer.headers.get('next-range') ?? undefined;
    if (answer.status !== 206 || range === undefined) return items;
  }
}

const fetching: Ask = (url, { content, ...init }) =>
  fetch(url, content === undefined ? init : { ...init, body: ReadableStream.from(content), duplex: 'half' });

async function open(
  options: ClientOptions,
  path: string,
  init: {
    method?: string;
    headers: Record<string, string>;
    body?: string;
    content?: AsyncIterable<Uint8Array>;
  },
  signal: AbortSignal,
): Promise<Answered> {
  const url = new URL(path, options.url).href;
  try {
    return await (options.ask ?? fetching)(url, { ...init, redirect: 'error', signal });
  } catch (err) {
    signal.throwIfAborted();
    throw new UnreachableError(new URL(path, options.url).origin, reasonOf(err), err);
  }
}

/** One request with its whole answer, within the deadline. */
async function ask(
  options: ClientOptions,
  path: string,
  init: { method: string; headers: Record<string, string>; body?: string },
  signal: AbortSignal,
): Promise<{ status: number; headers: HeadersRead; text: string }> {
  const own = new AbortController();
  const stop = (): void => own.abort(signal.reason);
  const late = (): void =>
    own.abort(new UnreachableError(options.url, 'the answer took longer than a minute'));
  const timer = setTimeout(late, options.timeoutMs ?? 60_000);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const res = await open(options, path, init, own.signal);
    const text = await res.text().catch((err: unknown) => {
      own.signal.throwIfAborted();
      throw new UnreachableError(options.url, reasonOf(err), err);
    });
    return { status: res.status, headers: res.headers, text };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** The text of a stream as it comes. Throws as a call does. */
export async function* streamText(
  options: ClientOptions,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const res = await open(options, url, { headers }, signal);
  if (!res.ok) {
    answerOf(options.url, { status: res.status, headers: res.headers, text: await res.text() });
  }
  if (res.body === null) return;
  const decoder = new TextDecoder();
  try {
    for await (const bytes of res.body as AsyncIterable<Uint8Array>)
      yield decoder.decode(bytes, { stream: true });
  } catch (err) {
    signal.throwIfAborted();
    throw new UnreachableError(options.url, reasonOf(err), err);
  }
}

/** Sends a body of unknown length to an address that is its own permission. Throws as a call does. */
export async function sendStream(
  options: ClientOptions,
  url: string,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  let failure: { readonly err: unknown } | undefined;
  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* content;
    } catch (err) {
      failure = { err };
      throw err;
    }
  }
  const headers = { 'content-type': 'application/octet-stream' };
  const init = { method: 'PUT', headers, content: read() };
  const res = await open(options, url, init, signal).catch((err: unknown) => {
    // What could not be read is not the server's fault.
    throw failure === undefined ? err : failure.err;
  });
  answerOf(options.url, { status: res.status, headers: res.headers, text: await res.text() });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // judged by whoever knows what it should have been
  }
}

function reasonOf(err: unknown): string {
  if (!(err instanceof Error)) return String(err);
  return err.cause instanceof Error && err.cause.message !== '' ? err.cause.message : err.message;
}
