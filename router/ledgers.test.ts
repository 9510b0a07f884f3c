import fc from 'fast-check';
import { expect, it } from 'vitest';
import { close, note, settle, totalOf, type Ledgers, type Reading } from './counters.ts';

const PLACES = ['p00001', 'p00002', 'p00003'] as const;
interface Count {
  requests: number;
  dropped: number;
}
const zeros = (): Map<string, Count> => new Map(PLACES.map((place) => [place, { requests: 0, dropped: 0 }]));

function add(to: Count | undefined, { requests, dropped }: Count): void {
  if (to) Object.assign(to, { requests: to.requests + requests, dropped: to.dropped + dropped });
}

/** Three processes that serve three places, the books that are kept of them, and what the books should say. */
function createWorld() {
  let books: Ledgers = {};
  let lives = 0;
  const processes = [1, 2, 3].map((pid) => ({ name: `${pid}-born`, counters: zeros() }));
  const owed = zeros();
  const read = (n: number): void => {
    const { name = '', counters = zeros() } = processes[n] ?? {};
    const readings = [...counters].map(([place, count]): [string, Reading] => [
      place,
      { ...count, sessions: 0, slots: new Map() },
    ]);
    books = note(books, name, new Map(readings));
  };
  const readAll = (): void => processes.forEach((_, n) => read(n));
  return {
    read,
    serve(n: number, place: string, count: Count): void {
      add(processes[n]?.counters.get(place), count);
      add(owed.get(place), count);
    },
    /** Right after it was read: what it served since then nobody can know. */
    die(n: number): void {
      read(n);
      processes[n] = { name: `${(lives += 1)}-again`, counters: zeros() };
      books = settle(books, new Set(processes.map(({ name }) => name)));
    },
    close(place: string, heir: string | undefined): void {
      readAll();
      books = close(books, place, heir);
      if (heir !== undefined) add(owed.get(heir), owed.get(place) ?? { requests: 0, dropped: 0 });
      owed.set(place, { requests: 0, dropped: 0 });
    },
    check(): void {
      readAll();
      for (const place of PLACES) expect(totalOf(books, place)).toEqual(owed.get(place));
    },
  };
}

type Act = (world: ReturnType<typeof createWorld>) => void;
const process = fc.nat(2);
const place = fc.constantFrom(...PLACES);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(process, place, fc.record({ requests: fc.nat(9), dropped: fc.nat(3) })).map(
    ([n, at, count]): Act =>
      (world) =>
        world.serve(n, at, count),
  ),
  process.map(
    (n): Act =>
      (world) =>
        world.read(n),
  ),
  process.map(
    (n): Act =>
      (world) =>
        world.die(n),
  ),
  fc.tuple(place, fc.option(place, { nil: undefined })).map(
    ([at, heir]): Act =>
      (world) =>
        world.close(at, heir === at ? undefined : heir),
  ),
);

it('count for the owner of a place what was served for it, whatever dies and moves meanwhile', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const world = createWorld();
      for (const one of acts) one(world);
      world.check();
    }),
  );
});
