import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { block, overlap, parseBlock, printAddress, printBlock, sizeOf } from './ipv4.ts';

const blocks = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 32 }))
  .map(([address, bits]) => block(`${printAddress(address)}/${bits}`));

describe('a block of addresses', () => {
  it('is read with its mask, and a lone address as a block of one', () => {
    expect(block('10.0.0.0/8')).toEqual({ first: 167_772_160, bits: 8 });
    expect(block('10.0.0.7')).toEqual({ first: 167_772_167, bits: 32 });
    expect(block('10.176.0.65/26')).toEqual(block('10.176.0.64/26'));
  });

  it.each([
    'default',
    '',
    '10.0.0.0/33',
    '10.0.0.256',
    '10.300.0.0/12',
    'fe80::/64',
    '10.0.0.1/',
    ' 10.0.0.1',
  ])('is not read out of "%s"', (text) => {
    expect(parseBlock(text)).toBeUndefined();
    expect(() => block(text)).toThrow(/is not a block/);
  });

  it('is the same after it was written and read again', () => {
    fc.assert(
      fc.property(blocks, (any) => {
        expect(block(printBlock(any))).toEqual(any);
      }),
    );
  });

  it('overlaps another exactly when one holds an end of the other, whichever is asked first', () => {
    fc.assert(
      fc.property(blocks, blocks, (a, b) => {
        const holds = (outer: typeof a, address: number): boolean =>
          address >= outer.first && address < outer.first + sizeOf(outer.bits);
        const touches = holds(a, b.first) || holds(b, a.first);
        expect([overlap(a, b), overlap(b, a)]).toEqual([touches, touches]);
      }),
    );
  });
});
