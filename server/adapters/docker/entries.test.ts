import { describe, expect, it } from 'vitest';
import type { KeptLog } from '../../domain/kept-log.ts';
import { entriesOf, history, type Teller } from './entries.ts';

const START = Date.parse('2026-01-02T03:04:05.000Z');
const NS = 1_000_000n;
const stampOf = (ms: number): bigint => BigInt(START + ms) * NS;

const crashed = (number: number, startMs: number, endMs: number, code: number): Teller => ({
  type: 'web',
  number,
  release: 3,
  startedAt: new Date(START + startMs),
  endedAt: new Date(START + endMs),
  exit: { code, outOfMemory: false },
});
const keptOf = (
  instanceId: string,
  teller: Teller,
  ...lines: readonly (readonly [number, string])[]
): KeptLog => ({
  instanceId,
  type: teller.type,
  number: teller.number,
  release: teller.release,
  lines: entriesOf(
    teller,
    lines.map(([ms, text]) => ({ stamp: stampOf(ms), text })),
  ).map(({ stamp, source, text }) => ({ stamp, source, text })),
});
const wordsOf = (entries: ReturnType<typeof history>): string[] =>
  entries.map(({ source, instance, text }) => `${source}[${instance}] ${text}`);

describe('the history of an app', () => {
  it('puts what is kept of instances that are gone before and between what is there', () => {
    const gone = keptOf('old', crashed(1, 0, 300, 9), [100, 'boom now']);
    const there = { ...crashed(2, 50, 0, 0), endedAt: null, exit: null };
    const live = [{ instanceId: 'new', entries: entriesOf(there, [{ stamp: stampOf(200), text: 'hello' }]) }];
    expect(wordsOf(history(live, [gone]))).toEqual([
      'gantry[web.1] Process of v3 started',
      'gantry[web.2] Process of v3 started',
      'app[web.1] boom now',
      'app[web.2] hello',
      'gantry[web.1] Process exited with status 9',
    ]);
  });

  it('tells an instance once that was removed while it was read, and tells it whole', () => {
    const teller = crashed(1, 0, 300, 9);
    const halfRead = [{ instanceId: 'one', entries: entriesOf(teller, []) }];
    const kept = keptOf('one', teller, [100, 'boom now']);
    expect(wordsOf(history(halfRead, [kept]))).toEqual([
      'gantry[web.1] Process of v3 started',
      'app[web.1] boom now',
      'gantry[web.1] Process exited with status 9',
    ]);
  });

  it('tells a start first and an end last, whatever the stamps of the lines between them', () => {
    const entries = entriesOf(crashed(1, 2, 300, 9), [
      { stamp: stampOf(1), text: 'boom' },
      { stamp: stampOf(304), text: 'now' },
    ]);
    expect(wordsOf(history([{ instanceId: 'one', entries }], []))).toEqual([
      'gantry[web.1] Process of v3 started',
      'app[web.1] boom',
      'app[web.1] now',
      'gantry[web.1] Process exited with status 9',
    ]);
  });

  it('tells the start first of what printed nothing, though it was over before its start was noted', () => {
    expect(wordsOf(entriesOf(crashed(1, 20, 10, 0), []))).toEqual([
      'gantry[web.1] Process of v3 started',
      'gantry[web.1] Process exited with status 0',
    ]);
    expect(wordsOf(history([], [keptOf('old', crashed(1, 20, 10, 0))]))).toEqual([
      'gantry[web.1] Process of v3 started',
      'gantry[web.1] Process exited with status 0',
    ]);
  });

  it('gives a kept line the time it had when it was printed', () => {
    const teller = crashed(1, 0, 300, 9);
    const lines = [{ stamp: stampOf(123) + 456_789n, text: 'boom now' }];
    const entries = entriesOf(teller, lines);
    const kept = entries.map(({ stamp, source, text }) => ({ stamp, source, text }));
    const { type, number, release } = teller;
    expect(history([], [{ instanceId: 'one', type, number, release, lines: kept }])).toEqual(entries);
  });
});
