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

  it('tells times more briefly before it cuts a word, and all in the same way', () => {
    const times = [
      ['v2', 'current', 'Set A', '2026/11/21 23:22:26 +0000 (~ 18m ago)'],
      ['v1', '', 'Deploy 8f5c959c', '2026/11/21 23:22:20 +0000 (~ 3s ago)'],
    ];
    const at = (width: number) => table(times, { width }).map((line) => line.split(/ {2,}/).at(-1));
    expect(at(80)).toEqual(['2026/11/21 23:22:26 +0000 (~ 18m ago)', '2026/11/21 23:22:20 +0000 (~ 3s ago)']);
    expect(at(60)).toEqual(['2026/11/21 23:22:26 +0000', '2026/11/21 23:22:20 +0000']);
    expect(at(45)).toEqual(['~ 18m ago', '~ 3s ago']);
    expect(table(times, { width: 50, whole: [3] })[0]).toMatch(/\(~ 18m ago\)$/);
  });

  it('gives no room to a column without a word, but to the first', () => {
    expect(table([['a', '', 'b']])).toEqual(['a  b']);
    expect(table([['', '', 'b']])).toEqual(['  b']);
    expect(table([['abcdefghi', '', 'b']], { width: 12 })).toEqual(['abcdefghi  b']);
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

describe('a table with names on a screen that is too narrow for its columns', () => {
  const head = ['Id', 'URL', 'Level'];
  const id = (last: string): string => `01234567-89ab-4cde-8f01-23456789ab${last}`;
  const rows = [
    [id('01'), 'https://example.com/a/long/path/to/hooks', 'notify'],
    [id('02'), 'https://example.com/h', ''],
  ];
  const at = (columns: number, wide = false): string[] => {
    const terminal = { ...createFakeTerminal(''), columns };
    printTable(terminal, rows, { head, whole: [0], wide });
    return terminal.out().trimEnd().split('\n');
  };

  it('has them below each other, and says nothing of a cell that is empty', () => {
    expect(at(40)).toEqual([
      `=== ${id('01')}`,
      'URL    https://example.com/a/long/path/…',
      'Level  notify',
      '',
      `=== ${id('02')}`,
      'URL  https://example.com/h',
    ]);
  });

  it('gives what has to be whole a line to itself where it does not fit beside its name', () => {
    const terminal = { ...createFakeTerminal(''), columns: 40 };
    const row = ['a token for everything', id('03'), 'global'];
    printTable(terminal, [row], { fields: ['Token', 'Id', 'Scope'], whole: [1] });
    expect(terminal.out()).toBe(`=== a token for everything\nScope  global\n${id('03')}\n`);
  });

  it('is a table where that fits, and where it is to be as wide as it needs', () => {
    expect(at(80)[0]).toMatch(/^Id +URL +Level$/);
    expect(at(80)).toHaveLength(3);
    expect(at(40, true)[1]).toBe(`${id('01')}  https://example.com/a/long/path/to/hooks  notify`);
  });
});
