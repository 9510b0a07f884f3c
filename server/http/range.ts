import { PlatformError } from '../domain/errors.ts';

/**
 * The Platform API's Range header: `FIELD [START]..[END][; max=N][, order=asc|desc]`.
 * Bounds name the lowest and the highest value whatever the order; a bracket turned away from the list (`]5..`, `..5[`)
 * leaves that value out. `,` and `;` separate alike, and a trailing one is harmless.
 */
export interface Range {
  readonly field: string;
  readonly from: Bound | null;
  readonly to: Bound | null;
  readonly max: number;
  readonly order: 'asc' | 'desc';
}

interface Bound {
  readonly value: string;
  readonly inclusive: boolean;
}

/** How a list may be ordered and cut: its fields by name, the first being the usual one. */
export type RangeFields<T> = Readonly<Record<string, (item: T) => string | number>>;

export interface Page<T> {
  readonly items: readonly T[];
  /** The value of the next request's Range header; null when this page ends the list. */
  readonly next: string | null;
}

/** Of a list that is ordered by when its things were made. The id makes those of one moment unique. */
export const BY_TIME: RangeFields<{ readonly id: string; readonly createdAt: Date }> = {
  created_at: ({ id, createdAt }) => `${createdAt.toISOString()}/${id}`,
  id: ({ id }) => id,
};

/** The most one answer holds, and what it holds when the client names no limit. */
export const MAX_PAGE = 1000;

// Its parts may share letters, in a text that is at most 300 characters long.
// eslint-disable-next-line regexp/no-super-linear-backtracking
const HEAD = /^(\w+) *([[\]]?)((?:(?!\.\.)[^\s;,[\]])*)\.\.((?:(?!\.\.)[^\s;,[\]])*)([[\]]?)$/;

/** Reads a Range header; null when there is none, or one of another unit (`bytes=…`), which HTTP says to ignore. */
export function parseRange(header: string | undefined, fields: readonly string[]): Range | null {
  const text = header?.trim() ?? '';
  if (text === '' || /^\w+=/.test(text)) return null;
  if (text.length > 300) throw refused(text, 'it is too long');
  const [head = '', ...options] = text
    .split(/[;,]/)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
  return { ...parseHead(text, head, fields), ...parseOptions(text, options) };
}

function parseHead(
  text: string,
  head: string,
  fields: readonly string[],
): Pick<Range, 'field' | 'from' | 'to'> {
  const found = HEAD.exec(head);
  if (found === null) throw refused(text, 'it looks like `id ..; max=100, order=desc`');
  const [, field = '', open, from = '', to = '', close] = found;
  if (!fields.includes(field)) throw refused(text, `this list can be ordered by ${fields.join(', ')}`);
  return {
    field,
    from: from === '' ? null : { value: from, inclusive: open !== ']' },
    to: to === '' ? null : { value: to, inclusive: close !== '[' },
  };
}

function parseOptions(text: string, options: readonly string[]): Pick<Range, 'max' | 'order'> {
  let max = MAX_PAGE;
  let order: Range['order'] = 'asc';
  for (const option of options) {
    const limit = /^max *= *([1-9]\d{0,8})$/.exec(option)?.[1];
    const direction = /^order *= *(asc|desc)$/.exec(option)?.[1];
    if (limit !== undefined) max = Math.min(Number(limit), MAX_PAGE);
    else if (direction !== undefined) order = direction === 'asc' ? 'asc' : 'desc';
    else throw refused(text, `${option} is neither max=N nor order=asc or order=desc`);
  }
  return { max, order };
}

/** Writes a range back as a header; `parseRange` of it is the same range. */
export function formatRange(range: Range): string {
  const from = range.from === null ? '' : `${range.from.inclusive ? '' : ']'}${range.from.value}`;
  const to = range.to === null ? '' : `${range.to.value}${range.to.inclusive ? '' : '['}`;
  return `${range.field} ${from}..${to}; max=${range.max}, order=${range.order}`;
}

/** The part of a list that a range asks for. The field's values must be unique, or equal ones may be lost between pages. */
export function pageOf<T>(items: readonly T[], fields: RangeFields<T>, range: Range | null): Page<T> {
  const usual = Object.keys(fields)[0] ?? '';
  const wanted: Range = range ?? { field: usual, from: null, to: null, max: MAX_PAGE, order: 'asc' };
  const valueOf = fields[wanted.field];
  if (valueOf === undefined) throw new Error(`no field ${wanted.field} in this list`);
  const sign = wanted.order === 'asc' ? 1 : -1;
  const chosen = items
    .filter((item) => inside(valueOf(item), wanted))
    .sort((a, b) => sign * compare(valueOf(a), valueOf(b)));
  const page = chosen.slice(0, wanted.max);
  const last = page.at(-1);
  if (last === undefined || page.length === chosen.length) return { items: page, next: null };
  const edge = { value: String(valueOf(last)), inclusive: false };
  return {
    items: page,
    next: formatRange(wanted.order === 'asc' ? { ...wanted, from: edge } : { ...wanted, to: edge }),
  };
}

function inside(value: string | number, { from, to }: Range): boolean {
  return (from === null || beyond(value, from, 1)) && (to === null || beyond(value, to, -1));
}

function beyond(value: string | number, bound: Bound, sign: 1 | -1): boolean {
  const limit = typeof value === 'number' ? numberOf(bound.value) : bound.value;
  const distance = sign * compare(value, limit);
  return bound.inclusive ? distance >= 0 : distance > 0;
}

function numberOf(text: string): number {
  if (/^v?\d{1,15}$/.test(text)) return Number(text.replace('v', ''));
  throw refused(text, 'this list is ordered by a number');
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return a < b ? -1 : Number(a > b);
}

function refused(range: string, problem: string): Error {
  return PlatformError.of('bad_request', {
    problem: `the Range header “${range.slice(0, 100)}”: ${problem}`,
  });
}
