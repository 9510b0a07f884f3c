/**
 * HAProxy 2.6 cannot make backends while it runs, so generic ones are declared ahead: places. A place has a fixed
 * number of server slots and belongs to nobody until it is filled. Places are declared in shards (one file each,
 * so that a change rewrites a small file), and a shard never changes its shape once it is declared.
 */
export interface Shard {
  readonly first: number;
  readonly count: number;
  readonly slots: number;
}

export type Pool = readonly Shard[];

/** One pre-declared backend of HAProxy. */
export interface Place {
  readonly name: string;
  /** HAProxy's own number of the backend, fixed so that its counters can be asked for one by one. */
  readonly id: number;
  readonly slots: number;
  readonly shard: number;
}

/** About 6 MB in each process; enough for some sixty apps in the middle of a deploy each. */
export const INITIAL_POOL: Pool = [
  { first: 0, count: 128, slots: 4 },
  { first: 128, count: 8, slots: 16 },
  { first: 136, count: 2, slots: 64 },
];

/** Slots per place, smallest first. The last is the most servers a backend of the table may have. */
const CLASSES = [4, 16, 64] as const;

/** A shard's file is rewritten on every deploy of one of its places: this keeps it below 100 kB. */
const MAX_SHARD_SLOTS = 1024;

const FIRST_ID = 10_000;

function placeName(index: number): string {
  return `p${String(index).padStart(5, '0')}`;
}

/** HAProxy's number of a place, from its name. */
export function placeId(name: string): number {
  return FIRST_ID + Number(name.slice(1));
}

/** The places of one shard, in order. */
export function placesOfShard(shard: Shard, index: number): Place[] {
  return Array.from({ length: shard.count }, (_, n) => ({
    name: placeName(shard.first + n),
    id: FIRST_ID + shard.first + n,
    slots: shard.slots,
    shard: index,
  }));
}

/** Every declared place, in order. */
export function placesOf(pool: Pool): Place[] {
  return pool.flatMap(placesOfShard);
}

/** The smallest class of places that holds so many servers. */
export function classFor(servers: number): number {
  const fitting = CLASSES.find((slots) => slots >= servers);
  if (fitting === undefined) throw new Error(`no place holds ${servers} servers`);
  return fitting;
}

/** The pool with the class doubled (never by less than `least` places), in shards of bounded size. */
export function grow(pool: Pool, slots: number, least: number): Pool {
  const have = pool.filter((s) => s.slots === slots).reduce((sum, s) => sum + s.count, 0);
  let missing = Math.max(least, have);
  let first = pool.reduce((sum, s) => sum + s.count, 0);
  const grown = [...pool];
  while (missing > 0) {
    const count = Math.min(missing, MAX_SHARD_SLOTS / slots);
    grown.push({ first, count, slots });
    first += count;
    missing -= count;
  }
  return grown;
}

/** A pool, and which of its places have an owner. */
interface InUse {
  readonly pool: Pool;
  readonly placements: readonly { readonly place: string }[];
}

/** How many places exist and how many are free. */
export function occupancy(state: InUse): { size: number; free: number } {
  const size = state.pool.reduce((sum, s) => sum + s.count, 0);
  return { size, free: size - state.placements.length };
}

/**
 * The pool grown in every class that has less than a quarter free, or the same pool. Growing costs a reload,
 * so it happens ahead of need and in steps that double.
 */
export function growWhereLow(state: InUse): Pool {
  const used = new Set(state.placements.map((p) => p.place));
  return CLASSES.reduce<Pool>((pool, slots) => {
    const places = placesOf(state.pool).filter((p) => p.slots === slots);
    const free = places.filter((p) => !used.has(p.name)).length;
    return free * 4 < places.length ? grow(pool, slots, 1) : pool;
  }, state.pool);
}
