import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startFakeHaproxy, type FakeHaproxy } from '../test/support/fake-haproxy.ts';
import type { Proc } from './haproxy-process.ts';
import { openLine } from './haproxy-socket.ts';
import { createMeter } from './meter.ts';
import type { Pair } from './pair.ts';
import type { Placement } from './placement.ts';
import type { Retiring } from './slot.ts';

const patient = new AbortController().signal;
const SELF = readFileSync('/proc/self/stat', 'latin1');
/** A process that certainly runs: this one, as the kernel tells it from others of its number. */
const ALIVE = { pid: process.pid, started: SELF.slice(SELF.lastIndexOf(')') + 2).split(' ')[19] ?? '' };
const DEAD = { pid: process.pid, started: '0' };

const procOf = (socket: string, slot: number, run = ALIVE): Proc => ({ ...run, slot, generation: 1, socket });

/** Has a process carry so many streams for server 1 of a place, of so many requests. */
function carries(
  haproxy: FakeHaproxy,
  places: Readonly<Record<string, { sessions: number; requests: number }>>,
): void {
  haproxy.answers = (command) => {
    if (!command.startsWith('show stat')) return undefined;
    const found = Object.entries(places).find(([place]) =>
      command.includes(` ${10_000 + Number(place.slice(1))} `),
    );
    if (!found) return 'Unknown backend.';
    const [place, { sessions, requests }] = found;
    return [
      '# pxname,svname,scur,stot,econ,eresp,req_tot,',
      `${place},s1,${sessions},0,0,0,,`,
      `${place},BACKEND,${sessions},${requests + sessions},0,0,${requests},`,
    ].join('\n');
  };
}

function createRig(currents: readonly (Proc | null)[], retiring: readonly Retiring[] = []) {
  const pair = {
    current: (slot: number) => currents[slot] ?? null,
    retiring: () => retiring,
  } as unknown as Pair; // all of it that is asked
  return createMeter(pair, {});
}

const placement = (place: string, key = 'k'): Placement => ({
  ...{ place, app: 'one', key, role: 'serving', since: 0, slots: [] },
});

describe('what a place carries', () => {
  it('is the sum of what every process carries, also of one that is only finishing', async () => {
    await using first = await startFakeHaproxy();
    await using second = await startFakeHaproxy();
    await using old = await startFakeHaproxy();
    carries(first, { p00001: { sessions: 2, requests: 10 }, p00002: { sessions: 1, requests: 0 } });
    carries(second, { p00001: { sessions: 3, requests: 5 } });
    carries(old, { p00001: { sessions: 4, requests: 1 } });
    const line = await openLine(old.socket, patient);
    const meter = createRig(
      [procOf(first.socket, 0), procOf(second.socket, 1, { ...ALIVE })],
      [{ proc: procOf(old.socket, 0), line }],
    );
    const sessions = await meter.read(['p00001', 'p00002'], patient);
    expect(['p00001', 'p00002', 'p00003'].map((place) => sessions.onPlace(place))).toEqual([9, 1, 0]);
    expect([1, 2].map((slot) => sessions.onSlot('p00001', slot))).toEqual([9, 0]);
    expect(sessions.onSlot('p00002', 1)).toBe(1);
    line.close();
  });

  it('may be anything in a process that runs and cannot be asked, and is nothing in one that has ended', async () => {
    const nowhere = '/nonexistent/socket';
    const asked = async (currents: readonly Proc[], retiring: readonly Retiring[] = []): Promise<number> =>
      (await createRig(currents, retiring).read(['p00001'], patient)).onPlace('p00001');
    expect(await asked([procOf(nowhere, 0)])).toBe(1);
    expect(await asked([procOf(nowhere, 0, DEAD)])).toBe(0);
    expect(await asked([], [{ proc: procOf(nowhere, 0), line: null }])).toBe(1);
    expect(await asked([], [{ proc: procOf(nowhere, 0, DEAD), line: null }])).toBe(0);
  });

  it('is not asked any further once nobody waits for it', async () => {
    const gone = AbortSignal.abort(new Error('went away'));
    const meter = createRig([procOf('/nonexistent/socket', 0)]);
    await expect(meter.read(['p00001'], gone)).rejects.toThrow('went away');
  });
});

describe('what a place has had', () => {
  it('is counted while it is carried, and stays when its process has ended', async () => {
    await using haproxy = await startFakeHaproxy();
    carries(haproxy, { p00001: { sessions: 0, requests: 7 } });
    const currents: (Proc | null)[] = [procOf(haproxy.socket, 0)];
    const meter = createRig(currents);
    await meter.read(['p00001'], patient);
    expect(meter.total('p00001')).toEqual({ requests: 7, dropped: 0 });
    currents[0] = null;
    await meter.read(['p00001'], patient);
    expect(meter.total('p00001')).toEqual({ requests: 7, dropped: 0 });
    expect(meter.books()['p00001']).toMatchObject({ carried: { requests: 7 }, seen: {} });
  });

  it('goes to the other place of the same backend when it is given up, and to nobody else', async () => {
    await using haproxy = await startFakeHaproxy();
    carries(haproxy, { p00001: { sessions: 0, requests: 7 } });
    const meter = createRig([procOf(haproxy.socket, 0)]);
    await meter.read(['p00001'], patient);
    const others = [
      placement('p00003', 'another'),
      { ...placement('p00004'), app: 'two' },
      placement('p00001'),
      placement('p00002'),
    ];
    meter.close(placement('p00001'), others);
    expect(['p00001', 'p00002', 'p00003', 'p00004'].map((place) => meter.total(place).requests)).toEqual([
      0, 7, 0, 0,
    ]);
  });
});
