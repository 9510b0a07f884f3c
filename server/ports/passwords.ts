import type { Secret } from '../../lib/secret.ts';

/** Slow on purpose, and never on the thread that answers calls. */
export interface Passwords {
  /** Throws `logins_busy` when too many wait. */
  hash(password: Secret, signal: AbortSignal): Promise<string>;
  /** Takes as long for a hash of null, which nothing fits. Throws `logins_busy`. */
  verify(hash: string | null, password: Secret, signal: AbortSignal): Promise<boolean>;
}
