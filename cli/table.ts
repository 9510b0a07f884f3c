import type { Terminal } from './terminal.ts';
import { everBriefer } from './time.ts';
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
  /** The same for a table that says by itself what is in its columns, and needs names only below each other. */
  readonly fields?: readonly string[];
  /** As wide as it needs to be, whatever the screen. */
  readonly wide?: boolean;
}

const GAP = '  ';
/** Narrower than this a column says nothing any more; a line that is too long then wraps. */
const NARROWEST = 8;
/** Forms of a time, the whole one among them. */
const BRIEFEST = 3;

/**
 * Prints rows as a table that fits the screen; into a pipe or file everything is whole. Where the screen is too narrow for
 * the columns beside each other and they have names, they come below each other.
 */
export function printTable(
  terminal: Terminal,
  rows: readonly (readonly string[])[],
  options: PrintOptions = {},
): void {
  if (rows.length === 0) return;
  const { head, fields = head, whole = [] } = options;
  const width = options.wide === true ? undefined : terminal.columns;
  const named = head === undefined ? rows : [head.map((name) => terminal.paint('gray', name)), ...rows];
  const narrow = fields !== undefined && width !== undefined && !fitsIn(named, { whole, width });
  const lines = narrow ? stacked(fields, rows, { whole, width }) : table(named, { whole, width });
  for (const line of lines) terminal.print(line);
}

/** Rows as lines with aligned columns; the last column is not padded, and one without a word takes no room. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string[] {
  const clean = brief(
    rows.map((row) => row.map((cell) => visible(cell, { colours: true }))),
    options,
  );
  const fitting = fit(widthsOf(clean), options);
  return clean.map((row) =>
    row
      .flatMap((cell, column) => {
        const width = fitting[column] ?? 0;
        if (width === 0 && column > 0) return [];
        const shown = shorten(cell, width);
        return [column === row.length - 1 ? shown : shown + ' '.repeat(width - widthOf(shown))];
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** Before a word of a cell is cut, times are told more briefly, all of a table in the same way. */
function brief(
  rows: readonly (readonly string[])[],
  { width, whole = [] }: TableOptions,
): readonly (readonly string[])[] {
  let told = rows;
  for (let step = 1; width !== undefined && total(widthsOf(told)) > width && step < BRIEFEST; step += 1)
    told = rows.map((row) =>
      row.map((cell, column) =>
        whole.includes(column)
          ? cell
          : (everBriefer(cell)
              .slice(0, step + 1)
              .at(-1) ?? cell),
      ),
    );
  return told;
}

/** Each row as lines of its own: the first cell, which says which one it is, then each of the others with its name. */
function stacked(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  { whole, width }: Narrow,
): string[] {
  return rows.flatMap(([first = '', ...cells], row) => {
    const pairs = cells.map((cell, i) => ({ name: names[i + 1] ?? '', cell, whole: whole.includes(i + 1) }));
    const said = pairs.filter(({ cell }) => cell !== '');
    const room = width - GAP.length - Math.max(0, ...said.map(({ name }) => widthOf(name)));
    // What has to be whole and has no room beside its name has a line to itself.
    const alone = said.filter((one) => one.whole && widthOf(one.cell) > room);
    const beside = said.filter((one) => !alone.includes(one)).map(({ name, cell }) => [name, cell]);
    return [
      ...(row === 0 ? [] : ['']),
      `=== ${first}`,
      ...table(beside, { width, whole: [0] }),
      ...alone.map(({ cell }) => cell),
    ];
  });
}

interface Narrow {
  readonly whole: readonly number[];
  readonly width: number;
}

function fitsIn(rows: readonly (readonly string[])[], { whole, width }: Narrow): boolean {
  return total(fit(widthsOf(brief(rows, { whole, width })), { whole, width })) <= width;
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))));
  return widths;
}

function total(widths: readonly number[]): number {
  const shown = widths.filter((one, column) => one > 0 || column === 0);
  return shown.reduce((sum, one) => sum + one, GAP.length * (shown.length - 1));
}

/** Takes columns from the widest one at a time, so that narrow ones, which are names mostly, stay whole. */
function fit(widths: readonly number[], { width, whole = [] }: TableOptions): number[] {
  const fitting = [...widths];
  if (width === undefined) return fitting;
  let over = total(fitting) - width;
  for (; over > 0; over -= 1) {
    const most = Math.max(...fitting.map((one, column) => (whole.includes(column) ? 0 : one)));
    if (most <= NARROWEST) break;
    const widest = fitting.findLastIndex((one, column) => one === most && !whole.includes(column));
    fitting[widest] = most - 1;
  }
  return fitting;
}
