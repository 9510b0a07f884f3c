import type { Bulletin } from '../../lib/bulletin.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { isNews, told, type Gap, type Happening } from '../domain/happening.ts';
import type { Apps } from '../ports/apps.ts';
import type { Happenings as Store } from '../ports/happenings.ts';
import { reach, seenApps } from './reach.ts';

interface HappeningsQuery {
  /** Only of this app. */
  readonly app?: string | undefined;
  /** Only of these kinds. */
  readonly kinds?: readonly string[] | undefined;
  /** Only what came after this place; without it, what comes from now on. */
  readonly after?: number | undefined;
}

type Again = (signal: AbortSignal) => Promise<Actor>;

export interface Happenings {
  /** Gives what was committed its place and tells who waits; to be called again and again. */
  publish(signal: AbortSignal): Promise<void>;
  /** Removes what nobody is promised any more. */
  prune(signal: AbortSignal): Promise<void>;
  /**
   * What happens to the apps the actor may view, until the signal aborts. What was missed and is not there any more is told
   * as a gap. `again` answers the actor as they are now, and throws when their credential is good no longer: it is asked,
   * and their rights with it, every few seconds; then the stream ends. Throws `not_found`, `scope_too_small`,
   * `too_many_streams`.
   */
  follow(actor: Actor, query: HappeningsQuery, again: Again, signal: AbortSignal): Promise<Followed>;
}

/** What happens from a place on. */
interface Followed extends AsyncIterable<Happening | Gap> {
  readonly from: number;
}

export interface HappeningsDeps {
  readonly store: Store;
  readonly apps: Pick<Apps, 'find' | 'findFor' | 'list'>;
  readonly bulletin: Bulletin;
}

/** The topic of the bulletin under which new happenings are posted. */
export const NEWS = 'happenings';
/** Kept so long and so many: whoever was away for less misses nothing. */
const KEPT = { olderThanMs: 7 * 24 * 60 * 60_000, most: 200_000 };
const PAGE = 500;
/** Another process may have published: looked for this often. */
const LOOK_MS = 1_000;
/** Rights that are gone end a stream within five seconds. */
const RIGHTS_MS = 3_000;
const STREAMS_PER_USER = 20;

export function createHappenings({ store, apps, bulletin }: HappeningsDeps): Happenings {
  const open = new Map<string, number>();

  async function sight(actor: Actor, app: string | undefined, signal: AbortSignal): Promise<Set<string>> {
    if (app !== undefined) return new Set([(await reach(apps, actor, 'view', app, signal)).id]);
    return new Set((await seenApps(apps, actor, signal)).map(({ id }) => id));
  }

  /** The rights as they are now: who has seen an app may still hear that it is gone. */
  async function look(
    { again, app, seen }: { again: Again; app: string | undefined; seen: ReadonlySet<string> },
    page: readonly Happening[],
    signal: AbortSignal,
  ): Promise<Set<string>> {
    const now = await sight(await again(signal), app, signal).catch((err: unknown) => {
      if (PlatformError.is(err, 'not_found') && page.some(isEnd)) return new Set<string>();
      throw err;
    });
    for (const happening of page)
      if (isEnd(happening) && seen.has(happening.app.id)) now.add(happening.app.id);
    return now;
  }

  async function* stream(
    { userId }: Actor,
    query: HappeningsQuery,
    first: { readonly seen: ReadonlySet<string>; readonly after: number },
    again: Again,
    signal: AbortSignal,
  ): AsyncGenerator<Happening | Gap, void, undefined> {
    enter(open, userId);
    try {
      let { seen, after } = first;
      let checked = performance.now();
      for (;;) {
        const mark = bulletin.mark(NEWS);
        const is = await store.mark(signal);
        const gap = gapOf(after, is);
        if (gap) yield gap;
        after = gap?.gap.to ?? after;
        const page = await store.read({ after, limit: PAGE, ...only(query.app, seen) }, signal);
        if (isDue(checked, page)) {
          seen = await look({ again, app: query.app, seen }, page, signal);
          checked = performance.now();
        }
        for (const happening of page.map(told)) if (isWanted(happening, seen, query.kinds)) yield happening;
        // What is not in a page that is not full does not concern us.
        after = Math.max(page.at(-1)?.seq ?? after, page.length < PAGE ? is.published : after);
        if (page.length < PAGE) await bulletin.after(NEWS, mark, LOOK_MS, signal);
      }
    } finally {
      leave(open, userId);
    }
  }

  return {
    async publish(signal) {
      let count = 0;
      for (let some = -1; some !== 0; count += some) some = await store.publish(signal);
      if (count > 0) bulletin.post(NEWS);
    },
    prune: (signal) => store.prune(KEPT, signal),
    async follow(actor, query, again, signal) {
      const seen = await sight(actor, query.app, signal);
      if ((open.get(actor.userId) ?? 0) >= STREAMS_PER_USER)
        throw PlatformError.of('too_many_streams', { limit: STREAMS_PER_USER });
      const after = query.after ?? (await store.mark(signal)).published;
      // What is waited for is the end of the stream, not of the call that opened it.
      return {
        from: after,
        [Symbol.asyncIterator]: () => stream(actor, query, { seen, after }, again, signal),
      };
    },
  };
}

function enter(open: Map<string, number>, userId: string): void {
  open.set(userId, (open.get(userId) ?? 0) + 1);
}

function leave(open: Map<string, number>, userId: string): void {
  const left = (open.get(userId) ?? 1) - 1;
  if (left === 0) open.delete(userId);
  else open.set(userId, left);
}

function only(app: string | undefined, seen: ReadonlySet<string>): { appId?: string } {
  const [appId] = seen;
  return app === undefined || appId === undefined ? {} : { appId };
}

/** Either they were removed, or the database was put back to an earlier state. */
function gapOf(
  after: number,
  { published, pruned }: { readonly published: number; readonly pruned: number },
): Gap | undefined {
  if (after > published) return { gap: { from: after, to: published } };
  return after < pruned ? { gap: { from: after, to: pruned } } : undefined;
}

/** Every few seconds, and for an app that was made a moment ago: it is not in what was seen before. */
function isDue(checked: number, page: readonly Happening[]): boolean {
  const isBirth = ({ kind, action }: Happening): boolean => kind === 'app' && action === 'create';
  return performance.now() - checked >= RIGHTS_MS || page.some(isBirth);
}

function isEnd(happening: Happening): happening is Happening & { readonly app: { readonly id: string } } {
  const { kind, action } = told(happening);
  return kind === 'app' && action === 'destroy' && happening.app !== null;
}

function isWanted(
  happening: Happening,
  seen: ReadonlySet<string>,
  kinds: readonly string[] | undefined,
): boolean {
  if (happening.app === null || !seen.has(happening.app.id)) return false;
  return isNews(happening) && (kinds === undefined || kinds.includes(happening.kind));
}
