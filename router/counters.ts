import { z } from 'zod';
import { placeId } from './pool.ts';

/** What one process says about one place at one moment. */
export interface Reading {
  readonly sessions: number;
  readonly requests: number;
  readonly dropped: number;
  /** Streams per slot index; slots without any are left out. */
  readonly slots: ReadonlyMap<number, number>;
}

/** The command for one place's counters: backend and servers. Never the whole statistics: 0.8 s at 10,000 backends. */
export function readingCommand(place: string): string {
  return `show stat ${placeId(place)} 6 -1`;
}

/**
 * Reads the answer of `readingCommand`.
 *
 * Dropped requests are in three fields that never overlap (each seen on 2.6): `econ` got no connection to any server,
 * `eresp` got a broken answer, none in time, or one cut in the middle. And a request on a kept-alive connection whose
 * server dies ends with a bare close that no error counter knows: it shows only as a stream that
 * began (`stot`), is over (not in `scur`) and has no status (not in `req_tot`). Clients that leave are in none of them.
 */
export function parseReading(answer: string): Reading {
  const [header = '', ...rows] = answer.split('\n');
  const names = header.replace(/^# /, '').split(',');
  const [who, scur, stot] = [names.indexOf('svname'), names.indexOf('scur'), names.indexOf('stot')];
  const [econ, eresp, answered] = [names.indexOf('econ'), names.indexOf('eresp'), names.indexOf('req_tot')];
  const slots = new Map<number, number>();
  let total = { sessions: 0, requests: 0, dropped: 0 };
  for (const line of rows) {
    // Of the hundred columns only the first half is ever looked at.
    const row = line.split(',', answered + 1);
    const number = (column: number): number => Number(row[column] ?? 0);
    const name = row[who] ?? '';
    const sessions = number(scur);
    if (name === 'BACKEND') {
      const over = number(stot) - sessions;
      const silent = Math.max(0, over - number(answered));
      total = { sessions, requests: over, dropped: number(econ) + number(eresp) + silent };
    } else if (name.startsWith('s') && sessions > 0) slots.set(Number(name.slice(1)), sessions);
  }
  return { ...total, slots };
}

const count = z.object({ requests: z.number(), dropped: z.number() });
type Count = z.infer<typeof count>;

const ledger = z.object({
  /** From processes that are gone. */
  carried: count,
  /** By process: what it said last, and what of that belongs to an earlier owner of the place. */
  seen: z.record(z.string(), count),
  floor: z.record(z.string(), count),
});
type Ledger = z.infer<typeof ledger>;

/** Counters of every place that has ever been read, kept across restarts of HAProxy and of the router. */
export const ledgers = z.record(z.string(), ledger);
export type Ledgers = Readonly<z.infer<typeof ledgers>>;

const ZERO: Count = { requests: 0, dropped: 0 };
const EMPTY: Ledger = { carried: ZERO, seen: {}, floor: {} };

const add = (a: Count, b: Count): Count => ({
  requests: a.requests + b.requests,
  dropped: a.dropped + b.dropped,
});
const minus = (a: Count, b: Count): Count => ({
  requests: a.requests - b.requests,
  dropped: a.dropped - b.dropped,
});

/** Takes down what a process says now. `process` names one run of one process. */
export function note(books: Ledgers, process: string, readings: ReadonlyMap<string, Reading>): Ledgers {
  const next = { ...books };
  for (const [place, { requests, dropped }] of readings) {
    const book = next[place] ?? EMPTY;
    next[place] = { ...book, seen: { ...book.seen, [process]: { requests, dropped } } };
  }
  return next;
}

/** Moves what processes that are gone have said last to where it stays. */
export function settle(books: Ledgers, alive: ReadonlySet<string>): Ledgers {
  const next = { ...books };
  for (const [place, book] of Object.entries(books)) {
    const gone = Object.keys(book.seen).filter((process) => !alive.has(process));
    if (gone.length === 0) continue;
    const carried = gone.reduce(
      (sum, p) => add(sum, minus(book.seen[p] ?? ZERO, book.floor[p] ?? ZERO)),
      book.carried,
    );
    const staying = (all: Record<string, Count>): Record<string, Count> =>
      Object.fromEntries(Object.entries(all).filter(([process]) => alive.has(process)));
    next[place] = { carried, seen: staying(book.seen), floor: staying(book.floor) };
  }
  return next;
}

/** What the present owner of the place has had, over all processes. */
export function totalOf(books: Ledgers, place: string): Count {
  const book = books[place] ?? EMPTY;
  return Object.entries(book.seen).reduce(
    (sum, [p, c]) => add(sum, minus(c, book.floor[p] ?? ZERO)),
    book.carried,
  );
}

/** Starts a place at zero for its next owner; what it had so far goes to `heir` when the same backend lives on elsewhere. */
export function close(books: Ledgers, place: string, heir: string | undefined): Ledgers {
  const book = books[place];
  if (!book) return books;
  const next = { ...books, [place]: { carried: ZERO, seen: book.seen, floor: book.seen } };
  if (heir === undefined) return next;
  const inherits = next[heir] ?? EMPTY;
  return { ...next, [heir]: { ...inherits, carried: add(inherits.carried, totalOf(books, place)) } };
}
