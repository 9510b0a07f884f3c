import { beforeEach, describe, expect, it } from 'vitest';
import { keyringOf } from '../../test/support/keyring.ts';
import { createFakeRouter, type FakeRouter } from '../../test/support/fake-router.ts';
import { instanceOf } from '../../test/support/fake-app.ts';
import type { Instance } from '../domain/instance.ts';
import { NO_ROUTE, type AppRoute, type Target } from '../domain/plan.ts';
import { createRoutes, type FixedRoute, type Routes, type WantedRoute } from './routes.ts';

const patient = new AbortController().signal;
const API: FixedRoute = {
  app: 'api',
  hosts: ['api.test'],
  tlsHosts: ['localhost'],
  address: '127.0.0.1',
  port: 7000,
};

let router: FakeRouter;
let nowMs: number;
let routes: Routes;

const open = (epoch = 1, fixed: readonly FixedRoute[] = []): Routes =>
  createRoutes({ router, keyring: keyringOf(router), fixed, epoch: () => epoch, nowMs: () => nowMs });
const web = (number: number, over: Partial<Instance> = {}): Instance => ({
  ...instanceOf('hello', 'web', number, 1),
  id: `web.${number}`,
  address: `10.0.0.${number}`,
  ...over,
});
/** No deployment is under way. */
const NOBODY = new Set<string>();
const to = (seq: number, ...instances: string[]): Target => ({ seq, instances });
const want = (route: Partial<AppRoute>, appId = 'hello'): WantedRoute => ({
  appId,
  hosts: [`${appId}.test`],
  certificates: [],
  maintenance: false,
  affinity: false,
  route: { ...NO_ROUTE, ...route },
});

beforeEach(() => {
  router = createFakeRouter({ answer: () => 200 });
  nowMs = 1_000_000;
  routes = open();
});

describe('applying', () => {
  it('sends everything as one table, and remembers it only once it is acknowledged', async () => {
    expect(routes.acknowledged('hello')).toEqual(NO_ROUTE);
    router.setAway(true);
    const wanted = [want({ serving: to(1, 'web.1') })];
    await expect(routes.apply(wanted, [web(1)], patient)).rejects.toThrow('did not acknowledge');
    expect(routes.acknowledged('hello')).toEqual(NO_ROUTE);
    router.setAway(false);
    await routes.apply(wanted, [web(1)], patient);
    expect(routes.acknowledged('hello')).toEqual({ serving: to(1, 'web.1'), staged: null });
    expect(router.tables.map((table) => table.routes)).toEqual([
      [
        {
          app: 'hello',
          hosts: ['hello.test'],
          serving: { key: 'd1', servers: [{ id: 'web-1-0', address: '10.0.0.1', port: 5000 }] },
          staged: null,
        },
      ],
    ]);
  });

  it('asks for affinity for the apps that want it, and sends a table when that changes', async () => {
    const serving = { serving: to(1, 'web.1') };
    await routes.apply([{ ...want(serving), affinity: true }], [web(1)], patient);
    await routes.apply([{ ...want(serving), affinity: false }], [web(1)], patient);
    expect(router.tables.map((table) => table.routes.map(({ affinity }) => affinity))).toEqual([
      [true],
      [undefined],
    ]);
  });

  it('does nothing when the table is as it was, in whatever order it is asked for', async () => {
    const apps = [want({ serving: to(1, 'web.1', 'web.2') }), want({}, 'other')];
    await routes.apply(apps, [web(1), web(2)], patient);
    const again = [want({}, 'other'), want({ serving: to(1, 'web.2', 'web.1') })];
    expect(await routes.apply(again, [web(2), web(1)], patient)).toBe(0);
    expect(router.tables).toHaveLength(1);
  });

  it('answers how long the acknowledgement took', async () => {
    const slow = createRoutes({
      router: { ...router, apply: () => Promise.resolve(void (nowMs += 42)) },
      keyring: keyringOf(router),
      fixed: [],
      epoch: () => 1,
      nowMs: () => nowMs,
    });
    expect(await slow.apply([want({ serving: to(1, 'web.1') })], [web(1)], patient)).toBe(42);
  });

  it('keeps the addresses of the platform itself in every table', async () => {
    await open(1, [API]).apply([], [], patient);
    expect(router.visit('api.test')).toMatchObject({ status: 200, byApp: true, server: 'fixed' });
  });

  it('names an instance anew when it was restarted, so that it inherits no place in mid-air', async () => {
    await routes.apply([want({ serving: to(1, 'web.1') })], [web(1)], patient);
    await routes.apply([want({ serving: to(1, 'web.1') })], [web(1, { attempt: 1 })], patient);
    expect(router.tables.at(-1)?.routes[0]?.serving?.servers.map(({ id }) => id)).toEqual(['web-1-1']);
  });

  it('leaves out what has no address or port, and what is not there', async () => {
    const found = [web(1, { address: null }), web(2, { port: null }), web(3)];
    await routes.apply([want({ serving: to(1, 'web.1', 'web.2', 'web.3', 'web.4') })], found, patient);
    expect(router.tables[0]?.routes[0]?.serving?.servers.map(({ id }) => id)).toEqual(['web-3-0']);
  });

  it('forgets an app that is no longer wanted', async () => {
    await routes.apply([want({ serving: to(1, 'web.1') })], [web(1)], patient);
    await routes.apply([], [], patient);
    expect(routes.acknowledged('hello')).toEqual(NO_ROUTE);
  });
});

describe('a host', () => {
  it('is carried from the acknowledgement of a table that has it until that of one that has not', async () => {
    expect(routes.carries('hello.test')).toBe(false);
    router.setAway(true);
    await expect(routes.apply([want({})], [], patient)).rejects.toThrow('did not acknowledge');
    expect(routes.carries('hello.test')).toBe(false);
    router.setAway(false);
    await routes.apply([want({})], [], patient);
    expect([routes.carries('hello.test'), routes.carries('other.test')]).toEqual([true, false]);
    await routes.apply([], [], patient);
    expect(routes.carries('hello.test')).toBe(false);
  });
});

describe('looking', () => {
  it('at a router that has what it was told repeats nothing', async () => {
    const wanted = [want({ serving: to(1, 'web.1') })];
    await routes.apply(wanted, [web(1)], patient);
    await routes.look([web(1)], NOBODY, patient);
    expect(await routes.apply(wanted, [web(1)], patient)).toBe(0);
    expect(router.tables).toHaveLength(1);
  });

  it.each([
    ['an earlier table of ours', { epoch: 1, seq: 1 }],
    ['a table of a controller before us', { epoch: 0, seq: 2 }],
  ])('notices a router that went back to %s', async (_, version) => {
    await routes.apply([], [], patient);
    const wanted = [want({ serving: to(1, 'web.1') })];
    await routes.apply(wanted, [web(1)], patient);
    router.applied = () => Promise.resolve(version);
    await routes.look([web(1)], NOBODY, patient);
    await routes.apply(wanted, [web(1)], patient);
    expect(router.tables).toHaveLength(3);
  });

  it('forgets instances that are gone', async () => {
    await routes.apply([want({ serving: to(1, 'web.1') })], [web(1)], patient);
    await routes.apply([want({})], [web(1)], patient);
    await routes.look([], NOBODY, patient);
    const { traffic } = await routes.look([web(1)], NOBODY, patient);
    expect(traffic.get('web.1')?.unroutedMs).toBe(Infinity);
  });

  it('notices a router that came back empty, so that the next apply repeats the table', async () => {
    const wanted = [want({ serving: to(1, 'web.1') })];
    await routes.apply(wanted, [web(1)], patient);
    router.loseState();
    expect(await routes.apply(wanted, [web(1)], patient)).toBe(0);
    await routes.look([web(1)], NOBODY, patient);
    await routes.apply(wanted, [web(1)], patient);
    expect(router.visit('hello.test').byApp).toBe(true);
  });

  it('ends a controller whose successor has spoken to the router', async () => {
    await open(2).apply([], [], patient);
    await expect(routes.look([], NOBODY, patient)).rejects.toMatchObject({
      id: 'fenced',
      params: { epoch: 2 },
    });
  });

  it('counts for how long no new request can have reached an instance', async () => {
    const both = [web(1), web(2)];
    await routes.apply([want({ serving: to(1, 'web.1', 'web.2') })], both, patient);
    nowMs += 500;
    await routes.apply([want({ serving: to(1, 'web.1') })], both, patient);
    nowMs += 1_500;
    const { traffic } = await routes.look([...both, web(3)], NOBODY, patient);
    // Taken out at 500; the acknowledgement is the last moment at which one can have come.
    expect(traffic.get('web.1')).toEqual({ sessions: 0, unroutedMs: 0 });
    expect(traffic.get('web.2')).toEqual({ sessions: 0, unroutedMs: 1_500 });
    expect(traffic.get('web.3')).toEqual({ sessions: 0, unroutedMs: Infinity });
  });

  it('asks only about apps of which something drains or is not routed yet, and about those that are deployed', async () => {
    const asked: unknown[] = [];
    const look = router.backends.bind(router);
    router.backends = (of, signal) => {
      asked.push(of);
      return look(of, signal);
    };
    const quiet = [web(1), web(2, { appId: 'other', id: 'other.2' })];
    const wanted = [want({ serving: to(1, 'web.1') }), want({ serving: to(1, 'other.2') }, 'other')];
    await routes.apply(wanted, quiet, patient);
    const all = await routes.look(quiet, NOBODY, patient);
    expect([asked, all.reports]).toEqual([[], []]);
    await routes.look([...quiet, web(9, { id: 'worker', type: 'worker', port: null })], NOBODY, patient);
    expect(asked).toEqual([]);
    await routes.look([...quiet, web(3)], NOBODY, patient);
    await routes.look(quiet, new Set(['other']), patient);
    await routes.look([...quiet, web(3)], new Set(['other']), patient);
    expect(asked).toEqual([['hello'], ['other'], ['other', 'hello']]);
  });

  it('takes an instance that it did not ask about for one that carries something', async () => {
    await routes.apply([want({ serving: to(1, 'web.1') })], [web(1)], patient);
    const { traffic } = await routes.look([web(1)], NOBODY, patient);
    expect(traffic.get('web.1')).toEqual({ sessions: 1, unroutedMs: 0 });
  });

  it('tells the sessions of each instance, also of those that drain, and of none that has no port', async () => {
    const old = web(1);
    const next = web(2, { id: 'next', seq: 2, number: 1 });
    await routes.apply([want({ serving: to(1, 'web.1') })], [old, next], patient);
    router.hold('hello', 'd1', 'web-1-0', 3);
    await routes.apply([want({ serving: to(2, 'next') })], [old, next], patient);
    const worker = web(9, { id: 'worker', type: 'worker', port: null });
    const { traffic, reports } = await routes.look([old, next, worker], NOBODY, patient);
    expect([traffic.get('web.1')?.sessions, traffic.get('next')?.sessions]).toEqual([3, 0]);
    expect(traffic.has('worker')).toBe(false);
    expect(reports.map(({ key, role }) => `${key} ${role}`).sort()).toEqual(['d1 draining', 'd2 serving']);
  });
});

describe('recovering', () => {
  beforeEach(async () => {
    const route = { serving: to(1, 'web.1', 'web.2'), staged: to(2, 'next') };
    const next = web(1, { id: 'next', seq: 2 });
    const before = web(1, { id: 'before', seq: 0 });
    routes = open(1, [API]);
    await routes.apply([want({ serving: to(0, 'before') })], [before], patient);
    router.hold('hello', 'd0', 'web-1-0', 1);
    await routes.apply([want(route)], [web(1), web(2), next], patient);
    routes = open(2, [API]);
  });

  it('starts from what visitors see, and answers who serves', async () => {
    const running = [
      web(1),
      web(2),
      web(1, { id: 'next', seq: 2 }),
      web(1, { appId: 'other', id: 'foreign' }),
    ];
    expect(await routes.recover(running, () => null, patient)).toEqual(['web.1', 'web.2']);
    expect(routes.acknowledged('hello')).toEqual({
      serving: to(1, 'web.1', 'web.2'),
      staged: to(2, 'next'),
    });
  });

  it('drops from it what has ended meanwhile', async () => {
    expect(
      await routes.recover([web(2), web(1, { attempt: 1, id: 'younger' })], () => null, patient),
    ).toEqual(['web.2']);
  });

  it('takes everything that runs for something that carried a request a moment ago', async () => {
    await routes.recover([web(3)], () => null, patient);
    nowMs += 700;
    const { traffic } = await routes.look([web(3)], NOBODY, patient);
    expect(traffic.get('web.3')?.unroutedMs).toBe(700);
  });

  it('lets the drain of what was replaced go on from the moment on record, but not of what visitors still get', async () => {
    const running = [web(1), web(3)];
    await routes.recover(running, () => nowMs - 12_000, patient);
    const { traffic } = await routes.look(running, NOBODY, patient);
    expect(running.map(({ id }) => traffic.get(id)?.unroutedMs)).toEqual([0, 12_000]);
  });

  it('speaks once under its own epoch, even when nothing is different', async () => {
    const running = [web(1), web(2), web(1, { id: 'next', seq: 2 })];
    await routes.recover(running, () => null, patient);
    await routes.look(running, NOBODY, patient);
    const before = router.tables.length;
    await routes.apply([want(routes.acknowledged('hello'))], running, patient);
    expect(router.tables.slice(before).map(({ epoch, seq }) => [epoch, seq])).toEqual([[2, 1]]);
    expect(router.tables.at(-1)?.routes).toEqual(router.tables.at(-2)?.routes);
  });
});
