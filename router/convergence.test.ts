import { describe, expect, it } from 'vitest';
import { quietLog } from '../lib/log.ts';
import { startFakeHaproxy, type FakeHaproxy } from '../test/support/fake-haproxy.ts';
import { createConvergence, type Convergence, type Look } from './convergence.ts';
import type { Proc } from './haproxy-process.ts';
import { forEachMap, type Runtime } from './runtime.ts';

const patient = new AbortController().signal;

/** A runtime in which each app is led to by one host and answered by one server in one place. */
function runtimeOf(apps: Readonly<Record<string, string>>): Runtime {
  const names = Object.keys(apps);
  return {
    maps: {
      ...forEachMap(() => new Map<string, string>()),
      'apps.map': new Map(Object.entries(apps)),
      'routes.map': new Map(names.map((name) => [`${name}.localhost`, name])),
    },
    servers: new Map(
      ['p00001', 'p00002'].map((place, n) => [
        `${place}/s1`,
        { address: `10.0.0.${n + 1}`, port: 80, open: Object.values(apps).includes(place) },
      ]),
    ),
    tls: { standard: '', files: new Map(), pending: null },
  };
}

const ONE = runtimeOf({ one: 'p00001' });
const BOTH = runtimeOf({ one: 'p00001', two: 'p00002' });
const NONE = runtimeOf({});

function procOf({ socket }: FakeHaproxy, started = '1'): Proc {
  return { pid: 7, started, slot: 0, generation: 1, socket };
}

const bring = (
  convergence: Convergence,
  proc: Proc,
  runtime: Runtime,
  look: Look = 'changes',
): Promise<void> => convergence.converge(proc, { runtime, textOf: () => '' }, look, patient);

/** What it holds, as far as visitors notice. */
const held = ({ maps, servers }: Pick<FakeHaproxy, 'maps' | 'servers'> | Runtime) => ({
  apps: Object.fromEntries(maps['apps.map']),
  hosts: Object.fromEntries(maps['routes.map']),
  open: [...servers].filter(([, { open }]) => open).map(([slot]) => slot),
});

describe('a process', () => {
  it('is brought to hold what is wanted, and looked at whether it does', async () => {
    await using haproxy = await startFakeHaproxy(NONE);
    await bring(createConvergence(quietLog()), procOf(haproxy), BOTH);
    expect(held(haproxy)).toEqual(held(BOTH));
  });

  it('that holds it already is believed in once, when it is met for the first time', async () => {
    await using haproxy = await startFakeHaproxy(ONE);
    const convergence = createConvergence(quietLog());
    await bring(convergence, procOf(haproxy), ONE);
    expect(haproxy.told).toEqual(['set server p00001/s1 health up']);
    for (const look of ['changes', 'all'] as const) await bring(convergence, procOf(haproxy), ONE, look);
    expect(haproxy.told).toHaveLength(1);
  });

  it('is believed in again when the table is made by who has asked every server', async () => {
    await using haproxy = await startFakeHaproxy(ONE);
    const convergence = createConvergence(quietLog());
    await bring(convergence, procOf(haproxy), ONE);
    await bring(convergence, procOf(haproxy), ONE, 'afresh');
    expect(haproxy.told).toEqual(Array.from({ length: 2 }, () => 'set server p00001/s1 health up'));
  });

  it('that is known is asked about nothing but what changes', async () => {
    await using haproxy = await startFakeHaproxy(ONE);
    const convergence = createConvergence(quietLog());
    await bring(convergence, procOf(haproxy), ONE);
    haproxy.asked.length = 0;
    await bring(convergence, procOf(haproxy), ONE);
    expect(haproxy.asked).toEqual([]);
    await bring(convergence, procOf(haproxy), BOTH);
    expect(haproxy.asked).toEqual(['show map apps.map', 'show map routes.map', 'show servers state p00002']);
    expect(held(haproxy)).toEqual(held(BOTH));
  });

  it('that was changed behind our back is repaired by a look at everything, and not by a look at what changes', async () => {
    await using haproxy = await startFakeHaproxy(ONE);
    const convergence = createConvergence(quietLog());
    await bring(convergence, procOf(haproxy), ONE);
    haproxy.maps['apps.map'].set('one', 'none');
    haproxy.maps['routes.map'].set('stray.localhost', 'one');
    await bring(convergence, procOf(haproxy), ONE);
    expect(haproxy.maps['apps.map'].get('one')).toBe('none');
    await bring(convergence, procOf(haproxy), ONE, 'all');
    expect(held(haproxy)).toEqual(held(ONE));
  });

  it('that was started again is looked at whole: it knows only its files', async () => {
    await using haproxy = await startFakeHaproxy(BOTH);
    const convergence = createConvergence(quietLog());
    await bring(convergence, procOf(haproxy, '1'), BOTH);
    for (const map of Object.values(haproxy.maps)) map.clear();
    await bring(convergence, procOf(haproxy, '2'), BOTH);
    expect(held(haproxy)).toEqual(held(BOTH));
  });

  it('of which we were wrong, so that it refuses a command, is looked at whole and brought there', async () => {
    await using haproxy = await startFakeHaproxy(ONE);
    const convergence = createConvergence(quietLog());
    await bring(convergence, procOf(haproxy), ONE);
    haproxy.maps['apps.map'].clear(); // `set map` of an app fails now
    await bring(convergence, procOf(haproxy), runtimeOf({ one: 'p00002' }));
    expect(held(haproxy)).toEqual(held(runtimeOf({ one: 'p00002' })));
  });

  it('that never does as it is told is given up, and looked at whole the next time', async () => {
    await using haproxy = await startFakeHaproxy(NONE);
    const convergence = createConvergence(quietLog());
    haproxy.answers = (command) => (command.startsWith('add map') ? '' : undefined);
    await expect(bring(convergence, procOf(haproxy), ONE)).rejects.toMatchObject({
      id: 'not_converged',
      params: { slot: 0, left: 3 },
    });
    const rounds = haproxy.asked.filter((question) => question === 'show map apps.map').length;
    expect(rounds).toBe(5);
    haproxy.answers = () => undefined;
    await bring(convergence, procOf(haproxy), ONE);
    expect(held(haproxy)).toEqual(held(ONE));
  });

  it('that refused is not believed the next time to hold what it once held', async () => {
    await using haproxy = await startFakeHaproxy(ONE);
    const convergence = createConvergence(quietLog());
    await bring(convergence, procOf(haproxy), ONE);
    haproxy.answers = (command) => (command.startsWith('add map') ? 'no room' : undefined);
    await expect(bring(convergence, procOf(haproxy), BOTH)).rejects.toMatchObject({ id: 'not_converged' });
    haproxy.answers = () => undefined;
    haproxy.maps['apps.map'].clear();
    await bring(convergence, procOf(haproxy), ONE);
    expect(held(haproxy)).toEqual(held(ONE));
  });

  it('that presents the certificate that is wanted is not given another', async () => {
    const standard = 'AB'.repeat(20);
    const wanted = { ...ONE, tls: { ...ONE.tls, standard } };
    await using haproxy = await startFakeHaproxy(ONE);
    haproxy.answers = (command) =>
      command === 'show ssl cert certificates/standard.pem' ? `SHA1 FingerPrint: ${standard}` : undefined;
    await bring(createConvergence(quietLog()), procOf(haproxy), wanted);
    expect(haproxy.told).toEqual(['set server p00001/s1 health up']);
  });

  it('that dies while it is told something fails as such at once', async () => {
    await using haproxy = await startFakeHaproxy(NONE);
    let looks = 0;
    haproxy.answers = (command) => {
      if (command === 'show map apps.map') looks += 1;
      if (!command.startsWith('show')) throw new Error('dies');
      return undefined;
    };
    await expect(bring(createConvergence(quietLog()), procOf(haproxy), ONE)).rejects.toThrow(/answered 0 of/);
    expect(looks).toBe(1);
  });

  it('that cannot be asked fails as such, and is not taken for one that refuses', async () => {
    const convergence = createConvergence(quietLog());
    const gone: Proc = { pid: 7, started: '1', slot: 0, generation: 1, socket: '/nonexistent/socket' };
    await expect(bring(convergence, gone, ONE)).rejects.toThrow('ENOENT');
  });
});
