import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { block, overlap, printBlock } from '../../../lib/ipv4.ts';
import { candidates } from './subnets.ts';

const pool = block('10.176.0.0/12');
const platform = fc.stringMatching(/^[a-z0-9]{6}$/);

describe('subnets of app networks', () => {
  it('lie in the pool', () => {
    fc.assert(
      fc.property(platform, fc.nat(20_000), (id, index) => {
        for (const subnet of candidates(pool, 26, id, index)) {
          expect(subnet.bits).toBe(26);
          expect(overlap(pool, subnet)).toBe(true);
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
    expect([...candidates(block('10.0.0.0/24'), 26, 'abc123', 5)]).toHaveLength(4);
  });

  it('start at another place for another platform', () => {
    const first = (id: string): string => printBlock([...candidates(pool, 26, id, 0)][0] ?? pool);
    expect(new Set(['aaaaaa', 'bbbbbb', 'cccccc', 'dddddd'].map(first)).size).toBe(4);
  });
});
