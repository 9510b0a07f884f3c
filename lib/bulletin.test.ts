import { expect, it } from 'vitest';
import { createBulletin } from './bulletin.ts';

const never = new AbortController().signal;

it('wakes a reader who waits', async () => {
  const bulletin = createBulletin();
  const woken = bulletin.after('a', bulletin.mark('a'), 60_000, never);
  bulletin.post('b');
  bulletin.post('a');
  await expect(woken).resolves.toBeUndefined();
});

it('does not lose a notice between the mark and the wait', async () => {
  const bulletin = createBulletin();
  const mark = bulletin.mark('a');
  bulletin.post('a');
  await expect(bulletin.after('a', mark, 60_000, never)).resolves.toBeUndefined();
});

it('gives up waiting after the time it was given, and at once when told to', async () => {
  const bulletin = createBulletin();
  await expect(bulletin.after('a', bulletin.mark('a'), 1, never)).resolves.toBeUndefined();
  await expect(bulletin.after('a', 0, 60_000, AbortSignal.abort(new Error('enough')))).rejects.toThrow(
    'enough',
  );
});
