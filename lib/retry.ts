import { pause } from './deadline.ts';
import { KnownError } from './errors.ts';

/** True for a failure that may be gone when the same is asked again. */
export function passes(err: unknown): boolean {
  return err instanceof KnownError && err.retry;
}

export interface Patience {
  readonly everyMs: number;
  /** How often it is asked in all; default: until the signal aborts. */
  readonly tries?: number;
  /** Called once, before the first wait. */
  readonly waiting?: () => void;
}

/**
 * The answer, asked for again while the failure is one that passes by itself; anything else that is thrown is thrown on.
 * `ask` must be idempotent. Rejects when the signal aborts.
 */
export async function insist<T>(
  ask: () => Promise<T>,
  { everyMs, tries = Infinity, waiting }: Patience,
  signal: AbortSignal,
): Promise<T> {
  for (let asked = 1; ; asked += 1) {
    try {
      return await ask();
    } catch (err) {
      if (signal.aborted || !passes(err) || asked >= tries) throw err;
      if (asked === 1) waiting?.();
      await pause(everyMs, signal);
    }
  }
}
