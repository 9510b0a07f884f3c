import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { block, overlap } from '../lib/ipv4.ts';
import { chooseLink, choosePool } from './addresses.ts';

const blocks = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 8, max: 32 }))
  .map(([b, c, bits]) => block(`10.${b}.${c}.0/${bits}`));

describe('the link of a build engine', () => {
  it('is the same for the same platform and mostly another for another', () => {
    expect(chooseLink('abc123', [])).toEqual(chooseLink('abc123', []));
    expect(chooseLink('abc123', [])).not.toEqual(chooseLink('abc124', []));
  });

  it('never lies in a range that the machine routes elsewhere', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 6 }), fc.array(blocks), (id, taken) => {
        const link = chooseLink(id, taken);
        expect(taken.some((other) => link !== undefined && overlap(block(link.subnet), other))).toBe(false);
      }),
    );
  });

  it('is taken from what is left when another platform has the first choice', () => {
    const first = chooseLink('abc123', []);
    const second = chooseLink('abc123', first ? [block(first.subnet)] : []);
    expect(second).toBeDefined();
    expect(second?.subnet).not.toBe(first?.subnet);
  });

  it('is none when the whole range is in use', () => {
    expect(chooseLink('abc123', [block('10.0.0.0/8')])).toBeUndefined();
  });
});

describe('the pool for networks of our own engine', () => {
  it('is the usual one on a machine that does not use it, else the next', () => {
    expect(choosePool([block('192.168.0.0/16')])).toBe('10.192.0.0/12');
    expect(choosePool([block('10.200.1.0/24')])).toBe('10.208.0.0/12');
  });
});
