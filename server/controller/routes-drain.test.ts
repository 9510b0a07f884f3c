import { beforeEach, describe, expect, it } from 'vitest';
import { instanceOf } from '../../test/support/fake-app.ts';
import { keyringOf } from '../../test/support/keyring.ts';
import { createFakeRouter, type FakeRouter } from '../../test/support/fake-router.ts';
import type { Instance } from '../domain/instance.ts';
import { createRoutes, type Routes, type WantedRoute } from './routes.ts';

/** When an instance stopped receiving visitors: too early a moment, and it is told to end while they are on their way. */
const patient = new AbortController().signal;
const web = (number: number): Instance => ({
  ...instanceOf('hello', 'web', number, 1),
  id: `web.${number}`,
  address: `10.0.0.${number}`,
});
const both = [web(1), web(2)];
const serving = (...instances: string[]): WantedRoute[] => [
  {
    ...{ appId: 'hello', hosts: ['hello.test'], certificates: [], maintenance: false, affinity: false },
    route: { serving: { seq: 1, instances }, staged: null },
  },
];

let router: FakeRouter;
let nowMs: number;
/** What the next acknowledgement takes, and whether it arrives. */
let ack: { ms: number; lost: boolean };
let routes: Routes;

beforeEach(() => {
  router = createFakeRouter({ answer: () => 200 });
  nowMs = 1_000_000;
  ack = { ms: 0, lost: false };
  routes = createRoutes({
    router: {
      ...router,
      async apply(table, signal) {
        await router.apply(table, signal);
        nowMs += ack.ms;
        if (ack.lost) throw new Error('the answer was lost');
      },
    },
    keyring: keyringOf(router),
    fixed: [],
    epoch: () => 1,
    nowMs: () => nowMs,
  });
});

const unroutedMs = async (id: string): Promise<number | undefined> =>
  (await routes.look(both, new Set(), patient)).traffic.get(id)?.unroutedMs;
const served = (): (string | undefined)[] =>
  router.tables.at(-1)?.routes[0]?.serving?.servers.map(({ id }) => id) ?? [];

describe('an instance that leaves the router', () => {
  it('has received visitors until the acknowledgement, however long that took', async () => {
    await routes.apply(serving('web.1', 'web.2'), both, patient);
    ack.ms = 5_000;
    await routes.apply(serving('web.1'), both, patient);
    expect(await unroutedMs('web.2')).toBe(0);
    nowMs += 700;
    expect([await unroutedMs('web.1'), await unroutedMs('web.2')]).toEqual([0, 700]);
  });

  it('may receive visitors while nobody knows whether a table that names it took effect', async () => {
    await routes.apply(serving('web.1'), both, patient);
    nowMs += 60_000;
    ack.lost = true;
    await expect(routes.apply(serving('web.1', 'web.2'), both, patient)).rejects.toThrow('lost');
    nowMs += 3_000;
    expect(await unroutedMs('web.2')).toBe(0);
    expect(routes.acknowledged('hello').serving?.instances).toEqual(['web.1']);
  });

  it('is taken out when the table becomes again what it was before an acknowledgement was lost', async () => {
    await routes.apply(serving('web.1'), both, patient);
    ack.lost = true;
    await expect(routes.apply(serving('web.1', 'web.2'), both, patient)).rejects.toThrow('lost');
    ack.lost = false;
    await routes.apply(serving('web.1'), both, patient);
    expect(served()).toEqual(['web-1-0']);
    nowMs += 900;
    expect(await unroutedMs('web.2')).toBe(900);
  });
});
