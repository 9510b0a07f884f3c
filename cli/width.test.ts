import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shorten, widthOf } from './width.ts';

describe('the width of a text', () => {
  it.each([
    ['', 0],
    ['plain', 5],
    ['日本語', 6],
    ['ｆｕｌｌ', 8],
    ['한국', 4],
    ['🚀', 2],
    ['🇩🇪', 2],
    ['👍🏽', 2],
    ['❤️', 2],
    ['e\u0301', 1],
    ['…–é', 3],
    ['\u001b[31mred\u001b[0m', 3],
    ['tab\u0007', 4],
  ])('of %j is %i', (text, width) => expect(widthOf(text)).toBe(width));
});

describe('a text that is too wide', () => {
  it('ends in …, and letters are never halved', () => {
    expect(shorten('a long text', 6)).toBe('a lon…');
    expect(shorten('a long text', 7)).toBe('a long…');
    expect(shorten('a long text', 8)).toBe('a long…');
    expect(shorten('日本語', 4)).toBe('日…');
    expect(shorten('fits', 4)).toBe('fits');
    expect(shorten('x', 0)).toBe('');
  });

  it('always fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, columns) => {
        expect(widthOf(shorten(text, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
