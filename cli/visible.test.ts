import fc from 'fast-check';
import { expect, it } from 'vitest';
import { visible } from './visible.ts';

it('shows what would move the cursor instead of sending it', () => {
  expect(visible('a\u001b[2Jb\u0007\u009b1mc\td\u202ee')).toBe('a␛[2Jb␇\\u009b1mc\td\\u202ee');
});

it('keeps colours only when they are wanted', () => {
  expect(visible('\u001b[31mred\u001b[0m')).toBe('red');
  expect(visible('\u001b[31mred\u001b[0m', { colours: true })).toBe('\u001b[31mred\u001b[0m');
});

const DANGEROUS = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

it('lets no control character through but tab, and nothing else that hides', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(visible(text).replaceAll('\t', '')).not.toMatch(DANGEROUS);
    }),
  );
});

it('leaves ordinary text alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
      expect(visible(text)).toBe(text);
    }),
  );
});
