import { expect, it } from 'vitest';
import { abortController } from './abort.ts';
import { pause, withDeadline } from './deadline.ts';

it('lets a hundred things wait for one signal without a warning', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  const all = abortController();
  const waiting = Promise.allSettled([
    ...Array.from({ length: 100 }, () => pause(10_000, all.signal)),
    withDeadline(10_000, all.signal, (inner) =>
      Promise.all(Array.from({ length: 100 }, () => pause(10_000, inner))),
    ),
  ]);
  await new Promise((resolve) => setImmediate(resolve)); // warnings are told in the next turn
  all.abort(new Error('enough'));
  const ends = await waiting;
  process.off('warning', note);
  expect(warnings).toEqual([]);
  expect(ends.every((end) => end.status === 'rejected')).toBe(true);
});
