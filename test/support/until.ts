import { pause } from '../../lib/deadline.ts';

/** Looks until it is so; throws when it is not in time. */
export async function until(what: () => Promise<boolean>, ms: number): Promise<void> {
  const never = new AbortController().signal;
  for (const end = Date.now() + ms; Date.now() < end;) {
    if (await what()) return;
    await pause(25, never);
  }
  throw new Error('it did not happen in time');
}
