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

/** Waits until a number has stopped changing: of what is sent to somebody who takes nothing any more. Answers it. */
export async function settled(what: () => number, ms: number): Promise<number> {
  let last = what();
  let same = 0;
  await until(() => {
    const now = what();
    same = now === last ? same + 1 : 0;
    last = now;
    return Promise.resolve(same >= 5);
  }, ms);
  return last;
}
