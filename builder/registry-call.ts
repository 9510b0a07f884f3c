import { withDeadline } from '../lib/deadline.ts';
import type { Address } from './door.ts';

/** One small question to the registry over its HTTP API. */
interface RegistryCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly token: string;
  readonly accept?: string;
}

export type AskRegistry = (call: RegistryCall, signal: AbortSignal) => Promise<Response>;

export const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

const SMALL_MS = 5000;

/** Asks the registry at `address`, which is spoken to in plain HTTP, as on loopback. Resolves for any status. */
export function createRegistryCall({ host, port }: Address): AskRegistry {
  const origin = `http://${host}:${port}`;
  return ({ method, path, token, accept }, signal) =>
    withDeadline(SMALL_MS, signal, (inner) =>
      fetch(new URL(path, origin), {
        method,
        headers: { authorization: `Bearer ${token}`, ...(accept !== undefined && { accept }) },
        signal: inner,
        redirect: 'error',
      }),
    );
}
