import { instanceName } from '../../domain/instance.ts';
import type { AppLogs, FoundInstance, LogLine } from '../../ports/engine.ts';
import { statusOf, type DockerClient } from './client.ts';
import { watch } from './events.ts';
import type { StampedLine } from './frames.ts';
import { gather, type Source } from './gather.ts';
import { LABEL } from './names.ts';
import type { Observer } from './observe.ts';
import { createOutput, FROM_START, type Mark } from './output.ts';

/** How far a slow reader may fall behind before the engine's streams are left to wait. */
const AHEAD_LINES = 2_000;

export interface Logs extends AppLogs {
  tail(instanceId: string, lines: number, signal: AbortSignal): Promise<readonly string[]>;
}

type Entry = LogLine & { readonly stamp: bigint };

/** What was there when a reader came. */
interface Past {
  readonly instance: FoundInstance;
  readonly entries: readonly Entry[];
  /** Where to go on reading; null when it has ended. */
  readonly mark: Mark | null;
}

/**
 * What processes printed, read from the engine's own files: they hold the last 20 MB of an instance and go with it.
 * Lines about what happened to an instance (started, exited, out of memory) are made from its state.
 */
export function createLogs(client: DockerClient, observer: Observer, platformId: string): Logs {
  const output = createOutput(client);

  async function matching(
    query: Parameters<AppLogs['read']>[0],
    signal: AbortSignal,
  ): Promise<FoundInstance[]> {
    const wanted = ({ type, number, state }: FoundInstance): boolean =>
      state !== 'created' && (query.type ?? type) === type && (query.number ?? number) === number;
    return (await observer.findOf(query.appId, signal)).filter(wanted);
  }

  async function past(instance: FoundInstance, lines: number, signal: AbortSignal): Promise<Past> {
    const printed = await output.last(instance.id, lines, signal);
    const ended = instance.state === 'crashed';
    return {
      instance,
      entries: [...started(instance), ...printed.map((line) => entryOf(instance, line)), ...exited(instance)],
      mark: ended ? null : { after: printed.at(-1)?.stamp ?? null, fromNow: lines === 0 },
    };
  }

  /** One instance from the mark to its end, and how it ended. */
  async function* life(instance: FoundInstance, mark: Mark, signal: AbortSignal): AsyncGenerator<Entry> {
    try {
      if (mark === FROM_START) yield* started(instance);
      for await (const line of output.follow(instance.id, mark, signal)) yield entryOf(instance, line);
      const end = await observer.look(instance.id, signal);
      if (end !== undefined && end !== 'removing') yield* exited({ ...instance, ...end });
    } catch (err) {
      if (statusOf(err) !== 404) throw err; // 404: removed before we came to it
    }
  }

  /** The instances to follow, each once, as they appear. */
  async function* arrivals(
    query: Parameters<AppLogs['read']>[0],
    before: readonly Past[],
    signal: AbortSignal,
  ): AsyncGenerator<Source<Entry>> {
    const marks = new Map(before.map(({ instance, mark }) => [instance.id, mark]));
    const labels = [`${LABEL.platform}=${platformId}`, `${LABEL.app}=${query.appId}`];
    const changes = watch(client, labels, signal);
    try {
      while ((await changes.next()).done !== true)
        for (const instance of await matching(query, signal)) {
          const mark = marks.has(instance.id) ? marks.get(instance.id) : FROM_START;
          marks.set(instance.id, null);
          if (mark) yield (stop) => life(instance, mark, stop);
        }
    } finally {
      await changes.return();
    }
  }

  return {
    async tail(instanceId, lines, signal) {
      if ((await observer.look(instanceId, signal)) === undefined) return [];
      return (await output.last(instanceId, lines, signal)).map((line) => line.text);
    },
    async *read(query, signal) {
      const instances = await matching(query, signal);
      const all = await Promise.all(instances.map((instance) => past(instance, query.lines, signal)));
      const history = all.flatMap(({ entries }) => entries).toSorted(inTime);
      if (query.lines > 0) yield* history.slice(-query.lines).map(asLine);
      if (!query.follow) return;
      const live = gather((stop) => arrivals(query, all, stop), AHEAD_LINES, signal);
      for await (const entry of live) yield asLine(entry);
    },
  };
}

function entryOf(instance: FoundInstance, { stamp, text }: StampedLine): Entry {
  return {
    at: new Date(Number(stamp / 1_000_000n)),
    source: 'app',
    instance: instanceName(instance),
    text,
    stamp,
  };
}

function platformEntry(instance: FoundInstance, at: Date, text: string): Entry {
  return {
    at,
    source: 'gantry',
    instance: instanceName(instance),
    text,
    stamp: BigInt(at.getTime()) * 1_000_000n,
  };
}

function started(instance: FoundInstance): Entry[] {
  return instance.startedAt === null
    ? []
    : [platformEntry(instance, instance.startedAt, `Process of v${instance.release} started`)];
}

function exited(instance: FoundInstance): Entry[] {
  if (instance.exit === null || instance.endedAt === null) return [];
  const text = `Process exited with status ${instance.exit.code}`;
  // The engine counts nanoseconds and we milliseconds: the next one, so that the last line stays before it.
  const at = new Date(instance.endedAt.getTime() + 1);
  return [platformEntry(instance, at, instance.exit.outOfMemory ? `${text}: it ran out of memory` : text)];
}

function inTime(a: Entry, b: Entry): number {
  return a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : 0;
}

function asLine({ at, source, instance, text }: Entry): LogLine {
  return { at, source, instance, text };
}
