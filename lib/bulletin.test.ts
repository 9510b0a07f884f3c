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

it('keeps nothing of topics that are over, however many there were', async () => {
  // Seen from outside only as memory: all these topics together are 200 MB.
  const bulletin = createBulletin();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 20_000; i += 1) {
    const topic = `${i}`.padEnd(10_000, 'x');
    Buffer.from(topic); // flattens it
    const mark = bulletin.mark(topic);
    bulletin.post(topic);
    await bulletin.after(topic, mark, 60_000, never);
    bulletin.mark(topic);
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1024 * 1024);
});

it('sees a notice after the mark although many other topics were posted since', async () => {
  const bulletin = createBulletin();
  const mark = bulletin.mark('a');
  for (let i = 0; i < 500; i += 1) bulletin.post(`b${i}`);
  bulletin.post('a');
  for (let i = 0; i < 500; i += 1) bulletin.post(`c${i}`);
  await expect(bulletin.after('a', mark, 60_000, never)).resolves.toBeUndefined();
});
