import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Route, RoutingTable } from './contract.ts';
import type { Command } from './commands.ts';
import { emptyState, plan, release, type Placement, type RouterState, type Sessions } from './placement.ts';
import { growWhereLow, placesOf, type Pool } from './pool.ts';
import {
  commandsBetween,
  forEachMap,
  wantedRuntime,
  type MapName,
  type Runtime,
  type Server,
} from './runtime.ts';
import { NO_BUNDLES } from './tls.ts';

const server = (
  n: number,
): Route['serving'] extends infer B
  ? NonNullable<B> extends { servers: (infer S)[] }
    ? S
    : never
  : never => ({
  id: `web-${n}`,
  address: `10.0.0.${n}`,
  port: 3000 + n,
});

const backendOf = (key: string, ...ids: number[]) => ({ key, servers: ids.map(server) });

function table(seq: number, routes: readonly Partial<Route>[]): RoutingTable {
  const full = routes.map((r, n) => ({
    app: `app-${n}`,
    hosts: [`h${n}.dev`],
    serving: null,
    staged: null,
    ...r,
  }));
  return { version: { epoch: 1, seq }, routes: full };
}

const ticketOf = (app: string, key: string, id: string): string => `${app}-${key}-${id}`;

const QUIET: Sessions = { onPlace: () => 0, onSlot: () => 0 };

const find = (state: RouterState, app: string, key: string): Placement => {
  const found = state.placements.find((p) => p.app === app && p.key === key);
  if (!found) throw new Error(`${app} ${key} has no place`);
  return found;
};

describe('plan', () => {
  it('gives another key another place and leaves the old one as it is until it has drained', () => {
    const first = plan(emptyState(), table(1, [{ serving: backendOf('r1', 1) }]), 100);
    const second = plan(first, table(2, [{ serving: backendOf('r2', 2) }]), 200);
    const [old, fresh] = [find(second, 'app-0', 'r1'), find(second, 'app-0', 'r2')];
    expect(old).toEqual({ ...find(first, 'app-0', 'r1'), role: 'draining', since: 200 });
    expect(fresh.place).not.toBe(old.place);
    expect(wantedRuntime(second).maps['apps.map'].get('app-0')).toBe(fresh.place);
  });

  it('goes back to a place that still drains when the table does', () => {
    const first = plan(emptyState(), table(1, [{ serving: backendOf('r1', 1) }]), 100);
    const second = plan(first, table(2, [{ serving: backendOf('r2', 2) }]), 200);
    const third = plan(second, table(3, [{ serving: backendOf('r1', 1) }]), 300);
    expect(find(third, 'app-0', 'r1')).toMatchObject({
      place: find(first, 'app-0', 'r1').place,
      role: 'serving',
    });
  });

  it('promotes a staged backend without moving it', () => {
    const staged = plan(
      emptyState(),
      table(1, [{ serving: backendOf('r1', 1), staged: backendOf('r2', 2) }]),
      1,
    );
    const live = plan(staged, table(2, [{ serving: backendOf('r2', 2) }]), 2);
    expect(find(live, 'app-0', 'r2').place).toBe(find(staged, 'app-0', 'r2').place);
    expect(commandsBetween(wantedRuntime(staged), wantedRuntime(live)).map((c) => c.line)).toEqual([
      `set server ${find(live, 'app-0', 'r2').place}/s1 health up`,
      `set map apps.map app-0 ${find(live, 'app-0', 'r2').place}`,
    ]);
  });

  it('closes the slot of a removed server and puts no other server into it before it has drained', () => {
    const two = plan(emptyState(), table(1, [{ serving: backendOf('r', 1, 2) }]), 1);
    const one = plan(two, table(2, [{ serving: backendOf('r', 1) }]), 2);
    const again = plan(one, table(3, [{ serving: backendOf('r', 1, 3) }]), 3);
    expect(find(again, 'app-0', 'r').slots.map((s) => [s.index, s.id, s.leavingSince])).toEqual([
      [1, 'web-1', null],
      [2, 'web-2', 2],
      [3, 'web-3', null],
    ]);
  });

  it('points an app without servers to nobody, and forgets the hosts of one that is gone', () => {
    const none = plan(emptyState(), table(1, [{ serving: backendOf('r') }, { serving: null }]), 1);
    expect([...wantedRuntime(none).maps['apps.map'].values()]).toEqual(['none', 'none']);
    const gone = plan(none, table(2, []), 2);
    expect(wantedRuntime(gone).maps['routes.map'].size).toBe(0);
  });

  it('confines a clash: the first of two claims of a host or an app counts, other apps do not notice', () => {
    const clash = table(1, [
      { hosts: ['a.dev'], serving: backendOf('r', 1) },
      { hosts: ['a.dev', 'b.dev'], serving: backendOf('r', 2) },
      { app: 'app-0', hosts: ['c.dev'] },
    ]);
    const { maps } = wantedRuntime(plan(emptyState(), clash, 1));
    expect(Object.fromEntries(maps['routes.map'])).toEqual({ 'a.dev': 'app-0', 'b.dev': 'app-1' });
  });

  it('changes nothing of other apps when one is added', () => {
    const some = table(
      1,
      [0, 1, 2].map((n) => ({ serving: backendOf('r', n + 1) })),
    );
    const before = plan(emptyState(), some, 1);
    const extra: Route = {
      app: 'extra',
      hosts: ['extra.dev', '*.extra.dev'],
      serving: backendOf('r', 9),
      staged: null,
    };
    const after = plan(before, { version: { epoch: 1, seq: 2 }, routes: [...some.routes, extra] }, 2);
    const { place } = find(after, 'extra', 'r');
    const lines = commandsBetween(wantedRuntime(before), wantedRuntime(after)).map((c) => c.line);
    expect(lines).toEqual([
      `set server ${place}/s1 addr 10.0.0.9 port 3009`,
      `set server ${place}/s1 state ready`,
      `set server ${place}/s1 health up`,
      `add map apps.map extra ${place}`,
      'add map routes.map extra.dev extra',
      'add map wild.map extra.dev extra',
    ]);
  });

  it('grows the pool when there is no room, and leaves some to spare', () => {
    const many = table(
      1,
      Array.from({ length: 500 }, () => ({ serving: backendOf('r', 1) })),
    );
    const state = plan(emptyState(), many, 1);
    expect(state.placements).toHaveLength(500);
    expect(growWhereLow(state)).toEqual(state.pool);
    expect(new Set(placesOf(state.pool).map((p) => p.name)).size).toBe(placesOf(state.pool).length);
  });
});

describe('release', () => {
  const drained = plan(
    plan(emptyState(), table(1, [{ serving: backendOf('r1', 1) }]), 100),
    table(2, []),
    200,
  );

  it('keeps a place as long as anything is on it or its quarantine lasts', () => {
    expect(release(drained, QUIET, 199)).toBe(drained);
    expect(release(drained, { ...QUIET, onPlace: () => 1 }, 10_000)).toBe(drained);
    expect(release(drained, QUIET, 200).placements).toEqual([]);
  });
});

/** HAProxy as far as we use it: it refuses what the real one refuses. */
function simulate(from: Runtime, commands: readonly Command[], look: (now: Runtime) => void): Runtime {
  const maps = forEachMap((name) => new Map(from.maps[name]));
  const servers = new Map<string, Server>(from.servers);
  const changeMap = (verb: string, map: Map<string, string>, key: string, value: string): void => {
    if (verb === 'add' && map.has(key)) throw new Error(`${key} would be there twice`);
    if (verb !== 'add' && !map.has(key)) throw new Error(`entry not found: ${key}`);
    if (verb === 'del') map.delete(key);
    else map.set(key, value);
  };
  const changeServer = (slot: string, what: string, value: string, port: number): void => {
    const now = servers.get(slot) ?? { address: '127.0.0.1', port: 1, open: false };
    servers.set(
      slot,
      what === 'addr'
        ? { ...now, address: value, port }
        : { ...now, open: what === 'health' ? now.open : value === 'ready' },
    );
  };
  for (const { line } of commands) {
    const [verb = '', what, target = '', key = '', value = '', , port] = line.split(' ');
    if (what === 'server') changeServer(target, key, value, Number(port));
    else changeMap(verb, maps[target as MapName], key, value);
    look({ maps, servers, tls: from.tls });
  }
  return { maps, servers, tls: from.tls };
}

const openOnly = (runtime: Runtime) => new Map([...runtime.servers].filter(([, s]) => s.open));

const anyBackend = fc.record({
  key: fc.constantFrom('r1', 'r2', 'r3'),
  servers: fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 18 }).map((ids) => ids.map(server)),
});
const anyRoute = fc.record({
  app: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  hosts: fc.subarray(['a.dev', 'b.dev', '*.a.dev', '*.c.dev', 'x.c.dev']),
  serving: fc.option(anyBackend),
  staged: fc.option(anyBackend),
  affinity: fc.boolean(),
});
const anyStep = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ routes: fc.uniqueArray(anyRoute, { selector: (r) => r.app, maxLength: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      busy: fc.subarray([0, 1, 2, 3, 4, 5, 6, 7]),
      waitMs: fc.integer({ min: 0, max: 9000 }),
    }),
  },
);

const TINY: Pool = [
  { first: 0, count: 4, slots: 4 },
  { first: 4, count: 1, slots: 16 },
];

it('any sequence of tables ends in a HAProxy that serves the last one, and no request ever meets a stranger [S-INJ-07]', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 25 }), (steps) => {
      let state: RouterState = { ...emptyState(), pool: [...TINY] };
      let runtime: Runtime = wantedRuntime(state, NO_BUNDLES, ticketOf);
      let now = 0;
      steps.forEach((step, n) => {
        now += 1;
        const before = state;
        if ('routes' in step)
          state = plan(state, { version: { epoch: 1, seq: n }, routes: step.routes }, now);
        else {
          now += step.waitMs;
          const onPlace = (place: string): number => (step.busy.includes(Number(place.slice(1)) % 8) ? 1 : 0);
          state = release(state, { onPlace, onSlot: onPlace }, now - 5_000);
          for (const p of before.placements)
            if (p.role === 'draining' && onPlace(p.place) > 0) expect(state.placements).toContainEqual(p);
        }
        noPlaceHasTwoOwners(before, state, 'routes' in step);
        const wanted = wantedRuntime(state, NO_BUNDLES, ticketOf);
        runtime = simulate(runtime, commandsBetween(runtime, wanted), everythingLeadsToOpenServers);
        expect(runtime.maps).toEqual(wanted.maps);
        expect(openOnly(runtime)).toEqual(openOnly(wanted));
        expect(commandsBetween(runtime, wanted)).toEqual([]);
      });
    }),
    { numRuns: 200 },
  );
});

function noPlaceHasTwoOwners(before: RouterState, after: RouterState, byPlan: boolean): void {
  const places = after.placements.map((p) => p.place);
  expect(new Set(places).size).toBe(places.length);
  for (const p of before.placements) {
    const now = after.placements.find((q) => q.place === p.place);
    if (byPlan) expect([now?.app, now?.key]).toEqual([p.app, p.key]); // only `release` frees, never a table
    for (const s of p.slots) {
      const same = now?.slots.find((q) => q.index === s.index);
      if (same && byPlan) expect([same.id, same.address, same.port]).toEqual([s.id, s.address, s.port]);
    }
  }
}

/** Between any two commands: an app that leads to a place finds an open server there, a ticket its own, and a host leads to an app. */
function everythingLeadsToOpenServers({ maps, servers }: Runtime): void {
  const open = new Set([...servers].filter(([, s]) => s.open).map(([slot]) => slot.slice(0, 6)));
  for (const [seat, slot] of maps['seats.map'])
    if (servers.get(`${seat.slice(0, 7)}${slot}`)?.open !== true)
      throw new Error(`the ticket ${seat} leads to ${slot}, which is not open`);
  for (const place of maps['apps.map'].values())
    if (place !== 'none' && !open.has(place)) throw new Error(`${place} is led to, but has no open server`);
  for (const app of [...maps['routes.map'].values(), ...maps['wild.map'].values()])
    if (!maps['apps.map'].has(app)) throw new Error(`a host leads to ${app}, which is not known`);
}
