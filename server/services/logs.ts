import type { Bulletin } from '../../lib/bulletin.ts';
import { pause } from '../../lib/deadline.ts';
import { gather, type Source } from '../../lib/gather.ts';
import type { Actor } from '../domain/actor.ts';
import { KEPT } from '../domain/kept-log.ts';
import { platformLines } from '../domain/platform-log.ts';
import type { Apps } from '../ports/apps.ts';
import type { AppLogs, LogLine } from '../ports/engine.ts';
import type { Happenings } from '../ports/happenings.ts';
import { NEWS } from './happenings.ts';
import { reach } from './reach.ts';
import type { Visits } from './visits.ts';

interface LogQuery {
  readonly lines: number;
  readonly follow: boolean;
  readonly type?: string | undefined;
  readonly number?: number | undefined;
  /** Only lines of this source; without one, all. */
  readonly source?: string | undefined;
}

export interface Logs {
  /**
   * What the app's instances printed, what visitors asked of it and what the platform did with it, oldest first; with `follow`, goes on until the
   * signal aborts. Of the past in order of time, then as it comes.
   */
  read(actor: Actor, app: string, query: LogQuery, signal: AbortSignal): Promise<AsyncIterable<LogLine>>;
  /** The same for the platform itself, which needs no leave: of an app by its id. */
  readFor(appId: string, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
}

export interface LogsDeps {
  readonly apps: Pick<Apps, 'find' | 'findFor'>;
  readonly logs: AppLogs;
  readonly happenings: Pick<Happenings, 'last' | 'read' | 'mark'>;
  readonly bulletin: Bulletin;
  readonly visits: Pick<Visits, 'past' | 'follow'>;
}

/** How far a slow reader may fall behind. */
const AHEAD_LINES = 2_000;
const PAGE = 500;
const LOOK_MS = 1_000;
/** The past of an app's instances has been read after so long. */
const PAST_MS = 300;

export function createLogs(deps: LogsDeps): Logs {
  return {
    async read(actor, name, query, signal) {
      const app = await reach(deps.apps, actor, 'view', name, signal);
      return lines(deps, app.id, query, signal);
    },
    readFor: (appId, query, signal) => lines(deps, appId, query, signal),
  };
}

async function* lines(
  deps: LogsDeps,
  appId: string,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const { source, lines: count, follow } = query;
  const wanted = wish(query);
  // Taken first: what happens while the past is read comes after it.
  const { published } = await deps.happenings.mark(signal);
  const visits = follow ? await deps.visits.follow(appId, signal) : undefined;
  const platform = await platformPast(deps, appId, { count, published, visited: visits?.past }, signal);
  const said = platform.filter(wanted).slice(-count);
  // Lines are counted after they are sorted out by source, so of the past all must be looked at.
  const looked = source !== undefined && !follow ? KEPT.lines : count;
  const asked = { appId, ...placeOf(query), lines: looked, follow };
  const printed = (stop: AbortSignal) => deps.logs.read(asked, stop);
  if (visits) {
    // One reading for the past and what follows, so that no line of an instance falls between them.
    yield* merged(
      deps,
      appId,
      { platform: said, count, published, wanted, source, visits: (stop) => visits.next(stop) },
      printed,
      signal,
    );
    return;
  }
  const past: LogLine[] = [];
  for await (const line of printed(signal)) if (isOf(source, line)) past.push(line);
  if (count > 0) yield* inTime(past, said).slice(-count);
}

function placeOf({ type, number }: LogQuery): { type?: string; number?: number } {
  return { ...(type !== undefined && { type }), ...(number !== undefined && { number }) };
}

/** What the platform has said of the app, its router's lines among it. */
async function platformPast(
  { happenings, visits }: LogsDeps,
  appId: string,
  of: {
    readonly count: number;
    readonly published: number;
    readonly visited: readonly LogLine[] | undefined;
  },
  signal: AbortSignal,
): Promise<LogLine[]> {
  if (of.count === 0) return [];
  // Not every event is a line, nor one that is wanted: lines are counted when they are sorted out.
  const told = await happenings.last(appId, KEPT.lines, signal);
  const said = told.filter(({ seq }) => seq <= of.published).flatMap(platformLines);
  return inTime(of.visited ?? (await visits.past(appId, signal)), said);
}

function isOf(source: string | undefined, line: LogLine): boolean {
  return source === undefined || line.source === source;
}

/** Which lines a reader wants of those that are not asked for by place. */
function wish({ type, number, source }: LogQuery): (line: LogLine) => boolean {
  const full = number === undefined ? type : `${type ?? ''}.${number}`;
  return (line) =>
    isOf(source, line) &&
    (full === undefined ||
      line.instance === full ||
      (number === undefined && line.instance.startsWith(`${full}.`)));
}

interface Past {
  readonly platform: readonly LogLine[];
  /** So many lines of the past are told, whoever said them. */
  readonly count: number;
  readonly published: number;
  readonly wanted: (line: LogLine) => boolean;
  readonly source: string | undefined;
  /** What visitors ask from now on. */
  readonly visits: Source<LogLine>;
}

/** Lines of instances, of the platform and of its router as they come, after the last of the past in order of time. */
async function* merged(
  { happenings, bulletin }: LogsDeps,
  appId: string,
  { platform, count, published, wanted, source, visits }: Past,
  printed: Source<LogLine>,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  async function* news(stop: AbortSignal): AsyncGenerator<LogLine, void, undefined> {
    for (let after = published; ;) {
      const mark = bulletin.mark(NEWS);
      const page = await happenings.read({ after, limit: PAGE, appId }, stop);
      yield* page.flatMap(platformLines).filter(wanted);
      after = page.at(-1)?.seq ?? after;
      if (page.length < PAGE) await bulletin.after(NEWS, mark, LOOK_MS, stop);
    }
  }
  async function* asked(stop: AbortSignal): AsyncGenerator<LogLine, void, undefined> {
    for await (const line of visits(stop)) if (wanted(line)) yield line;
  }
  async function* spoken(stop: AbortSignal): AsyncGenerator<LogLine, void, undefined> {
    for await (const line of printed(stop)) if (isOf(source, line)) yield line;
  }
  // The past of instances comes at once: what has come by then is all of it.
  async function* settled(stop: AbortSignal): AsyncGenerator<null, void, undefined> {
    await pause(PAST_MS, stop);
    yield null;
  }
  async function* sources(): AsyncGenerator<Source<LogLine | null>> {
    yield* await Promise.resolve([spoken, news, asked, settled]);
  }
  const opened = new Date();
  let early: LogLine[] | null = [];
  for await (const line of gather(sources, AHEAD_LINES, signal)) {
    if (line !== null && early !== null) early.push(line);
    else if (line !== null) yield line;
    else if (early !== null) {
      yield* inTime(
        early.filter(({ at }) => at < opened),
        platform,
      ).slice(-count);
      yield* early.filter(({ at }) => at >= opened);
      early = null;
    }
  }
}

/** Lines of equal times stay in their order, the platform's before what was printed. */
function inTime(printed: readonly LogLine[], platform: readonly LogLine[]): LogLine[] {
  return [...platform, ...printed].toSorted((a, b) => a.at.getTime() - b.at.getTime());
}
