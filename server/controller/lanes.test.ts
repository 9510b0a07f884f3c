import { beforeEach, describe, expect, it, vi } from 'vitest';
import { instanceOf } from '../../test/support/fake-app.ts';
import { createStepRig, desiredOf, rolloutOf, type StepRig } from '../../test/support/step-rig.ts';
import type { Step } from '../domain/plan.ts';
import type { DesiredApp } from '../ports/controller-state.ts';
import { createLanes, type Lanes } from './lanes.ts';

const patient = new AbortController().signal;
const START = { do: 'start', seq: 2, type: 'web', number: 1, attempt: 0 } as const;

let rig: StepRig;
let wakes: number;
let lanes: Lanes;
beforeEach(() => {
  rig = createStepRig();
  wakes = 0;
  lanes = createLanes(rig.deps, () => (wakes += 1));
});

const woken = (times: number) => vi.waitFor(() => expect(wakes).toBe(times), { interval: 1 });
const rolling = (): DesiredApp => desiredOf({ next: rolloutOf(rig.image(), 2) });
const drive = (desired: DesiredApp, ...steps: Step[]): void => lanes.drive(desired, [], steps);

/** Holds every call of the engine back until it is let go. */
function hold(call: 'prepare' | 'stop') {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const { engine } = rig.deps;
  const held = { prepare: engine.prepare.bind(engine), stop: engine.stop.bind(engine) };
  Object.assign(engine, {
    async [call](...args: never[]) {
      await gate;
      return Reflect.apply(held[call], engine, args) as Promise<void>;
    },
  });
  return release;
}

describe('a batch of steps', () => {
  it('asks for another look when it is done', async () => {
    drive(rolling(), START, { ...START, number: 2 });
    await woken(1);
    expect(await rig.engine.find(patient)).toHaveLength(2);
  });

  it('goes on beside that of another deployment of the same app', async () => {
    const release = hold('prepare');
    const both = desiredOf({ current: rolloutOf(rig.image(), 1), next: rolloutOf(rig.image(), 2) });
    drive(both, START);
    const dead = { ...instanceOf('hello-id', 'web', 1, 1), id: 'dead' };
    lanes.drive(both, [dead], [{ do: 'remove', instance: 'dead' }]);
    await woken(1);
    release();
    await woken(2);
    expect(rig.specs).toHaveLength(1);
  });

  it('that forgets the app waits for all others of it, and no other begins meanwhile', async () => {
    const release = hold('prepare');
    drive(rolling(), START);
    drive(desiredOf({ deleting: true }), { do: 'forget' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(rig.did).toEqual([]);
    release();
    await woken(1);
    const [found] = await rig.engine.find(patient);
    await rig.engine.remove(found?.id ?? '', patient);
    drive(desiredOf({ deleting: true }), { do: 'forget' });
    drive(rolling(), START);
    await woken(2);
    expect(rig.did.at(-1)).toBe('forget hello-id 7');
    expect(rig.specs).toHaveLength(1);
  });

  it('is the only one of its deployment, while other apps go on', async () => {
    const release = hold('prepare');
    const other = desiredOf({ app: { id: 'other-id', name: 'other', network: 4 } });
    drive(rolling(), START);
    drive(rolling(), { ...START, number: 2 });
    drive(other, { do: 'forget' });
    await woken(1);
    expect(rig.did).toContain('forget other-id 7');
    release();
    await woken(2);
    expect(rig.specs.map(({ number }) => number)).toEqual([1]);
  });

  it('that fails blocks nothing that comes after it', async () => {
    rig.engine.setAway(true);
    drive(rolling(), START);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await rig.engine.find(patient).catch(() => 'away')).toBe('away');
    rig.engine.setAway(false);
    drive(rolling(), { ...START, number: 2 });
    await vi.waitFor(async () => expect(await rig.engine.find(patient)).toMatchObject([{ number: 2 }]), {
      interval: 1,
    });
  });

  it('leaves routes to whoever sends the whole table', async () => {
    drive(rolling(), { do: 'route', to: { serving: null, staged: null } });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([wakes, rig.router.tables]).toEqual([0, []]);
  });
});

describe('a probe', () => {
  const PROVE = { do: 'prove', untilMs: 90_000 } as const;
  /** A release that takes its request and says nothing. */
  function mute() {
    const probe = vi.fn(
      (_: unknown, signal: AbortSignal) =>
        new Promise<never>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
    );
    rig.deps.router.probe = probe;
    return probe;
  }

  it('runs aside and once, however long it takes', async () => {
    const probe = mute();
    drive(rolling(), PROVE);
    drive(rolling(), PROVE, { ...START, number: 2 });
    await woken(1);
    expect([rig.specs.length, probe.mock.calls.length]).toEqual([1, 1]);
    await lanes[Symbol.asyncDispose]();
  });

  it('is given up when it is not planned any more, which is nobody’s failure', async () => {
    mute();
    drive(rolling(), PROVE);
    drive(rolling(), { do: 'fail', reason: 'web.1 exited', instance: null });
    await woken(2);
    expect(rig.did).toContain('fail deployment-2 7: web.1 exited');
    expect(rig.rollouts.heard('deployment-2')).toBeNull();
  });
});

describe('stops', () => {
  async function running(): Promise<string> {
    drive(rolling(), START);
    await woken(1);
    return (await rig.engine.find(patient))[0]?.id ?? '';
  }

  it('run aside, each once, however often they are planned', async () => {
    const instance = await running();
    const release = hold('stop');
    const stop = { do: 'stop', instance, why: 'superseded' } as const;
    drive(rolling(), stop);
    drive(rolling(), stop, { ...START, number: 2 });
    await woken(2);
    expect([...lanes.stopping]).toEqual([instance]);
    release();
    await woken(3);
    expect([...lanes.stopping]).toEqual([]);
  });

  it('that fail are no longer under way, so that they can be planned again', async () => {
    const instance = await running();
    rig.engine.setAway(true);
    drive(rolling(), { do: 'stop', instance, why: 'superseded' });
    expect([...lanes.stopping]).toEqual([instance]);
    await vi.waitFor(() => expect(lanes.stopping.size).toBe(0), { interval: 1 });
  });
});

it('ends by aborting what runs and waiting for it', async () => {
  const release = hold('prepare');
  drive(rolling(), START);
  let ended = false;
  const ending = lanes[Symbol.asyncDispose]().then(() => (ended = true));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(ended).toBe(false);
  release();
  await ending;
  expect(rig.specs).toEqual([]);
});
