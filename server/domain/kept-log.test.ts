import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounded, KEPT, weightOf, type KeptLog } from './kept-log.ts';

const log = (instanceId: string, ...lines: readonly (readonly [number, string])[]): KeptLog => ({
  instanceId,
  type: 'web',
  number: 1,
  release: 2,
  lines: lines.map(([stamp, text]) => ({ stamp: BigInt(stamp), source: 'app', text })),
});
const textsOf = (logs: readonly KeptLog[]): string[] =>
  logs.flatMap(({ lines }) => lines.map(({ text }) => text));

describe('what is kept of the logs of an app', () => {
  it('is everything while there is room', () => {
    const all = [log('a', [1, 'one'], [3, 'three']), log('b', [2, 'two'])];
    expect(bounded(all)).toEqual(all);
  });

  it('loses the oldest lines first, whichever instance printed them', () => {
    const all = [log('a', [1, 'one'], [4, 'four']), log('b', [2, 'two'], [3, 'three'])];
    expect(textsOf(bounded(all, { ...KEPT, lines: 2 }))).toEqual(['four', 'three']);
    expect(bounded(all, { ...KEPT, lines: 1 }).map(({ instanceId }) => instanceId)).toEqual(['a']);
  });

  it('cuts a line that is too long between two characters, and says so', () => {
    const [kept] = textsOf(bounded([log('a', [1, 'é'.repeat(20_000)])]));
    expect(kept).toMatch(/^é+ \[line cut\]$/);
    expect(Buffer.byteLength(kept ?? '')).toBeLessThanOrEqual(KEPT.lineBytes);
  });

  it('keeps a line whose time is unknown where it was printed', () => {
    const all = [log('a', [5, 'five'], [0, 'after five']), log('b', [4, 'four'])];
    expect(textsOf(bounded(all, { ...KEPT, lines: 2 }))).toEqual(['five', 'after five']);
  });

  it('is within its limits and the newest there is, whatever was printed', () => {
    const line = fc.tuple(fc.nat(30), fc.string({ maxLength: 60, unit: 'grapheme' }));
    const logs = fc
      .array(fc.array(line, { maxLength: 12 }), { maxLength: 6 })
      .map((all) => all.map((lines, i) => log(`i${i}`, ...lines.toSorted(([a], [b]) => a - b))));
    const limits = fc.record({
      lines: fc.integer({ min: 1, max: 30 }),
      bytes: fc.integer({ min: 600, max: 4_000 }),
      lineBytes: fc.integer({ min: 20, max: 80 }),
    });
    fc.assert(
      fc.property(logs, limits, (all, most) => {
        const kept = bounded(all, most);
        const count = kept.reduce((sum, { lines }) => sum + lines.length, 0);
        expect(count).toBeLessThanOrEqual(most.lines);
        expect(weightOf(kept)).toBeLessThanOrEqual(most.bytes);
        expect(bounded(kept, most)).toEqual(kept);
        // Each log keeps its end, and nothing that went is younger than anything that stayed.
        const stayed = kept.flatMap(({ lines }) => lines.map(({ stamp }) => stamp));
        const oldest = stayed.reduce((a, b) => (b < a ? b : a), 1_000n);
        for (const { instanceId, lines } of all) {
          const left = kept.find((one) => one.instanceId === instanceId)?.lines.length ?? 0;
          const gone = lines.slice(0, lines.length - left);
          expect(gone.every(({ stamp }) => stamp <= oldest)).toBe(true);
        }
        if (all.some(({ lines }) => lines.length > 0)) expect(count).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });
});
