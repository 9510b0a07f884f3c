import type { AppLogs, FoundInstance } from '../../ports/engine.ts';
import { statusOf, type DockerClient } from './client.ts';
import { asLine, ended, entriesOf, history, printed, started, type Entry } from './entries.ts';
import { watch } from './events.ts';
import { gather, type Source } from './gather.ts';
import type { Keeper } from './keeper.ts';
import { LABEL } from './names.ts';
import type { Observer } from './observe.ts';
import { FROM_START, type Mark, type Output } from './output.ts';

/** How far a slow reader may fall behind before the engine's streams are left to wait. */
const AHEAD_LINES = 2_000;

export interface Logs extends AppLogs {
  tail(instanceId: string, lines: number, signal: AbortSignal): Promise<readonly string[]>;
}

/** What was there when a reader came. */
interface Past {
  readonly instance: FoundInstance;
  readonly entries: readonly Entry[];
  /** Where to go on reading; null when it has ended. */
  readonly mark: Mark | null;
}

export interface LogsDeps {
  readonly client: DockerClient;
  readonly observer: Observer;
  readonly output: Output;
  readonly keeper: Keeper;
  readonly platformId: string;
}

/**
 * What processes printed, read from the engine's own files: they hold the last 20 MB of an instance and go with it, but
 * for the lines that the keeper keeps.
 * Lines about what happened to an instance (started, exited, out of memory) are made from its state.
 */
export function createLogs({ client, observer, output, keeper, platformId }: LogsDeps): Logs {
  async function matching(
    query: Parameters<AppLogs['read']>[0],
    signal: AbortSignal,
  ): Promise<FoundInstance[]> {
    const wanted = ({ type, number, state }: FoundInstance): boolean =>
      state !== 'created' && (query.type ?? type) === type && (query.number ?? number) === number;
    return (await observer.findOf(query.appId, signal)).filter(wanted);
  }

  async function past(instance: FoundInstance, lines: number, signal: AbortSignal): Promise<Past> {
    const last = await output.last(instance.id, lines, signal);
    return {
      instance,
      entries: entriesOf(instance, last),
      mark:
        instance.state === 'crashed'
          ? null
          : { after: last.at(-1)?.stamp ?? null, tail: lines === 0 ? 0 : null },
    };
  }

  /** One instance from the mark to its end, and how it ended. */
  async function* life(instance: FoundInstance, mark: Mark, signal: AbortSignal): AsyncGenerator<Entry> {
    try {
      if (mark === FROM_START) yield* started(instance);
      for await (const line of output.follow(instance.id, mark, signal)) yield printed(instance, line);
      const end = await observer.look(instance.id, signal);
      if (end !== undefined && end !== 'removing') yield* ended({ ...instance, ...end });
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
      if (query.lines > 0) {
        // Read after the rest: what was removed meanwhile is in it.
        const kept = await keeper.read(query, signal);
        const live = all.map(({ instance, entries }) => ({ instanceId: instance.id, entries }));
        yield* history(live, kept).slice(-query.lines).map(asLine);
      }
      if (!query.follow) return;
      const live = gather((stop) => arrivals(query, all, stop), AHEAD_LINES, signal);
      for await (const entry of live) yield asLine(entry);
    },
  };
}
