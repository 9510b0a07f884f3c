import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BUG, DATABASE_AWAY } from '../../test/support/build-courses.ts';
import { patient } from '../../test/support/services-rig.ts';
import { createTranscriptWriter } from './transcript-writer.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A store that fails these first appends; what it keeps, append by append. */
function createStore(...failures: readonly Error[]) {
  const left = [...failures];
  const kept: string[][] = [];
  const append = async (lines: readonly string[]): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const failure = left.shift();
    if (failure) throw failure;
    kept.push([...lines]);
  };
  return { append, kept };
}

it('stores everything in order, and what came during an append in one go', async () => {
  const { append, kept } = createStore();
  const writer = createTranscriptWriter(append, patient);
  for (const line of ['a', 'b', 'c']) writer.write(line);
  const flushed = writer.flush();
  await vi.advanceTimersByTimeAsync(100);
  await flushed;
  writer.write('d');
  const again = writer.flush();
  await vi.advanceTimersByTimeAsync(100);
  await again;
  expect(kept).toEqual([['a'], ['b', 'c'], ['d']]);
  await writer.flush(); // nothing to wait for
});

it('waits a moment between appends, so that a build that prints line by line makes few of them', async () => {
  const { append, kept } = createStore();
  const writer = createTranscriptWriter(append, patient);
  for (let ms = 0; ms < 2_000; ms += 5) {
    writer.write(`at ${ms}`);
    await vi.advanceTimersByTimeAsync(5);
  }
  expect(kept[0]).toEqual(['at 0']);
  expect(kept.length).toBeLessThan(10);
  expect(kept.flat().length).toBeGreaterThan(300);
  const flushed = writer.flush();
  await vi.advanceTimersByTimeAsync(10); // the append, and nothing else
  await flushed;
  expect(kept.flat()).toHaveLength(400);
});

it('loses nothing while the database is away for a moment', async () => {
  const { append, kept } = createStore(DATABASE_AWAY, DATABASE_AWAY);
  const writer = createTranscriptWriter(append, patient);
  writer.write('a');
  await vi.advanceTimersByTimeAsync(300);
  writer.write('b');
  const flushed = writer.flush();
  await vi.advanceTimersByTimeAsync(2_000);
  await flushed;
  expect(kept.flat()).toEqual(['a', 'b']);
});

it('leaves out the oldest lines, and says so, when more waits than fits', async () => {
  const { append, kept } = createStore(DATABASE_AWAY);
  const writer = createTranscriptWriter(append, patient);
  writer.write('first');
  const lines = Array.from({ length: 100_000 }, (_, index) => `${'x'.repeat(90)} ${index}`);
  for (const line of lines) writer.write(line);
  const flushed = writer.flush();
  await vi.advanceTimersByTimeAsync(2_000);
  await flushed;
  const [first, note, ...rest] = kept.flat();
  expect(first).toBe('first');
  const count = Number(/^ {7}\[(\d+) lines left out/.exec(note ?? '')?.[1]);
  expect(rest).toEqual(lines.slice(count));
  expect(rest.join('').length).toBeLessThan(4 * 1024 * 1024);
  expect(rest.length).toBeGreaterThan(10_000);
});

it('tells a failure that does not pass, and takes nothing more', async () => {
  const { append, kept } = createStore(BUG);
  const writer = createTranscriptWriter(append, patient);
  writer.write('a');
  await vi.advanceTimersByTimeAsync(100);
  writer.write('b');
  await expect(writer.flush()).rejects.toBe(BUG);
  expect(kept).toEqual([]);
});

it('ends when it is told to', async () => {
  const stop = new AbortController();
  const { append } = createStore(DATABASE_AWAY, DATABASE_AWAY);
  const writer = createTranscriptWriter(append, stop.signal);
  writer.write('a');
  await vi.advanceTimersByTimeAsync(100);
  const flushed = expect(writer.flush()).rejects.toThrow('enough');
  stop.abort(new Error('enough'));
  await flushed;
});
