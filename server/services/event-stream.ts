import { gather, type Source } from '../../lib/gather.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Gap, Happening } from '../domain/happening.ts';
import { KEPT } from '../domain/kept-log.ts';
import type { Sample } from '../domain/sample.ts';
import type { Apps } from '../ports/apps.ts';
import type { LogLine } from '../ports/engine.ts';
import type { Happenings } from './happenings.ts';
import type { Logs } from './logs.ts';
import { reach } from './reach.ts';
import type { Samples } from './samples.ts';

/** How far somebody has read: what was written down up to `seq`, and lines of logs up to a time. */
export interface Place {
  readonly seq: number;
  /** In ms since the epoch. */
  readonly lineMs?: number | undefined;
}

interface EventQuery {
  /** Only of this app. */
  readonly app?: string | undefined;
  /** Only of these kinds, `log` and `metric` among them; without it, all but these two. */
  readonly kinds?: readonly string[] | undefined;
  /** Only what came after this place; without it, what comes from now on. */
  readonly after?: Place | undefined;
}

interface AppName {
  readonly id: string;
  readonly name: string;
}

type Told =
  | { readonly happened: Happening | Gap }
  | { readonly app: AppName; readonly line: LogLine }
  | { readonly app: AppName; readonly sample: Sample };

/** Something to tell, and where a reader is who has read it. */
export type StreamEvent = Told & { readonly place: Place };

export interface EventStream {
  /**
   * What happens to the apps the actor may view (`Happenings.follow`), and, when they are asked for, the lines of an app's
   * log and samples of what it does. Of the lines those of the second before `after` are told again: what was said at one
   * time does not arrive at one time. Throws `not_found`, `scope_too_small`, `too_many_streams`, and `invalid_params`
   * for lines or samples of no app in particular.
   */
  follow(
    actor: Actor,
    query: EventQuery,
    again: (signal: AbortSignal) => Promise<Actor>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<StreamEvent> & { readonly from: Place }>;
}

export interface EventStreamDeps {
  readonly apps: Pick<Apps, 'findFor'>;
  readonly happenings: Pick<Happenings, 'follow'>;
  readonly logs: Pick<Logs, 'readFor'>;
  readonly samples: Samples;
}

/** Kinds that nobody writes down: they are told as they come. */
const LINES = 'log';
const SAMPLES = 'metric';
/** How far a slow reader may fall behind. */
const AHEAD = 1_000;
/** Lines of one moment may come this long after each other. */
const OVERLAP_MS = 1_000;

export function createEventStream({ apps, happenings, logs, samples }: EventStreamDeps): EventStream {
  return {
    async follow(actor, { app: name, kinds, after }, again, signal) {
      const asked = { app: name, kinds: kinds?.filter((kind) => kind !== LINES && kind !== SAMPLES) };
      const app = await appOf(apps, actor, { name, kinds }, signal);
      const { from: seq } = await happenings.follow(actor, { ...asked, after: after?.seq }, again, signal);
      const from: Place = { seq, lineMs: after?.lineMs };
      const sources: Source<Told>[] = [
        // It also looks whether the reader may still read, and ends the whole when not.
        async function* (stop) {
          const following = await happenings.follow(actor, { ...asked, after: seq }, again, stop);
          for await (const happened of following) yield { happened };
        },
      ];
      if (app !== undefined && kinds?.includes(LINES) === true)
        sources.push(async function* (stop) {
          for await (const line of linesAfter(logs, app.id, from.lineMs, stop)) yield { app, line };
        });
      if (app !== undefined && kinds?.includes(SAMPLES) === true)
        sources.push(async function* (stop) {
          for await (const sample of samples.follow(app.id, stop)) yield { app, sample };
        });
      return { from, [Symbol.asyncIterator]: () => placed(from, sources, signal) };
    },
  };
}

/** The one app whose lines or samples are wanted; undefined when none are. */
async function appOf(
  apps: EventStreamDeps['apps'],
  actor: Actor,
  { name, kinds }: { readonly name: string | undefined; readonly kinds: readonly string[] | undefined },
  signal: AbortSignal,
): Promise<AppName | undefined> {
  if (kinds?.some((kind) => kind === LINES || kind === SAMPLES) !== true) return undefined;
  if (name !== undefined) return reach(apps, actor, 'view', name, signal);
  const problem = `must name the app when kinds asks for ${LINES} or ${SAMPLES}`;
  throw PlatformError.of('invalid_params', { field: 'app', problem });
}

async function* placed(
  from: Place,
  sources: readonly Source<Told>[],
  signal: AbortSignal,
): AsyncGenerator<StreamEvent, void, undefined> {
  async function* all(): AsyncGenerator<Source<Told>> {
    yield* await Promise.resolve(sources);
  }
  let place = from;
  for await (const told of gather(all, AHEAD, signal)) {
    if ('happened' in told) place = { ...place, seq: seqOf(told.happened) };
    else if ('line' in told)
      place = { ...place, lineMs: Math.max(place.lineMs ?? 0, told.line.at.getTime()) };
    yield { ...told, place };
  }
}

function seqOf(happened: Happening | Gap): number {
  return 'gap' in happened ? happened.gap.to : happened.seq;
}

async function* linesAfter(
  logs: EventStreamDeps['logs'],
  appId: string,
  lineMs: number | undefined,
  stop: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const since = lineMs === undefined ? -Infinity : lineMs - OVERLAP_MS;
  const lines = lineMs === undefined ? 0 : KEPT.lines;
  for await (const line of logs.readFor(appId, { lines, follow: true }, stop))
    if (line.at.getTime() >= since) yield line;
}
