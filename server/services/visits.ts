import type { Logger } from '../../lib/log.ts';
import { pause } from '../../lib/deadline.ts';
import type { App } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { visitText, type Silence, type Visit } from '../domain/visit.ts';
import type { Apps } from '../ports/apps.ts';
import type { LogLine } from '../ports/engine.ts';
import type { RouterLines, VisitMark, VisitSource } from '../ports/visits.ts';

export interface Visits {
  /** Keeps what the router tells and hands it to whoever follows; until the signal aborts, whatever goes wrong. */
  collect(signal: AbortSignal): Promise<void>;
  /**
   * The lines of the router about an app: those that are kept, and those that come from now on, with none between them
   * lost or doubled. A reader who falls behind misses lines, and is told how many.
   */
  follow(appId: string, signal: AbortSignal): Promise<FollowedVisits>;
  /** Those that are kept. */
  past(appId: string, signal: AbortSignal): Promise<readonly LogLine[]>;
}

interface FollowedVisits {
  readonly past: readonly LogLine[];
  /** To be read once, or left; ends when either signal aborts. */
  readonly next: (stop: AbortSignal) => AsyncIterable<LogLine>;
}

export interface VisitsDeps {
  readonly source: VisitSource;
  readonly lines: RouterLines;
  readonly apps: Pick<Apps, 'find'>;
  readonly log: Logger;
}

/** A router that is away is asked again. */
const AGAIN_MS = 1_000;
/** How far a follower may fall behind. */
const AHEAD_LINES = 5_000;
/** Only apps have a log; the platform's own address is no app, and its id not like one. */
const APP_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createVisits({ source, lines, apps, log }: VisitsDeps): Visits {
  const followers = new Map<string, Set<Follower>>();
  const inTurn = createTurn();

  async function keep(appId: string, fresh: readonly LogLine[], signal: AbortSignal): Promise<void> {
    try {
      await lines.add(appId, fresh, signal);
    } catch (err) {
      if (signal.aborted) throw err;
      // A disk that is full costs what is kept, not what is followed.
      log.warn({ err, app: appId }, 'lines of the router could not be kept');
    }
    for (const follower of followers.get(appId) ?? []) follower.push(fresh);
  }

  async function round(after: VisitMark | null, signal: AbortSignal): Promise<VisitMark> {
    const { mark, visits, lost } = await source.visits(after, signal);
    const byApp = new Map<string, LogLine[]>();
    const say = (app: string, at: Date, text: string): void => {
      const known = byApp.get(app) ?? [];
      byApp.set(app, known);
      known.push({ at, source: 'gantry', instance: 'router', text });
    };
    const silences = createSilences(apps, signal);
    for (const visit of visits)
      if (APP_ID.test(visit.app)) say(visit.app, visit.at, visitText(visit, await silences.of(visit)));
    for (const { app, count, since } of lost)
      if (APP_ID.test(app)) say(app, visits.at(-1)?.at ?? since, droppedText('L12', count, since));
    if (byApp.size > 0)
      await inTurn(() => Promise.all([...byApp].map(([app, fresh]) => keep(app, fresh, signal))));
    return mark;
  }

  return {
    async collect(signal) {
      const stopped = (): boolean => signal.aborted;
      let mark: VisitMark | null = null;
      let away = false;
      while (!stopped()) {
        try {
          mark = await round(mark, signal);
          away = false;
        } catch (err) {
          if (stopped()) return;
          if (!away) log.warn({ err }, 'the router tells of no visits; will ask again');
          away = true;
          await pause(AGAIN_MS, signal).catch(() => undefined);
        }
      }
    },

    past: (appId, signal) => lines.read(appId, signal),

    follow: (appId, signal) =>
      inTurn(async () => {
        const follower = createFollower(AHEAD_LINES);
        const mine = followers.get(appId) ?? new Set();
        followers.set(appId, mine.add(follower));
        const leave = (): void => {
          follower.end();
          mine.delete(follower);
          if (mine.size === 0) followers.delete(appId);
        };
        signal.addEventListener('abort', leave, { once: true });
        try {
          const past = await lines.read(appId, signal);
          const next = (stop: AbortSignal): AsyncIterable<LogLine> => {
            if (stop.aborted) leave();
            stop.addEventListener('abort', leave, { once: true });
            return follower.lines;
          };
          return { past, next };
        } catch (err) {
          signal.removeEventListener('abort', leave);
          leave();
          throw err;
        }
      }),
  };
}

/** In the words of the Platform API: `L12` what never arrived, `L11` what a reader was too slow for. */
function droppedText(code: 'L11' | 'L12', count: number, since: Date): string {
  const when = since.toISOString().replace('Z', '+00:00');
  return code === 'L12'
    ? `Error L12: ${count} messages dropped since ${when}.`
    : `Error L11 (tail buffer overflow) -> This tail session dropped ${count} messages since ${when}`;
}

/** Why nothing answers for an app; each app is looked up once. */
function createSilences(
  apps: VisitsDeps['apps'],
  signal: AbortSignal,
): { of(visit: Visit): Promise<Silence> } {
  const known = new Map<string, Silence>();
  return {
    async of({ app: id, fault }) {
      if (fault !== 'none') return 'crashed';
      const silence = known.get(id) ?? silenceOf(await apps.find(id, signal).catch(unknownWhenAway));
      known.set(id, silence);
      return silence;
    },
  };
}

function silenceOf(app: App | undefined): Silence {
  if (app?.releasedAt === null) return 'blank';
  return app?.formation.get('web') === 0 ? 'scaled to 0' : 'crashed';
}

/** A line with the wrong reason is better than none while the database is away. */
function unknownWhenAway(err: unknown): undefined {
  if (!PlatformError.is(err, 'database_away')) throw err;
}

interface Follower {
  push(fresh: readonly LogLine[]): void;
  end(): void;
  readonly lines: AsyncIterable<LogLine>;
}

function createFollower(most: number): Follower {
  let waiting: LogLine[] = [];
  let dropped: { count: number; readonly since: Date } | undefined;
  let over = false;
  let rouse = (): void => undefined;

  async function* read(): AsyncGenerator<LogLine, void, undefined> {
    for (;;) {
      const next = waiting;
      waiting = [];
      yield* next;
      if (waiting.length > 0) continue;
      if (dropped) {
        const { count, since } = dropped;
        dropped = undefined;
        yield { at: since, source: 'gantry', instance: 'router', text: droppedText('L11', count, since) };
      }
      if (over) return;
      await new Promise<void>((resolve) => {
        rouse = resolve;
        if (over || waiting.length > 0) resolve();
      });
    }
  }

  return {
    push(fresh) {
      const room = Math.max(0, most - waiting.length);
      waiting.push(...fresh.slice(0, room));
      const first = fresh[room];
      if (first)
        dropped = { count: (dropped?.count ?? 0) + fresh.length - room, since: dropped?.since ?? first.at };
      rouse();
    },
    end() {
      over = true;
      rouse();
    },
    lines: read(),
  };
}

/** One after the other: who begins to follow sees each line either kept or coming. */
function createTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
