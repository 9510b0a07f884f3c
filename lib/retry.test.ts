import { expect, it } from 'vitest';
import { KnownError } from './errors.ts';
import { insist } from './retry.ts';

const never = new AbortController().signal;
const passes = new KnownError('away', true, 'it is away', { params: {} });
const stays = new KnownError('gone', false, 'it is gone', { params: {} });

/** Fails so, call by call, then answers how often it was asked. */
function failing(...failures: readonly Error[]) {
  let asked = 0;
  return async (): Promise<number> => {
    const failure = failures[asked];
    asked += 1;
    if (failure) throw failure;
    return Promise.resolve(asked);
  };
}

it('asks again until a failure that passes by itself has passed', async () => {
  expect(await insist(failing(passes, passes), { everyMs: 1 }, never)).toBe(3);
});

it.each([stays, new Error('a bug')])('does not ask again after $message', async (failure) => {
  await expect(insist(failing(passes, failure), { everyMs: 1 }, never)).rejects.toBe(failure);
});

it('stops waiting when it is told to', async () => {
  const stop = new AbortController();
  const asked = insist(failing(passes), { everyMs: 60_000 }, stop.signal);
  setTimeout(() => stop.abort(new Error('enough')), 1);
  await expect(asked).rejects.toThrow('enough');
});

it('tells the failure, not the wait, when it was told to stop during the question', async () => {
  const stop = new AbortController();
  const ask = async (): Promise<never> => {
    stop.abort(new Error('enough'));
    return Promise.reject(passes);
  };
  await expect(insist(ask, { everyMs: 60_000 }, stop.signal)).rejects.toBe(passes);
});

it('asks no more often than it is told to, and says once that it waits', async () => {
  const waits: string[] = [];
  const patience = { everyMs: 1, tries: 3, waiting: () => void waits.push('waiting') };
  expect(await insist(failing(passes, passes), patience, never)).toBe(3);
  await expect(insist(failing(passes, passes, passes), patience, never)).rejects.toBe(passes);
  await insist(failing(), patience, never);
  expect(waits).toEqual(['waiting', 'waiting']);
});
