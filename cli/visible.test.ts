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

it.each([
  ['31', true],
  ['1;31', true],
  ['38;5;8', true],
  ['38;2;8;8;8', true],
  ['38:5:8', true],
  ['99', true],
  ['', false],
  ['0', false],
  ['31;0', false],
  ['1;31;22;39', false],
])('ends what %s leaves switched on with the text', (parameters, left) => {
  const text = `\u001b[${parameters}mtext`;
  expect(visible(text, { colours: true })).toBe(left ? `${text}\u001b[0m` : text);
});

it('lets nothing be concealed, alone or beside a colour', () => {
  for (const parameters of ['8', '1;8', '38;5;1;8'])
    expect(visible(`\u001b[${parameters}mhidden`, { colours: true })).toBe('hidden');
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
