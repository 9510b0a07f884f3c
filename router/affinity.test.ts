import { describe, expect, it } from 'vitest';
import { Secret } from '../lib/secret.ts';
import { createTickets } from './affinity.ts';
import type { Route } from './contract.ts';
import { emptyState, plan, type RouterState } from './placement.ts';
import { commandsBetween, wantedRuntime, type Runtime } from './runtime.ts';
import { NO_BUNDLES } from './tls.ts';

const ticketOf = createTickets(new Secret('a secret of the tests'));
const server = (n: number) => ({ id: `web-${n}`, address: `10.0.0.${n}`, port: 5000 });
const backend = (key: string, ...servers: number[]) => ({ key, servers: servers.map(server) });

/** One step after another, each a table with these routes. */
function after(...steps: readonly (readonly Partial<Route>[])[]): RouterState {
  return steps.reduce((state, routes, n) => {
    const full = routes.map((route, m) => ({
      ...{ app: `app-${m}`, hosts: [`h${m}.dev`], serving: null, staged: null, affinity: true },
      ...route,
    }));
    return plan(state, { version: { epoch: 1, seq: n + 1 }, routes: full }, n);
  }, emptyState());
}

const runtimeOf = (state: RouterState): Runtime => wantedRuntime(state, NO_BUNDLES, ticketOf);
const placeOf = (state: RouterState, key: string): string =>
  state.placements.find((p) => p.key === key)?.place ?? '';
const linesBetween = (from: RouterState, to: RouterState): string[] =>
  commandsBetween(runtimeOf(from), runtimeOf(to)).map(({ line }) => line);

describe('a ticket', () => {
  it('is always the same for a server, and another for any other app, release, server or secret', () => {
    const others = [
      ticketOf('shop', 'd1', 'web-1-1'),
      ticketOf('blog', 'd1', 'web-1-1'),
      ticketOf('shop', 'd2', 'web-1-1'),
      ticketOf('shop', 'd1', 'web-2-1'),
      ticketOf('shop', 'd1', 'web-1-2'),
      createTickets(new Secret('another secret'))('shop', 'd1', 'web-1-1'),
    ];
    expect(new Set(others).size).toBe(others.length);
    expect(ticketOf('shop', 'd1', 'web-1-1')).toBe(others[0]);
  });

  it('is digits that tell nothing, and the same wherever the server is', () => {
    expect(ticketOf('shop', 'd1', 'web-1-1')).toMatch(/^[0-9a-f]{32}$/);
    const here = runtimeOf(after([{ serving: backend('d1', 1) }])).maps['tickets.map'];
    const moved = { key: 'd1', servers: [{ ...server(1), address: '10.9.9.9', port: 81 }] };
    const there = runtimeOf(after([{ serving: moved }])).maps['tickets.map'];
    expect([...there]).toEqual([...here]);
  });
});

describe('the maps of affinity', () => {
  it('lead from every open slot to its ticket and back, of apps that ask for it', () => {
    const state = after([
      { serving: backend('d1', 1, 2), staged: backend('d2', 3) },
      { serving: backend('e1', 4), affinity: false },
    ]);
    const { maps } = runtimeOf(state);
    const place = placeOf(state, 'd1');
    const [one, two] = [ticketOf('app-0', 'd1', 'web-1'), ticketOf('app-0', 'd1', 'web-2')];
    expect(Object.fromEntries(maps['tickets.map'])).toEqual({ [`${place}/s1`]: one, [`${place}/s2`]: two });
    expect(Object.fromEntries(maps['seats.map'])).toEqual({
      [`${place}/${one}`]: 's1',
      [`${place}/${two}`]: 's2',
    });
  });

  it('forget a server that leaves, and keep the tickets of those that stay', () => {
    const before = after([{ serving: backend('d1', 1, 2) }]);
    const fewer = after([{ serving: backend('d1', 1, 2) }], [{ serving: backend('d1', 2) }]);
    const place = placeOf(before, 'd1');
    expect(linesBetween(before, fewer)).toEqual([
      `del map tickets.map ${place}/s1`,
      `del map seats.map ${place}/${ticketOf('app-0', 'd1', 'web-1')}`,
      `set server ${place}/s1 state maint`,
    ]);
  });

  it('are all that changes when affinity is switched on or off', () => {
    const off = after([{ serving: backend('d1', 1, 2), affinity: false }]);
    const on = after([{ serving: backend('d1', 1, 2) }]);
    for (const lines of [linesBetween(off, on), linesBetween(on, off)]) {
      expect(lines).toHaveLength(4);
      for (const line of lines) expect(line).toMatch(/^(add|del) map (tickets|seats)\.map /);
    }
  });

  it('know the new release before visitors are sent to it, and the old one until they are', () => {
    const old = after([{ serving: backend('d1', 1) }]);
    const next = after([{ serving: backend('d1', 1) }], [{ serving: backend('d2', 2) }]);
    const lines = linesBetween(old, next).filter((line) => line.includes(' map '));
    const [from, to] = [placeOf(next, 'd1'), placeOf(next, 'd2')];
    const [left, come] = [ticketOf('app-0', 'd1', 'web-1'), ticketOf('app-0', 'd2', 'web-2')];
    expect(lines).toEqual([
      `add map seats.map ${to}/${come} s1`,
      `add map tickets.map ${to}/s1 ${come}`,
      `set map apps.map app-0 ${to}`,
      `del map tickets.map ${from}/s1`,
      `del map seats.map ${from}/${left}`,
    ]);
  });

  it('hold nothing of an app in whose name two routes speak but what the first asks for', () => {
    const serving = backend('d1', 1);
    const state = after([
      { app: 'shop', serving, affinity: false },
      { app: 'shop', serving },
    ]);
    expect(runtimeOf(state).maps['tickets.map'].size).toBe(0);
  });
});
