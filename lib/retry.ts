import { pause } from './deadline.ts';

/**
 * Repeats idempotent work with doubling pauses until it succeeds or `tries` are used up, then throws the last error.
 * The caller says in a comment why the work is idempotent.
 */
export async function retry<T>(
  options: { readonly tries: number; readonly firstMs: number; readonly capMs?: number },
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (err) {
      if (attempt >= options.tries || signal.aborted) throw err;
      await pause(Math.min(options.firstMs * 2 ** (attempt - 1), options.capMs ?? 30_000), signal);
    }
  }
}
