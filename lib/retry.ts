import { pause } from './deadline.ts';
import { KnownError } from './errors.ts';

/**
 * The answer, asked for again every `ms` milliseconds while the failure is one that passes by itself; anything else that
 * is thrown is thrown on. `ask` must be idempotent. Rejects when the signal aborts.
 */
export async function insist<T>(ask: () => Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (err) {
      if (signal.aborted || !(err instanceof KnownError && err.retry)) throw err;
      await pause(ms, signal);
    }
  }
}
