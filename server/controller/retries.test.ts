import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createControllerRig } from '../../test/support/controller-rig.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Step } from '../domain/plan.ts';
import type { DesiredApp } from '../ports/controller-state.ts';
import { createRetries } from './retries.ts';

const APP: DesiredApp = {
  app: { id: 'a', name: 'hello', network: 0 },
  deleting: false,
  maintenance: false,
  affinity: false,
  domains: [],
  formation: new Map(),
  current: null,
  next: null,
  unreadable: null,
  unreadableNext: null,
};
const start = (number: number): Step => ({ do: 'start', seq: 1, type: 'web', number, attempt: 0 });

describe('a step that failed', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** How long the step waits after each of so many failures. */
  function waits(step: Step, failures: number): number[] {
    using retries = createRetries(() => undefined);
    return Array.from({ length: failures }, () => {
      retries.later(APP, step, 'away');
      const before = Date.now();
      while (!retries.due(APP, step)) vi.advanceTimersToNextTimer();
      return Date.now() - before;
    });
  }

  it('waits longer each time, and half a minute at most', () => {
    expect(waits(start(1), 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('is tried again in a moment when it asks whether a new release answers', () => {
    expect(waits({ do: 'prove', untilMs: 90_000 }, 7)).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
  });

  it('hinders no other step, and wakes when its wait is over', () => {
    const wake = vi.fn();
    using retries = createRetries(wake);
    retries.later(APP, start(1), 'away');
    expect([retries.due(APP, start(1)), retries.due(APP, start(2))]).toEqual([false, true]);
    expect(wake).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(wake).toHaveBeenCalledTimes(1);
  });

  it('is worth telling when it is new or has another reason', () => {
    using retries = createRetries(() => undefined);
    const told = ['away', 'away', 'full', 'full'].map((reason) => retries.later(APP, start(1), reason));
    expect(told).toEqual([true, false, true, false]);
  });

  it('begins anew once it was done, was not planned any more, or belongs to another deployment', () => {
    using retries = createRetries(() => undefined);
    const next = { deployment: { seq: 2 } } as DesiredApp['next'];
    retries.later(APP, start(1), 'away');
    expect(retries.due({ ...APP, next }, start(1))).toBe(true);
    retries.keepOnly(APP, [start(1)]);
    expect(retries.due(APP, start(1))).toBe(false);
    retries.keepOnly(APP, [start(2)]);
    expect(retries.due(APP, start(1))).toBe(true);
    retries.later(APP, start(1), 'away');
    retries.done(APP, start(1));
    expect([retries.due(APP, start(1)), vi.getTimerCount()]).toEqual([true, 0]);
  });
});

describe('a controller', () => {
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  it('does not ask the engine over and over to start what it cannot start', async () => {
    const rig = createControllerRig();
    const calls = { find: 0, prepare: 0 };
    rig.engine.interfere((call, when) => {
      if (when === 'before' && (call === 'find' || call === 'prepare')) calls[call] += 1;
      if (call === 'prepare') throw new Error('no space left on device');
    });
    await using controller = await rig.startController();
    const app = await rig.createApp('hello');
    await rig.release(app.id, rig.image());
    controller.wake(app.id);
    await sleep(600);
    expect(calls.prepare).toBe(1);
    expect(calls.find).toBeLessThan(10);
  });

  it('does not give up a deployment because many of its instances failed to start once', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await rig.createApp('hello');
    await rig.apps.setFormation(
      await rig.living(app.id),
      new Map([['web', 8]]),
      new AbortController().signal,
    );
    let failures = 0;
    rig.engine.interfere((call, when) => {
      if (call !== 'start' || when !== 'before' || (failures += 1) > 8) return;
      throw PlatformError.of('start_failed', { instance: 'web', reason: 'context deadline exceeded' });
    });
    const deployment = await rig.release(app.id, rig.image());
    await vi.waitFor(
      async () => {
        controller.wake(app.id);
        expect(await rig.statusOf(deployment)).toBe('succeeded');
      },
      { timeout: 4_000, interval: 20 },
    );
    expect(failures).toBe(16);
  });

  it('asks a new release that does not answer through the router soon again, and then ever more rarely', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await rig.createApp('hello');
    let probes = 0;
    Object.assign(rig.router, {
      probe: () => {
        probes += 1;
        return Promise.resolve({ status: 503, byApp: false, ms: 1, sent: 0 });
      },
    });
    await rig.release(app.id, rig.image());
    await vi.waitFor(
      () => {
        controller.wake(app.id);
        expect(probes).toBe(1);
      },
      { timeout: 5_000, interval: 5 },
    );
    await sleep(600);
    expect(probes).toBeGreaterThanOrEqual(3);
    expect(probes).toBeLessThanOrEqual(5);
  });
});
