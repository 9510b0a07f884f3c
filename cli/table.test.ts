import fc from 'fast-check';
import { expect, it } from 'vitest';
import { table } from './table.ts';
import { visible } from './visible.ts';

it('aligns columns, and pads nothing at the end of a line', () => {
  expect(table([['web.1', 'up', 'v2'], ['worker.10', 'crashed', ''], ['a']])).toEqual([
    'web.1      up       v2',
    'worker.10  crashed',
    'a',
  ]);
  expect(table([])).toEqual([]);
});

it('measures what is seen: colours have no width, and what would move the cursor is shown', () => {
  const red = '\u001b[31mred\u001b[0m';
  expect(
    table([
      [red, 'x'],
      ['green', 'y'],
      ['a\nb', 'z'],
    ]),
  ).toEqual([`${red}    x`, 'green  y', 'a\\nb   z']);
});

it('starts every column at the same place in every line, whatever stands in the cells', () => {
  const cell = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => `<${text}>`);
  const rows = fc
    .integer({ min: 2, max: 4 })
    .chain((columns) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1 }),
    );
  fc.assert(
    fc.property(rows, (cells) => {
      const lines = table(cells);
      const width = Math.max(...cells.map((row) => Array.from(visible(row[0] ?? '')).length));
      lines.forEach((line, at) => {
        const rest = Array.from(line)
          .slice(width + 2)
          .join('');
        expect(rest.startsWith(visible(cells[at]?.[1] ?? ''))).toBe(true);
      });
    }),
  );
});
