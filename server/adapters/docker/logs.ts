import { Readable } from 'node:stream';
import type { AppLogs } from '../../ports/engine.ts';
import { statusOf, type DockerClient } from './client.ts';
import {
  asLine,
  ended,
  entriesOf,
  history,
  noted,
  printed,
  started,
  type Entry,
  type Note,
} from './entries.ts';
import { watch } from './events.ts';
import { gather, type Source } from '../../../lib/gather.ts';
import type { Keeper } from './keeper.ts';
import { LABEL } from './names.ts';
import type { Notes } from './notes.ts';
import type { Observer, Voice } from './observe.ts';
import { FROM_START, type Mark, type Output } from './output.ts';

/** How far a slow reader may fall behind before the engine's streams are left to wait. */
const AHEAD_LINES = 2_000;

export interface Logs extends AppLogs {
  tail(instanceId: string, lines: number, signal: AbortSignal): Promise<readonly string[]>;
  /** As `Engine.output`. */
  output(instanceId: string, signal: AbortSignal): AsyncIterable<string>;
}

type Query = Parameters<AppLogs['read']>[0];

/** What was there when a reader came. */
interface Past {
  readonly instance: Voice;
  readonly entries: readonly Entry[];
  /** Where to go on reading; null when it has ended. */
  readonly mark: Mark | null;
}

export interface LogsDeps {
  readonly client: DockerClient;
  readonly observer: Observer;
  readonly output: Output;
  readonly keeper: Keeper;
  readonly notes: Notes;
  readonly platformId: string;
}

/**
 * What processes printed, read from the engine's own files: they hold the last 20 MB of an instance and go with it, but
 * for the lines that the keeper keeps.
 * Lines about what happened to an instance (started, exited, out of memory) are made from its state.
 */
export function createLogs({ client, observer, output, keeper, notes, platformId }: LogsDeps): Logs {
  const matching = async (query: Query, signal: AbortSignal): Promise<Voice[]> =>
    (await observer.findOf(query.appId, signal)).filter((voice) => isWanted(query, voice, notes));

  async function past(instance: Voice, lines: number, signal: AbortSignal): Promise<Past> {
    const last = silent(instance) ? [] : await output.last(instance.id, lines, signal);
    return {
      instance,
      entries: entriesOf(instance, last, notes.of(instance.id)),
      mark:
        instance.state === 'crashed'
          ? null
          : { after: last.at(-1)?.stamp ?? null, tail: lines === 0 ? 0 : null },
    };
  }

  /** One instance from the mark to its end, and how it ended. */
  async function* life(instance: Voice, mark: Mark, signal: AbortSignal): AsyncGenerator<Entry> {
    try {
      if (mark === FROM_START) yield* started(instance);
      for await (const line of output.follow(instance.id, mark, signal)) yield printed(instance, line);
      const end = await observer.look(instance.id, signal);
      yield* noted(instance, notes.of(instance.id));
      if (end !== undefined && end !== 'removing') yield* ended({ ...instance, ...end });
    } catch (err) {
      if (statusOf(err) !== 404) throw err; // 404: removed before we came to it
    }
  }

  /** The instances to follow, each once, as they appear. */
  async function* arrivals(
    query: Query,
    before: readonly Past[],
    signal: AbortSignal,
  ): AsyncGenerator<Source<Entry>> {
    const marks = new Map(before.map(({ instance, mark }) => [instance.id, mark]));
    const states = new Map(before.map(({ instance }) => [instance.id, instance.state]));
    const labels = [`${LABEL.platform}=${platformId}`, `${LABEL.app}=${query.appId}`];
    const changes = watch(client, labels, signal);
    try {
      while ((await changes.next()).done !== true)
        for (const instance of await matching(query, signal)) {
          if (silent(instance)) {
            const told = newsOf(instance, states.get(instance.id), notes.of(instance.id));
            states.set(instance.id, instance.state);
            if (told.length > 0) yield () => Readable.from(told);
            continue;
          }
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
    output: (instanceId, signal) => printedBy({ observer, output }, instanceId, signal),
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

async function* printedBy(
  { observer, output }: Pick<LogsDeps, 'observer' | 'output'>,
  instanceId: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  if ((await observer.look(instanceId, signal)) === undefined) return;
  for await (const line of output.follow(instanceId, FROM_START, signal)) yield line.text;
}

/** What an attached run prints goes to whoever attached it; the engine keeps none of it. */
function silent(instance: Voice): boolean {
  return instance.run?.attached === true;
}

/** What is new about a container that prints nothing here, since it was in the state `before`. */
function newsOf(voice: Voice, before: Voice['state'] | undefined, notes: readonly Note[]): Entry[] {
  if (before === voice.state) return [];
  const start = before === 'starting' ? [] : started(voice);
  return voice.state === 'starting' ? start : [...start, ...noted(voice, notes), ...ended(voice)];
}

/** What was never started has nothing to tell, unless something was said about it. */
function isWanted(query: Query, { id, type, number, state }: Voice, notes: Notes): boolean {
  if (state === 'created' && notes.of(id).length === 0) return false;
  return (query.type ?? type) === type && (query.number ?? number) === number;
}
