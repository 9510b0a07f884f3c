import Docker from 'dockerode';
import { withDeadline, DeadlineError } from '../../../lib/deadline.ts';
import { PlatformError } from '../../domain/errors.ts';

/** A call that answers once must do so in this time: a partitioned host answers never (measured: 40 s and counting). */
const UNARY_MS = 15_000;

/** The engine's API with a deadline on every call and its failures in domain words. */
export interface DockerClient {
  /** Runs one call. Throws `engine_away` when nobody answers; other failures keep their DockerFailure. */
  call<T>(
    signal: AbortSignal,
    work: (docker: Docker, signal: AbortSignal) => Promise<T>,
    ms?: number,
  ): Promise<T>;
  /** Opens an answer without end. `close` must be called; it also cuts what is being read. */
  open<S extends NodeJS.ReadableStream>(
    signal: AbortSignal,
    work: (docker: Docker, signal: AbortSignal) => Promise<S>,
  ): Promise<{ readonly stream: S; readonly close: () => void }>;
}

/** Talks to the engine at `unix:///path` or `tcp://host:port`. */
export function createDockerClient(dockerHost: string): DockerClient {
  const docker = new Docker(addressOf(dockerHost));
  return {
    async call(signal, work, ms = UNARY_MS) {
      try {
        return await withDeadline(ms, signal, (inner) => orAborted(inner, work(docker, inner)));
      } catch (err) {
        throw translate(err);
      }
    },
    async open(signal, work) {
      // Not withDeadline: the signal has to hold for as long as the answer is read, the deadline only until it begins.
      const cut = new AbortController();
      const stop = (): void => cut.abort(signal.reason);
      const close = (): void => {
        signal.removeEventListener('abort', stop);
        cut.abort(new Error('closed'));
      };
      signal.throwIfAborted();
      signal.addEventListener('abort', stop, { once: true });
      const timer = setTimeout(() => cut.abort(new DeadlineError(UNARY_MS)), UNARY_MS);
      try {
        const stream = await orAborted(cut.signal, work(docker, cut.signal));
        stream.on('error', () => undefined); // told to whoever reads; between two reads nobody listens
        return { stream, close };
      } catch (err) {
        const reason: unknown = cut.signal.aborted ? cut.signal.reason : err;
        close();
        throw translate(reason);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** The status with which the engine refused; undefined for anything else that was thrown. */
export function statusOf(err: unknown): number | undefined {
  const status = err instanceof Error && 'statusCode' in err ? err.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** The engine's own words, without the client's `(HTTP code 404) no such container - ` in front. */
export function wordsOf(err: unknown): string {
  const message = err instanceof Error ? err.message : String(err);
  return message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
}

/** Runs a call for which "no such thing" is an answer. */
export async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (err) {
    if (statusOf(err) === 404) return undefined;
    throw err;
  }
}

const AWAY = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'EACCES',
]);

/** Errors of transport become `engine_away`; everything else stays what it is. */
export function translate(err: unknown): unknown {
  const code = err instanceof Error && 'code' in err ? String(err.code) : '';
  return err instanceof DeadlineError || AWAY.has(code) ? PlatformError.of('engine_away', {}, err) : err;
}

function addressOf(dockerHost: string): Docker.DockerOptions {
  const url = new URL(dockerHost);
  if (url.protocol === 'unix:') return { socketPath: url.pathname };
  if (url.protocol === 'tcp:')
    return { host: url.hostname, port: Number(url.port || '2375'), protocol: 'http' };
  throw new Error(`the engine's address must begin with unix:// or tcp://, not ${url.protocol}`);
}

/** Waits until the signal aborts at most. Some calls of the client library take no signal (inspecting an image or a network), and others forget to answer when aborted in mid-body. */
export async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
