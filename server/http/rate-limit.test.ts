import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

const HOUR_MS = 3_600_000;

describe('what a key may spend', () => {
  it('counts down to nothing, and comes back evenly over an hour', () => {
    let now = 0;
    const limit = createRateLimit(4, () => now);
    expect([1, 2, 3, 4, 5].map(() => limit.spend(['a']))).toEqual([3, 2, 1, 0, null]);
    expect(limit.spend(['b'])).toBe(3);
    now = HOUR_MS / 4 - 1;
    expect(limit.spend(['a'])).toBeNull();
    now += 1;
    expect([limit.spend(['a']), limit.spend(['a'])]).toEqual([0, null]);
  });

  it('is at once no more than fifty, which come back within a second, and costs nothing when it is refused [S-API-08]', () => {
    let now = 0;
    const limit = createRateLimit(4500, () => now);
    const tries = (count: number) => Array.from({ length: count }, () => limit.spend(['a']));
    expect(tries(51).at(-2)).toBe(4450);
    expect(tries(100)).toEqual(Array.from({ length: 100 }, () => null));
    expect(limit.spend(['b'])).toBe(4499);
    now = 500;
    expect(tries(26).slice(-2)).toEqual([4425, null]);
    now = 60_000;
    expect(tries(51).slice(-2)).toEqual([4450, null]);
  });

  it('is never saved up beyond the limit', () => {
    let now = 0;
    const limit = createRateLimit(2, () => now);
    limit.spend(['a']);
    now = 100 * HOUR_MS;
    expect([limit.spend(['a']), limit.spend(['a']), limit.spend(['a'])]).toEqual([1, 0, null]);
  });

  it('is never more in any hour than two hours’ worth, however the calls are spread', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: HOUR_MS / 60 }), { minLength: 100, maxLength: 200 }),
        (gaps) => {
          let now = 0;
          const limit = createRateLimit(5, () => now);
          const spent: number[] = [];
          for (const gap of gaps) {
            now += gap;
            if (limit.spend(['a']) !== null) spent.push(now);
          }
          for (const from of spent)
            expect(spent.filter((at) => at >= from && at < from + HOUR_MS).length).toBeLessThan(11);
        },
      ),
    );
  });

  it('is forgotten only of keys that have spent nothing lately, or longest ago', () => {
    let now = 0;
    const limit = createRateLimit(2, () => now);
    limit.spend(['used up']);
    limit.spend(['used up']);
    for (let n = 1; n < 10_000; n += 1) limit.spend([`key ${n}`]);
    now = HOUR_MS / 2; // the others are full again; this one has got one back
    limit.spend(['one more']);
    expect([limit.spend(['used up']), limit.spend(['used up'])]).toEqual([0, null]);
  });

  it('is spent of every purse or of none, and what is left is what the emptiest holds', () => {
    const limit = createRateLimit(3, () => 0);
    const call = (token: string): number | null => limit.spend([token], ['ann', 2]);
    expect([call('a'), call('a'), call('a'), call('a')]).toEqual([2, 1, 0, null]);
    expect([call('b'), call('b'), call('b')]).toEqual([2, 1, 0]);
    expect(call('c')).toBeNull();
    expect(limit.spend(['c'])).toBe(2);
  });
});
