import type { Terminal } from './terminal.ts';
import { visible } from './visible.ts';
import { shorten, widthOf } from './width.ts';

export interface TableOptions {
  /** At most so wide: the widest columns are shortened with `…`. Without it nothing is. */
  readonly width?: number | undefined;
  /** Columns (counted from 0) that are never shortened, because a part of them would be of no use. */
  readonly whole?: readonly number[];
}

interface PrintOptions extends Pick<TableOptions, 'whole'> {
  /** The names of the columns; without rows they are not shown either. */
  readonly head?: readonly string[];
}

const GAP = '  ';
/** Narrower than this a column says nothing any more; a line that is too long then wraps. */
const NARROWEST = 8;

/** Prints rows as a table that fits the screen; into a pipe or file everything is whole. */
export function printTable(
  terminal: Terminal,
  rows: readonly (readonly string[])[],
  { head, whole = [] }: PrintOptions = {},
): void {
  if (rows.length === 0) return;
  const named = head?.map((name) => terminal.paint('gray', name));
  const all = named === undefined ? rows : [named, ...rows];
  for (const line of table(all, { whole, width: terminal.columns })) terminal.print(line);
}

/** Rows as lines with aligned columns; the last column is not padded. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string[] {
  const clean = rows.map((row) => row.map((cell) => visible(cell, { colours: true })));
  const widths: number[] = [];
  for (const row of clean) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))));
  }
  const fitting = fit(widths, options);
  return clean.map((row) =>
    row
      .map((cell, column) => {
        const width = fitting[column] ?? 0;
        const shown = shorten(cell, width);
        return column === row.length - 1 ? shown : shown + ' '.repeat(width - widthOf(shown));
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** Takes columns from the widest one at a time, so that narrow ones, which are names mostly, stay whole. */
function fit(widths: readonly number[], { width, whole = [] }: TableOptions): number[] {
  const fitting = [...widths];
  if (width === undefined) return fitting;
  let over = fitting.reduce((sum, one) => sum + one, GAP.length * (fitting.length - 1)) - width;
  for (; over > 0; over -= 1) {
    const most = Math.max(...fitting.map((one, column) => (whole.includes(column) ? 0 : one)));
    if (most <= NARROWEST) break;
    const widest = fitting.findLastIndex((one, column) => one === most && !whole.includes(column));
    fitting[widest] = most - 1;
  }
  return fitting;
}
