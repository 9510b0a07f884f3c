import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidates, overlap, parseBlock, printBlock } from './subnets.ts';

const pool = parseBlock('10.176.0.0/12');
const platform = fc.stringMatching(/^[a-z0-9]{6}$/);

describe('subnets of app networks', () => {
  it('reads and prints blocks', () => {
    expect(printBlock(parseBlock('10.176.0.64/26'))).toBe('10.176.0.64/26');
    expect(() => parseBlock('10.176.0.65/26')).toThrow('not a block');
    expect(() => parseBlock('10.300.0.0/12')).toThrow('not a block');
    expect(() => parseBlock('fd00::/8')).toThrow('not a block');
  });

  it('lie in the pool', () => {
    fc.assert(
      fc.property(platform, fc.nat(20_000), (id, index) => {
        for (const block of candidates(pool, 26, id, index)) {
          expect(block.bits).toBe(26);
          expect(overlap(pool, block)).toBe(true);
          expect(parseBlock(printBlock(block))).toEqual(block);
        }
      }),
    );
  });

  it('do not overlap between the networks of one platform', () => {
    fc.assert(
      fc.property(platform, fc.nat(16_000), fc.integer({ min: 1, max: 380 }), (id, index, distance) => {
        const [a] = candidates(pool, 26, id, index);
        const [b] = candidates(pool, 26, id, index + distance);
        expect(a && b && overlap(a, b)).toBe(false);
      }),
    );
  });

  it('are offered until one fits, each only once', () => {
    const tried = [...candidates(pool, 26, 'abc123', 5)].map(printBlock);
    expect(new Set(tried).size).toBe(64);
    expect([...candidates(parseBlock('10.0.0.0/24'), 26, 'abc123', 5)]).toHaveLength(4);
  });

  it('start at another place for another platform', () => {
    const first = (id: string): string => printBlock([...candidates(pool, 26, id, 0)][0] ?? pool);
    expect(new Set(['aaaaaa', 'bbbbbb', 'cccccc', 'dddddd'].map(first)).size).toBe(4);
  });
});
