/** A place whose instance was up this long has recovered: its next crash counts as the first. */
export const RECOVERED_MS = 5 * 60_000;

const FIRST_MS = 1_000;
const CAP_MS = 5 * 60_000;

/**
 * How long to wait after a crash before the place is filled again: the first time at once (as Heroku does),
 * then 1 s, 2 s, 4 s … up to 5 minutes. `attempt` is that of the instance that crashed.
 */
export function restartDelay(attempt: number): number {
  return attempt === 0 ? 0 : Math.min(FIRST_MS * 2 ** Math.min(attempt - 1, 30), CAP_MS);
}
