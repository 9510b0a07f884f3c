import { instanceName, type Instance } from '../../domain/instance.ts';
import type { KeptLog } from '../../domain/kept-log.ts';
import type { LogLine } from '../../ports/engine.ts';
import type { StampedLine } from './frames.ts';

/** A line of a log with its exact time, in nanoseconds since 1970. */
export type Entry = LogLine & { readonly stamp: bigint };

/** What of an instance its log tells. */
export type Teller = Pick<Instance, 'type' | 'number' | 'release' | 'startedAt' | 'endedAt' | 'exit'> & {
  /** Of a run; an instance runs the command of its type. */
  readonly run?: { readonly command: string };
};

/** What the platform has said about a container besides what follows from its state. */
export interface Note {
  readonly at: Date;
  readonly text: string;
}

/** The log of one container: that it started, what it printed, what was noted about it, how it ended. */
export function entriesOf(
  instance: Teller,
  lines: readonly StampedLine[],
  notes: readonly Note[] = [],
): Entry[] {
  // The engine notes a start when the process may have printed or ended already, and stamps what was printed last when
  // it may have ended already: a start comes first and an end last all the same.
  const last = lines.at(-1)?.stamp;
  const end = ended(instance).map((entry) =>
    last === undefined || entry.stamp > last ? entry : stamped(entry, last + 1n),
  );
  const next = lines.at(0)?.stamp ?? end.at(0)?.stamp;
  const start = started(instance).map((entry) =>
    next === undefined || entry.stamp < next ? entry : stamped(entry, next - 1n),
  );
  const told = [...start, ...lines.map((line) => printed(instance, line)), ...noted(instance, notes), ...end];
  return notes.length === 0 ? told : told.toSorted(inTime);
}

export function noted(instance: Teller, notes: readonly Note[]): Entry[] {
  return notes.map(({ at, text }) => platformEntry(instance, at, text));
}

function stamped(entry: Entry, stamp: bigint): Entry {
  return { ...entry, stamp, at: asDate(stamp) };
}

export function printed(instance: Teller, { stamp, text }: StampedLine): Entry {
  return { at: asDate(stamp), source: 'app', instance: instanceName(instance), text, stamp };
}

export function started(instance: Teller): Entry[] {
  if (instance.startedAt === null) return [];
  const text =
    instance.run === undefined
      ? `Process of v${instance.release} started`
      : `Starting process with command \`${instance.run.command}\``;
  return [platformEntry(instance, instance.startedAt, text)];
}

export function ended(instance: Teller): Entry[] {
  if (instance.exit === null || instance.endedAt === null) return [];
  const text = `Process exited with status ${instance.exit.code}`;
  // The engine counts nanoseconds and we milliseconds: the next one, so that the last line stays before it.
  const at = new Date(instance.endedAt.getTime() + 1);
  return [platformEntry(instance, at, instance.exit.outOfMemory ? `${text}: it ran out of memory` : text)];
}

/**
 * The logs of what is there and of what is gone as one, in time order. An instance that was found and is kept as well
 * was removed while it was read, or is about to be: what is kept of it is whole.
 */
export function history(
  live: readonly { readonly instanceId: string; readonly entries: readonly Entry[] }[],
  kept: readonly KeptLog[],
): Entry[] {
  const gone = new Set(kept.map(({ instanceId }) => instanceId));
  return [
    ...kept.flatMap((log) => log.lines.map((line) => recalled(log, line))),
    ...live.flatMap(({ instanceId, entries }) => (gone.has(instanceId) ? [] : entries)),
  ].toSorted(inTime);
}

export function asLine({ at, source, instance, text }: Entry): LogLine {
  return { at, source, instance, text };
}

function recalled(log: KeptLog, { stamp, source, text }: KeptLog['lines'][number]): Entry {
  return { at: asDate(stamp), source, instance: instanceName(log), text, stamp };
}

function platformEntry(instance: Teller, at: Date, text: string): Entry {
  return {
    at,
    source: 'gantry',
    instance: instanceName(instance),
    text,
    stamp: BigInt(at.getTime()) * 1_000_000n,
  };
}

function asDate(stamp: bigint): Date {
  return new Date(Number(stamp / 1_000_000n));
}

function inTime(a: Entry, b: Entry): number {
  return a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : 0;
}
