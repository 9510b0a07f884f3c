import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvLine } from './csv.ts';

/** Reads one line as RFC 4180 has it. */
function cellsOf(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g), ([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  );
}

it('quotes cells that would be read as several, or as several lines', () => {
  expect(csvLine(['a', 'b c', '', 'd,e', 'say "hi"', 'two\nlines', 'two\rlines'])).toBe(
    'a,b c,,"d,e","say ""hi""","two\nlines","two\rlines"',
  );
});

it('is read as the cells it was made of', () => {
  const cell = fc.string({ maxLength: 10, unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ') });
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 6 }), (cells) => {
      fc.pre(cells[0] !== ''); // an empty first cell is told from none by nobody
      expect(cellsOf(csvLine(cells))).toEqual(cells);
    }),
  );
});
