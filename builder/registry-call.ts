import { withDeadline } from '../lib/deadline.ts';
import type { Address } from './door.ts';

/** One small question to the registry over its HTTP API. */
interface RegistryCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly token: string;
  readonly accept?: string;
  readonly body?: string | ReadableStream<Uint8Array>;
  /** Of the body. */
  readonly type?: string;
  /** Of all of it, the answer's body too; default: a few seconds. */
  readonly limitMs?: number;
}

export type AskRegistry = (call: RegistryCall, signal: AbortSignal) => Promise<Response>;

export const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

const SMALL_MS = 5000;

/** Asks the registry at `address`, which is spoken to in plain HTTP, as on loopback. Resolves for any status. */
export function createRegistryCall({ host, port }: Address): AskRegistry {
  const origin = `http://${host}:${port}`;
  return ({ method, path, token, accept, body, type, limitMs = SMALL_MS }, signal) =>
    withDeadline(limitMs, signal, (inner) =>
      fetch(new URL(path, origin), {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(accept !== undefined && { accept }),
          ...(type !== undefined && { 'content-type': type }),
        },
        ...(body !== undefined && { body, duplex: 'half' }),
        signal: inner,
        redirect: 'error',
      }),
    );
}
