import fc from 'fast-check';
import { expect, it } from 'vitest';
import { linesOf, pagesOf } from './transcript-pages.ts';

it('gives every line back, in order, empty ones too', () => {
  const line = fc.oneof(
    fc.stringMatching(/^[^\n]{0,20}$/),
    fc.nat({ max: 40_000 }).map((length) => 'x'.repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      const pages = pagesOf(lines);
      expect(pages.flatMap(linesOf)).toEqual(lines);
      for (const page of pages) expect(page.length <= 16_384 || linesOf(page).length === 1).toBe(true);
    }),
  );
});

it('makes few pages of many short lines', () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => String(i));
  expect(pagesOf(lines)).toHaveLength(7);
  expect(pagesOf([])).toEqual([]);
  expect(pagesOf([''])).toEqual(['']);
});
