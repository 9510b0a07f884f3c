import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFakeTerminal } from '../test/support/fake-terminal.ts';
import { printTable, table } from './table.ts';
import { visible } from './visible.ts';
import { widthOf } from './width.ts';

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
      const width = Math.max(...cells.map((row) => widthOf(row[0] ?? '')));
      lines.forEach((line, at) => {
        const first = visible(cells[at]?.[0] ?? '');
        const padding = ' '.repeat(width - widthOf(first) + 2);
        expect(line.startsWith(first + padding + visible(cells[at]?.[1] ?? ''))).toBe(true);
      });
    }),
  );
});

describe('a table on a screen', () => {
  const rows = [
    ['web', 'a very long command with many words', 'ann@example.com'],
    ['worker', 'short', 'bob@example.com'],
  ];

  it('shortens its widest columns, and never one that has to be whole', () => {
    expect(table(rows, { width: 40 })).toEqual(
      ['web     a very long…  ann@example.com', 'worker  short         bob@example.com'].map(
        (line) => expect.stringMatching(new RegExp(`^${line.split(/ {2,}/)[0] ?? ''}`)) as unknown,
      ),
    );
    for (const line of table(rows, { width: 40 })) expect(widthOf(line)).toBeLessThanOrEqual(40);
    expect(table(rows, { width: 40, whole: [1] })[0]).toContain('a very long command with many words');
  });

  it('keeps a few letters of every column, however narrow the screen is', () => {
    expect(table(rows, { width: 5 })[0]).toBe('web     a very…   ann@exa…');
  });

  it('fits whatever stands in the cells', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 60 });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 })), (cells) => {
        for (const line of table(cells, { width: 40 })) expect(widthOf(line)).toBeLessThanOrEqual(40);
      }),
    );
  });

  it('is whole where there is no screen', () => {
    const terminal = createFakeTerminal('');
    printTable(terminal, rows);
    expect(terminal.out()).toContain('a very long command with many words');
  });
});
