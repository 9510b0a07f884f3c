import {
  close,
  note,
  parseReading,
  readingCommand,
  settle,
  totalOf,
  type Ledgers,
  type Reading,
} from './counters.ts';
import { isAlive, runOf, type Proc } from './haproxy-process.ts';
import { ask } from './haproxy-socket.ts';
import type { Pair } from './pair.ts';
import type { Placement, Sessions } from './placement.ts';

/** What the places carry and have carried, summed over every process that runs. */
export interface Meter {
  /** Asks every process about these places. */
  read(places: readonly string[], signal: AbortSignal): Promise<Sessions>;
  /** What the present owner of a place has had, as of the last reading. */
  total(place: string): { requests: number; dropped: number };
  /** A place was given up; what it counted goes to the other place of the same backend, if there is one. */
  close(place: Placement, others: readonly Placement[]): void;
  books(): Ledgers;
}

export function createMeter(pair: Pair, books: Ledgers): Meter {
  let ledgers = books;

  async function readProcess(
    proc: Proc,
    asking: (line: string) => Promise<string>,
    places: readonly string[],
  ): Promise<Map<string, Reading>> {
    const readings = new Map<string, Reading>();
    for (const place of places) {
      const answer = await asking(readingCommand(place));
      // A process of an older generation may not have the place; then it carries nothing for it.
      if (answer.includes('BACKEND')) readings.set(place, parseReading(answer));
    }
    ledgers = note(ledgers, runOf(proc), readings);
    return readings;
  }

  async function readCurrent(
    proc: Proc,
    places: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, Reading>> {
    const answers = await ask(proc.socket, places.map(readingCommand), signal);
    const byLine = new Map(places.map((place, n) => [readingCommand(place), answers[n] ?? '']));
    return readProcess(proc, (line) => Promise.resolve(byLine.get(line) ?? ''), places);
  }

  return {
    async read(places, signal) {
      const all: ReadonlyMap<string, Reading>[] = [];
      // A process that runs but cannot be asked may carry anything.
      let unknown = 0;
      const attempt = async (
        proc: Proc,
        reading: () => Promise<ReadonlyMap<string, Reading>>,
      ): Promise<void> => {
        try {
          all.push(await reading());
        } catch (err) {
          if (signal.aborted) throw err;
          if (isAlive(proc)) unknown += 1;
        }
      };
      const currents = [pair.current(0), pair.current(1)].filter((proc) => proc !== null);
      for (const proc of currents) await attempt(proc, () => readCurrent(proc, places, signal));
      for (const { proc, line } of pair.retiring()) {
        if (line)
          await attempt(proc, () => readProcess(proc, (command) => line.ask(command, signal), places));
        else if (isAlive(proc)) unknown += 1;
      }
      const runs = [...currents, ...pair.retiring().map((r) => r.proc)].filter(isAlive).map(runOf);
      ledgers = settle(ledgers, new Set(runs));
      return {
        onPlace: (place) =>
          all.reduce((sum, readings) => sum + (readings.get(place)?.sessions ?? 0), unknown),
        onSlot: (place, slot) =>
          all.reduce((sum, readings) => sum + (readings.get(place)?.slots.get(slot) ?? 0), unknown),
      };
    },

    total: (place) => totalOf(ledgers, place),

    close(placement, others) {
      const heir = others.find(
        (p) => p.app === placement.app && p.key === placement.key && p.place !== placement.place,
      );
      ledgers = close(ledgers, placement.place, heir?.place);
    },

    books: () => ledgers,
  };
}
