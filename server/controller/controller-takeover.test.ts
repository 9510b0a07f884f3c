import { describe, expect, it, vi } from 'vitest';
import { createControllerRig, type ControllerRig } from '../../test/support/controller-rig.ts';
import type { Controller } from './controller.ts';

const patient = new AbortController().signal;

/** Wakes the controller until it holds; fails with what was seen last. */
async function until(controller: Controller, check: () => Promise<void> | void): Promise<void> {
  await vi.waitFor(
    async () => {
      controller.wake('');
      await check();
    },
    { timeout: 5_000, interval: 5 },
  );
}

async function live(rig: ControllerRig, controller: Controller, name = 'hello') {
  const app = await rig.createApp(name);
  const first = await rig.release(app.id, rig.image());
  await until(controller, async () => expect(await rig.statusOf(first)).toBe('succeeded'));
  return app;
}

describe('a controller that takes over', () => {
  it('goes on where the last one was killed', async () => {
    const rig = createControllerRig();
    const app = await rig.createApp('hello');
    const killed = await rig.startController();
    const deployment = await rig.release(app.id, rig.image({ listensAfterMs: 100 }));
    await until(killed, async () => expect(await rig.running()).toHaveLength(1));
    await using controller = await rig.startController();
    await until(controller, async () => expect(await rig.statusOf(deployment)).toBe('succeeded'));
    expect(rig.engine.starts).toEqual(['d1 web.1 #0']);
    await vi.waitFor(() => expect(killed.endOfReign()).toBe(true), { timeout: 3_000 });
    await killed[Symbol.asyncDispose]();
  });

  it('takes nothing out of the router that serves', async () => {
    const rig = createControllerRig();
    const first = await rig.startController();
    await live(rig, first);
    await first[Symbol.asyncDispose]();
    const before = rig.router.tables.length;
    await using controller = await rig.startController();
    await until(controller, () => expect(rig.router.tables.length).toBeGreaterThan(before));
    const served = rig.router.tables
      .slice(before)
      .map((t) => t.routes.every((r) => (r.serving?.servers.length ?? 0) > 0));
    expect(served).not.toContain(false);
  });

  it('leaves running what was started long ago, also where no visitor comes', async () => {
    const rig = createControllerRig();
    const first = await rig.startController();
    const app = await rig.createApp('hello');
    const deployment = await rig.release(app.id, rig.image({}, ['web', 'worker']));
    await until(first, async () => expect(await rig.statusOf(deployment)).toBe('succeeded'));
    await rig.apps.setFormation(
      await rig.living(app.id),
      new Map([...['web', 'worker'].map((type) => [type, 1] as const)]),
      patient,
    );
    await until(first, async () => expect(await rig.running()).toHaveLength(2));
    await first[Symbol.asyncDispose]();
    rig.pass(120_000);
    await using controller = await rig.startController();
    await until(controller, () =>
      expect(controller.instancesOf(app.id).map(({ state }) => state)).toEqual(['ready', 'ready']),
    );
    expect(rig.engine.starts).toHaveLength(2);
  });

  it('goes by the limit of a proof that began under the last one, and tells what was met', async () => {
    const rig = createControllerRig();
    let probes = 0;
    rig.router.probe = () => {
      probes += 1;
      return Promise.resolve({ status: 504, byApp: false, ms: 5_000, sent: 1 });
    };
    const killed = await rig.startController();
    const app = await rig.createApp('hello');
    const mute = await rig.release(app.id, rig.image({ prints: ['thinking'] }));
    await until(killed, () => expect(probes).toBeGreaterThan(0));
    await killed[Symbol.asyncDispose]();
    rig.pass(60_000);
    await using controller = await rig.startController();
    const before = probes;
    await until(controller, () => expect(probes).toBeGreaterThan(before));
    expect(await rig.statusOf(mute)).toBe('rolling');
    rig.pass(31_000);
    await until(controller, async () => expect(await rig.statusOf(mute)).toBe('failed'));
    expect(await rig.failureOf(mute)).toContain('within 90 s of its start: GET / had no answer within 5 s');
    expect((await rig.transcriptOf(mute)).join()).toContain('thinking');
    expect(rig.engine.starts).toHaveLength(1);
  });

  it('asks before it judges what should have been ready long ago', async () => {
    const rig = createControllerRig();
    const killed = await rig.startController();
    const app = await rig.createApp('hello');
    const deployment = await rig.release(app.id, rig.image({ listensAfterMs: 30_000 }));
    await until(killed, async () => expect(await rig.running()).toHaveLength(1));
    await killed[Symbol.asyncDispose]();
    rig.pass(600_000);
    await using controller = await rig.startController();
    await until(controller, async () => expect(await rig.statusOf(deployment)).toBe('succeeded'));
  });

  it('gives what drains no more time than it had', async () => {
    const rig = createControllerRig();
    const killed = await rig.startController();
    const app = await live(rig, killed);
    rig.router.hold(app.id, 'd1', 'web-1-0', 1);
    const second = await rig.release(app.id, rig.image());
    await until(killed, async () => expect(await rig.statusOf(second)).toBe('succeeded'));
    await killed[Symbol.asyncDispose]();
    rig.pass(20_000);
    await using controller = await rig.startController();
    await until(controller, () => expect(controller.inControl()).toBe(true));
    expect(await rig.running()).toEqual(['d1 web.1', 'd2 web.1']);
    rig.pass(10_500);
    await until(controller, async () => expect(await rig.running()).toEqual(['d2 web.1']));
  });
});
