import type { BackendState, RouterStatus, RoutingTable, TableVersion } from './contract.ts';
import { RouterError } from './errors.ts';
import type { Meter } from './meter.ts';
import type { Pair } from './pair.ts';
import { plan, release, type Placement, type Sessions } from './placement.ts';
import { growWhereLow, occupancy } from './pool.ts';
import type { Rollout } from './rollout.ts';
import type { Store } from './store.ts';
import type { Vault } from './vault.ts';

/**
 * The one writer of the router's state: everything that changes it takes its turn. Because disk comes before
 * the processes and both before the acknowledgement, a crash at any moment restarts into what was acknowledged or later.
 */
export interface Applier {
  /** Brings files and processes to the saved state. Throws when a process does not start; it is tried again all the same. */
  open(signal: AbortSignal): Promise<void>;
  /** Keeps a certificate for tables to come; answers its digest. In turn, so that no table before it drops it half-way. */
  keep(pem: string): Promise<string>;
  /** Resolves once every process serves the table. Idempotent for the same version; refuses an older one. */
  apply(table: RoutingTable, signal: AbortSignal): Promise<TableVersion>;
  /** Compares every process with what is wanted and repairs; gives up what has drained; grows the pool when it is low. */
  reconcile(signal: AbortSignal): Promise<void>;
  /** Gives up what has drained. */
  sweep(signal: AbortSignal): Promise<void>;
  /** Of all apps, or of these; only their places are read. */
  backends(of: 'all' | ReadonlySet<string>, signal: AbortSignal): Promise<BackendState[]>;
  status(): RouterStatus;
  /** Where a backend of the table sits. */
  placeOf(app: string, which: 'serving' | 'staged'): string | undefined;
  /** The server that sits in a slot of an app's place (`s1`), by the id the table gave it; null when it has left. */
  readonly serverAt: (app: string, place: string, slot: string) => string | null;
}

export interface ApplierDeps {
  readonly rollout: Rollout;
  readonly store: Store;
  readonly vault: Vault;
  readonly pair: Pair;
  readonly meter: Meter;
  /** How long a place stays with its last owner at least; longer than a request can be on its way without being counted. */
  readonly quarantineMs: number;
}

function isBefore(a: TableVersion, b: TableVersion): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.seq < b.seq);
}

function nameOf({ epoch, seq }: TableVersion): string {
  return `${epoch}.${seq}`;
}

/** Throws when the table may not follow the one that is applied. */
function admit(given: RoutingTable, applied: RoutingTable): void {
  const params = { given: nameOf(given.version), applied: nameOf(applied.version) };
  if (isBefore(given.version, applied.version)) throw RouterError.of('stale_table', params);
  const neverTold = applied.version.epoch === 0 && applied.version.seq === 0 && applied.routes.length === 0;
  const sameVersion = !isBefore(applied.version, given.version) && !neverTold;
  if (sameVersion && JSON.stringify(given) !== JSON.stringify(applied))
    throw RouterError.of('table_differs', params);
}

const names = (placements: readonly Placement[]): string[] => placements.map((p) => p.place);

export function createApplier({ rollout, store, vault, pair, meter, quarantineMs }: ApplierDeps): Applier {
  let last: Promise<unknown> = Promise.resolve();
  let savedBooks = '';

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function sweepNow(signal: AbortSignal): Promise<void> {
    const state = rollout.state();
    const leaves = (p: Placement): boolean =>
      p.role === 'draining' || p.slots.some((s) => s.leavingSince !== null);
    const leaving = state.placements.filter(leaves);
    if (leaving.length === 0) return;
    const next = release(state, await meter.read(names(leaving), signal), Date.now() - quarantineMs);
    if (next === state) return;
    const kept = new Set(names(next.placements));
    for (const p of leaving) if (!kept.has(p.place)) meter.close(p, next.placements);
    await rollout.to(next, signal);
  }

  async function saveBooks(): Promise<void> {
    const books = JSON.stringify(meter.books());
    if (books === savedBooks) return;
    await store.saveLedgers(meter.books());
    savedBooks = books;
  }

  return {
    open: (signal) => inTurn(() => rollout.open(signal)),

    keep: (pem) => inTurn(() => vault.keep(pem)),

    apply: (table, signal) =>
      inTurn(async () => {
        admit(table, rollout.state().table);
        const named = table.routes.flatMap((r) => (r.certificates ?? []).map((c) => c.digest));
        const [digest] = vault.lacks(named);
        if (digest !== undefined) throw RouterError.of('certificate_lacking', { digest });
        await rollout.to(plan(rollout.state(), table, Date.now()), signal);
        await vault.drop(new Set(named));
        return table.version;
      }),

    reconcile: (signal) =>
      inTurn(async () => {
        await rollout.recheck(signal);
        await sweepNow(signal);
        await meter.read(names(rollout.state().placements), signal);
        await saveBooks();
        const pool = growWhereLow(rollout.state());
        if (pool !== rollout.state().pool) await rollout.to({ ...rollout.state(), pool: [...pool] }, signal);
      }),

    sweep: (signal) => inTurn(() => sweepNow(signal)),

    async backends(of, signal) {
      const asked = rollout.state().placements.filter(({ app }) => of === 'all' || of.has(app));
      return describe(asked, await meter.read(names(asked), signal), meter);
    },

    status: () => ({
      version: rollout.state().table.version,
      processes: pair.status(),
      pool: occupancy(rollout.state()),
      reloads: rollout.reloads(),
    }),

    placeOf(app, which) {
      const { table, placements } = rollout.state();
      const route = table.routes.find((r) => r.app === app);
      const key = which === 'serving' ? route?.serving?.key : route?.staged?.key;
      return placements.find((p) => p.app === app && p.key === key && p.role !== 'draining')?.place;
    },

    serverAt: createSeats(() => rollout.state().placements),
  };
}

/** Asked for every visit, so the placements are looked through once each time they have changed. */
function createSeats(placements: () => readonly Placement[]): Applier['serverAt'] {
  let of: readonly Placement[] = [];
  let byPlace = new Map<string, Placement>();
  return (app, place, slot) => {
    if (of !== placements()) {
      of = placements();
      byPlace = new Map(of.map((p) => [p.place, p]));
    }
    const found = byPlace.get(place);
    return found?.app === app ? (found.slots.find((s) => `s${s.index}` === slot)?.id ?? null) : null;
  };
}

const IMPORTANCE = ['serving', 'staged', 'draining'] as const;

/** One entry per backend of the table: one that moved to a larger place is still in the old one for a while. */
function describe(placements: readonly Placement[], sessions: Sessions, meter: Meter): BackendState[] {
  const groups = new Map<string, Placement[]>();
  for (const p of placements)
    groups.set(`${p.app} ${p.key}`, [...(groups.get(`${p.app} ${p.key}`) ?? []), p]);
  return [...groups.values()].map((group) => {
    const sum = (of: (p: Placement) => number): number => group.reduce((total, p) => total + of(p), 0);
    const servers = new Map<string, number>();
    for (const p of group)
      for (const s of p.slots)
        servers.set(s.id, (servers.get(s.id) ?? 0) + sessions.onSlot(p.place, s.index));
    return {
      app: group[0]?.app ?? '',
      key: group[0]?.key ?? '',
      role: IMPORTANCE.find((role) => group.some((p) => p.role === role)) ?? 'draining',
      sessions: sum((p) => sessions.onPlace(p.place)),
      requests: sum((p) => meter.total(p.place).requests),
      dropped: sum((p) => meter.total(p.place).dropped),
      servers: [...servers].map(([id, count]) => ({ id, sessions: count })),
    };
  });
}
