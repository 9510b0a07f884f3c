import type { Context, Options } from './command.ts';
import { csvLine } from './csv.ts';
import { UsageError } from './failures.ts';
import { printTable } from './table.ts';

/** A column of a list: what it is called, and what it says of each. */
export interface Column<T> {
  readonly head: string;
  /** What else it may be called: as clients of Heroku call it, or as the field is called on the wire. */
  readonly also?: readonly string[];
  readonly of: (one: T) => string;
  /** Shown only when more is asked for. */
  readonly extended?: true;
  /** A part of it would be of no use. */
  readonly whole?: true;
}

/** Those that `--filter` asks for, in the order of `--sort`. Throws UsageError for a column that is not there. */
export function chosen<T>(options: Options, all: readonly T[], columns: readonly Column<T>[]): readonly T[] {
  const filter = filterOf(options, columns);
  const found = filter === undefined ? all : all.filter(filter);
  const sort = options.text('sort');
  if (sort === undefined) return found;
  const { of } = columnOf(columns, sort.replace(/^-/, ''));
  const ordered = found.toSorted((a, b) => of(a).localeCompare(of(b), 'en', { numeric: true }));
  return sort.startsWith('-') ? ordered.reverse() : ordered;
}

/** Prints a list as the options ask for it: as a table, or as CSV, whose first line has the names of the columns. */
export function printListing<T>(
  { terminal, options }: Pick<Context, 'terminal' | 'options'>,
  all: readonly T[],
  columns: readonly Column<T>[],
): void {
  const csv = options.flag('csv');
  // On a screen room is dear: of what was not asked for by name, only what says something.
  const isBare = (column: Column<T>): boolean =>
    column.extended === true && all.every((one) => column.of(one) === '');
  const named = options.text('columns') !== undefined;
  const shown = shownOf(options, columns).filter((column) => csv || named || !isBare(column));
  const head = shown.map((column) => column.head);
  const rows = all.map((one) => shown.map(({ of }) => of(one)));
  if (csv) {
    for (const row of [head, ...rows]) terminal.print(csvLine(row));
    return;
  }
  const whole = shown.flatMap((column, i) => (column.whole ? [i] : []));
  printTable(terminal, rows, { head, whole, wide: options.declined('wrap') });
}

function shownOf<T>(options: Options, columns: readonly Column<T>[]): readonly Column<T>[] {
  const names = options.text('columns');
  if (names !== undefined) return names.split(',').map((name) => columnOf(columns, name));
  return options.flag('extended') ? columns : columns.filter(({ extended }) => !extended);
}

function filterOf<T>(options: Options, columns: readonly Column<T>[]): ((one: T) => boolean) | undefined {
  const filter = options.text('filter');
  if (filter === undefined) return undefined;
  const equals = filter.indexOf('=');
  if (equals < 1)
    throw new UsageError(`${filter} is not a filter such as ${columns[0]?.head ?? 'name'}=text.`);
  const { of } = columnOf(columns, filter.slice(0, equals));
  const text = filter.slice(equals + 1).toLowerCase();
  return (one) => of(one).toLowerCase().includes(text);
}

/** `DNS target`, `dns_target` and `dns-target` are one. */
function columnOf<T>(columns: readonly Column<T>[], name: string): Column<T> {
  const found = columns.find(({ head, also = [] }) =>
    [head, ...also].some((one) => plain(one) === plain(name)),
  );
  if (found !== undefined) return found;
  const there = columns.map(({ head }) => head).join(', ');
  throw new UsageError(`There is no column ${name.trim()}; there are ${there}.`);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}
