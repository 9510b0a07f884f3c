import { abortController } from './abort.ts';

/**
 * Runs `work` with a signal that aborts when the parent does or after `ms` milliseconds, whichever is first.
 *
 * Not `AbortSignal.any`: on Node 20 it keeps every short signal alive as long as the long-lived parent
 * (7 → 16 MB over 200,000 rounds); here the listener leaves with the work.
 */
export async function withDeadline<T>(
  ms: number,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  parent.throwIfAborted();
  const own = abortController();
  const giveUp = (): void => own.abort(parent.reason);
  const timer = setTimeout(() => own.abort(new DeadlineError(ms)), ms);
  parent.addEventListener('abort', giveUp, { once: true });
  try {
    return await work(own.signal);
  } catch (err) {
    // Libraries reject with their own abort errors; the reason is what the caller needs to know.
    if (own.signal.aborted) throw own.signal.reason;
    throw err;
  } finally {
    clearTimeout(timer);
    parent.removeEventListener('abort', giveUp);
  }
}

/** The work did not end in the time it was given. */
export class DeadlineError extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.name = 'DeadlineError';
  }
}

/** Waits `ms` milliseconds; rejects with the signal's reason when it aborts first. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
