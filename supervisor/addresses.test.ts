import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseLink, choosePool, overlaps, parseRange, type Range } from './addresses.ts';

const range = (cidr: string): Range => {
  const parsed = parseRange(cidr);
  if (!parsed) throw new Error(`${cidr} is not a range`);
  return parsed;
};
const ranges = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 8, max: 32 }))
  .map(([b, c, bits]) => range(`10.${b}.${c}.0/${bits}`));

describe('ranges of addresses', () => {
  it('reads a range, and a lone address as a range of one', () => {
    expect(parseRange('10.0.0.0/8')).toEqual({ first: 167_772_160, size: 16_777_216 });
    expect(parseRange('10.0.0.7')).toEqual({ first: 167_772_167, size: 1 });
  });

  it.each(['default', '', '10.0.0.0/33', '10.0.0.256', 'fe80::/64'])('reads nothing out of "%s"', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  it('overlap whichever is asked first', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        expect(overlaps(a, b)).toBe(overlaps(b, a));
      }),
    );
  });
});

describe('the link of a build engine', () => {
  it('is the same for the same platform and mostly another for another', () => {
    expect(chooseLink('abc123', [])).toEqual(chooseLink('abc123', []));
    expect(chooseLink('abc123', [])).not.toEqual(chooseLink('abc124', []));
  });

  it('never lies in a range that the machine routes elsewhere', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 6 }), fc.array(ranges), (id, taken) => {
        const link = chooseLink(id, taken);
        expect(taken.some((other) => link !== undefined && overlaps(range(link.subnet), other))).toBe(false);
      }),
    );
  });

  it('is taken from what is left when another platform has the first choice', () => {
    const first = chooseLink('abc123', []);
    const second = chooseLink('abc123', first ? [range(first.subnet)] : []);
    expect(second).toBeDefined();
    expect(second?.subnet).not.toBe(first?.subnet);
  });

  it('is none when the whole range is in use', () => {
    expect(chooseLink('abc123', [range('10.0.0.0/8')])).toBeUndefined();
  });
});

describe('the pool for networks of our own engine', () => {
  it('is the usual one on a machine that does not use it, else the next', () => {
    expect(choosePool([range('192.168.0.0/16')])).toBe('10.192.0.0/12');
    expect(choosePool([range('10.200.1.0/24')])).toBe('10.208.0.0/12');
  });
});
