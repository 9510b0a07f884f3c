import { z } from 'zod';
import { routingTable, type Backend, type Route, type RoutingTable } from './contract.ts';
import { classFor, grow, placesOf, INITIAL_POOL, type Place } from './pool.ts';

/**
 * Which backend of the table sits in which place. Invariants, held by `plan` and `release`:
 * a place has one owner (app, key); it is given to another only after it has drained: no stream in any process and
 * a quarantine, because queued requests of the old owner would be answered by the new one; a place nobody mentions
 * any more keeps its servers until then, so that what is in flight ends well.
 */
const slot = z.object({
  index: z.int().min(1).max(64),
  id: z.string(),
  address: z.string(),
  port: z.int(),
  /** When the table stopped mentioning this server; null while it does. Such a slot takes no new request. */
  leavingSince: z.number().nullable(),
});
type Slot = z.infer<typeof slot>;

const placement = z.object({
  place: z.string().regex(/^p\d{5}$/),
  app: z.string(),
  key: z.string(),
  role: z.enum(['serving', 'staged', 'draining']),
  /** When it took its role, in ms since the epoch. */
  since: z.number(),
  slots: z.array(slot),
});
export type Placement = z.infer<typeof placement>;

/** All the router knows; what is on disk and in HAProxy is derived from it. */
export const routerState = z.object({
  table: routingTable,
  /** Names the directory of the configuration that the processes run. */
  generation: z.int().min(0),
  pool: z.array(z.object({ first: z.int(), count: z.int(), slots: z.int() })),
  placements: z.array(placement),
});
export type RouterState = Readonly<z.infer<typeof routerState>>;

/** A router that was told nothing yet. */
export function emptyState(): RouterState {
  return {
    table: { version: { epoch: 0, seq: 0 }, routes: [] },
    generation: 0,
    pool: [...INITIAL_POOL],
    placements: [],
  };
}

interface Wanted {
  readonly app: string;
  readonly role: 'serving' | 'staged';
  readonly backend: Backend;
}

/**
 * The routes that count: of two that claim the same app, the first; and each host for the first that claims it.
 * A table with such a clash is a fault of its maker, but it must not cost the other apps anything.
 */
export function effectiveRoutes(table: RoutingTable): Route[] {
  const apps = new Set<string>();
  const hosts = new Set<string>();
  const routes: Route[] = [];
  for (const route of table.routes) {
    if (apps.has(route.app)) continue;
    apps.add(route.app);
    const own = [...new Set(route.hosts)].filter((host) => !hosts.has(host));
    for (const host of own) hosts.add(host);
    routes.push({ ...route, hosts: own });
  }
  return routes;
}

function wantedBackends(table: RoutingTable): Wanted[] {
  return effectiveRoutes(table).flatMap(({ app, serving, staged }) => {
    const wanted: Wanted[] = [];
    if (serving) wanted.push({ app, role: 'serving', backend: serving });
    if (staged && staged.key !== serving?.key) wanted.push({ app, role: 'staged', backend: staged });
    return wanted;
  });
}

/**
 * The slots with these servers in them, or null when there is no room without touching a slot that may still
 * carry a request. A server that stays keeps its slot; one that goes keeps it too, closed, until it has drained.
 */
function refit(slots: readonly Slot[], backend: Backend, capacity: number, now: number): Slot[] | null {
  const same = (s: Slot, w: Backend['servers'][number]): boolean =>
    s.id === w.id && s.address === w.address && s.port === w.port;
  // Nearly every backend of a table is as it was.
  const unchanged = slots.length === backend.servers.length && slots.every((s) => s.leavingSince === null);
  if (unchanged && slots.every((s) => backend.servers.some((w) => same(s, w)))) return [...slots];

  const kept = slots.map((s): Slot => {
    const stays = backend.servers.some((w) => same(s, w));
    return { ...s, leavingSince: stays ? null : (s.leavingSince ?? now) };
  });
  const fresh = backend.servers.filter((w) => !slots.some((s) => same(s, w)));
  const taken = new Set(slots.map((s) => s.index));
  const free = Array.from({ length: capacity }, (_, n) => n + 1).filter((index) => !taken.has(index));
  if (free.length < fresh.length) return null;
  const filled = fresh.map((w, n): Slot => ({ ...w, index: free[n] ?? 0, leavingSince: null }));
  return [...kept, ...filled].toSorted((a, b) => a.index - b.index);
}

/**
 * The state that serves this table: where every backend sits. Values in, values out; what has to be done to
 * HAProxy follows from comparing the two states. Grows the pool (which costs a reload) only when a backend has no place.
 */
export function plan(state: RouterState, table: RoutingTable, now: number): RouterState {
  const places = new Map(placesOf(state.pool).map((p) => [p.name, p]));
  const used = new Set(state.placements.map((p) => p.place));
  const left = new Map<string, Placement[]>();
  const nameOf = (app: string, key: string): string => `${app} ${key}`;
  for (const p of state.placements)
    left.set(nameOf(p.app, p.key), [...(left.get(nameOf(p.app, p.key)) ?? []), p]);
  const next: Placement[] = [];
  const homeless: Wanted[] = [];

  for (const wanted of wantedBackends(table)) {
    const name = nameOf(wanted.app, wanted.backend.key);
    const candidates = left.get(name) ?? [];
    const found = candidates
      // One that is not on its way out first; only after a move to a larger place are there two.
      .toSorted((a, b) => Number(a.role === 'draining') - Number(b.role === 'draining'))
      .map((p) => ({ p, slots: refit(p.slots, wanted.backend, places.get(p.place)?.slots ?? 0, now) }))
      .find(({ slots }) => slots !== null);
    if (found?.slots) {
      const since = found.p.role === wanted.role ? found.p.since : now;
      next.push({ ...found.p, role: wanted.role, since, slots: found.slots });
      left.set(
        name,
        candidates.filter((p) => p !== found.p),
      );
    } else if (wanted.backend.servers.length > 0) homeless.push(wanted);
  }

  for (const p of [...left.values()].flat())
    next.push(p.role === 'draining' ? p : { ...p, role: 'draining', since: now });
  return house({ ...state, table, placements: next }, homeless, { used, now });
}

function house(
  state: RouterState,
  homeless: readonly Wanted[],
  given: { readonly used: ReadonlySet<string>; readonly now: number },
): RouterState {
  let pool: readonly (typeof state.pool)[number][] = state.pool;
  const free = new Map<number, Place[]>();
  const freeOf = (slots: number): Place[] => {
    const known =
      free.get(slots) ?? placesOf(pool).filter((p) => p.slots === slots && !given.used.has(p.name));
    free.set(slots, known);
    return known;
  };
  for (const slots of new Set(homeless.map((w) => classFor(w.backend.servers.length)))) {
    const need = homeless.filter((w) => classFor(w.backend.servers.length) === slots).length;
    const missing = need - freeOf(slots).length;
    if (missing <= 0) continue;
    // And a third to spare, so that the pool is not low at once and reloaded a second time.
    const inUse = placesOf(pool).filter((p) => p.slots === slots).length + missing;
    pool = grow(pool, slots, missing + Math.ceil(inUse / 2));
    free.clear();
  }
  const placements = [...state.placements];
  for (const { app, role, backend } of homeless) {
    const place = freeOf(classFor(backend.servers.length)).shift();
    if (!place) throw new Error('the pool did not grow enough');
    const slots = refit([], backend, place.slots, given.now) ?? [];
    placements.push({ place: place.name, app, key: backend.key, role, since: given.now, slots });
  }
  return {
    ...state,
    pool: [...pool],
    placements: placements.toSorted((a, b) => (a.place < b.place ? -1 : 1)),
  };
}

/** Streams that are still on a place or on one of its slots, over all processes; unknown counts as some. */
export interface Sessions {
  onPlace(place: string): number;
  onSlot(place: string, slot: number): number;
}

/** The state without what has drained: places that carry nothing any more, and closed slots of the others. */
export function release(state: RouterState, sessions: Sessions, before: number): RouterState {
  const placements = state.placements
    .filter((p) => !(p.role === 'draining' && p.since <= before && sessions.onPlace(p.place) === 0))
    .map((p) => {
      const slots = p.slots.filter(
        (s) => s.leavingSince === null || s.leavingSince > before || sessions.onSlot(p.place, s.index) > 0,
      );
      return slots.length === p.slots.length ? p : { ...p, slots };
    });
  const changed =
    placements.length !== state.placements.length || placements.some((p, n) => p !== state.placements[n]);
  return changed ? { ...state, placements } : state;
}
