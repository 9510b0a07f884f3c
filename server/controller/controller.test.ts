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

describe('a controller', () => {
  it('does nothing before it is started, and is in control once the router has served its table', async () => {
    const rig = createControllerRig();
    const idle = rig.newController(await rig.state.takeOver(patient));
    const app = await rig.createApp('hello');
    await rig.release(app.id, rig.image());
    idle.wake(app.id);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([idle.inControl(), rig.router.tables.length, await rig.running()]).toEqual([false, 0, []]);

    rig.router.setAway(true);
    idle.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(idle.inControl()).toBe(false);
    rig.router.setAway(false);
    await until(idle, () => expect(idle.inControl()).toBe(true));
    await idle[Symbol.asyncDispose]();
  });

  it('ends its reign when the router has heard of a later one, though the database has not', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    await live(rig, controller);
    await rig.router.apply({ epoch: 7, seq: 1, routes: [] }, patient);
    await until(controller, () => expect(controller.endOfReign()).toBe(true));
  });
});

describe('a deployment', () => {
  it('is live once it succeeded, and not before', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await rig.createApp('hello');
    const deployment = await rig.release(app.id, rig.image({ listensAfterMs: 60 }));
    await until(controller, async () => {
      const answers = rig.router.visit('hello.test').byApp;
      expect([await rig.statusOf(deployment), answers]).toEqual(['succeeded', true]);
    });
    expect(await rig.running()).toEqual(['d1 web.1']);
  });

  it('serves every visitor while the old release is replaced, then ends the old one', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    const second = await rig.release(app.id, rig.image({ listensAfterMs: 50 }));
    const visits: boolean[] = [];
    await until(controller, async () => {
      visits.push(rig.router.visit('hello.test').byApp);
      expect(await rig.statusOf(second)).toBe('succeeded');
    });
    rig.pass(2_000);
    await until(controller, async () => {
      visits.push(rig.router.visit('hello.test').byApp);
      expect(await rig.running()).toEqual(['d2 web.1']);
    });
    expect(visits).not.toContain(false);
  });

  it('keeps an old instance until its last request is over', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    rig.router.hold(app.id, 'd1', 'web-1-0', 1);
    const second = await rig.release(app.id, rig.image());
    await until(controller, async () => expect(await rig.statusOf(second)).toBe('succeeded'));
    rig.pass(5_000);
    await until(controller, async () => expect(await rig.running()).toEqual(['d1 web.1', 'd2 web.1']));
    rig.router.hold(app.id, 'd1', 'web-1-0', -1);
    await until(controller, async () => expect(await rig.running()).toEqual(['d2 web.1']));
  });

  it.each([
    [
      'exits at once',
      {
        exitsAfterMs: 10,
        listensAfterMs: null,
        exit: { code: 3, outOfMemory: false },
        prints: ['no such table'],
      },
      'exited with status 3',
    ],
    ['cannot be started', { refused: 'no such file' }, 'no such file'],
  ])('fails when the app %s, with the reason, while the old release serves', async (_, behaviour, reason) => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    const bad = await rig.release(app.id, rig.image(behaviour));
    await until(controller, async () => {
      rig.pass(5);
      expect(await rig.statusOf(bad)).toBe('failed');
      expect(rig.router.visit('hello.test').byApp).toBe(true);
    });
    expect(await rig.failureOf(bad)).toContain(reason);
    expect((await rig.transcriptOf(bad)).join('\n')).toContain('prints' in behaviour ? 'no such table' : '');
    await until(controller, async () => expect((await rig.found()).map((i) => i.seq)).toEqual([1]));
  });

  it('fails when the app never listens, at the boot limit', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    const mute = await rig.release(app.id, rig.image({ listensAfterMs: null }));
    await until(controller, async () => expect(await rig.running()).toHaveLength(2));
    rig.pass(61_000);
    await until(controller, async () => expect(await rig.statusOf(mute)).toBe('failed'));
    expect(await rig.failureOf(mute)).toContain('port 5000');
    expect(rig.router.visit('hello.test').byApp).toBe(true);
  });
});

describe('what serves', () => {
  it('is restarted while the image of the next release is still being fetched', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    let prepared = 0;
    let arrive = (): void => undefined;
    rig.engine.interfere((call, when) => {
      if (call !== 'prepare' || when !== 'before') return;
      prepared += 1;
      if (prepared > 1) return;
      return new Promise((resolve) => (arrive = resolve));
    });
    const second = await rig.release(app.id, rig.image());
    await until(controller, () => expect(prepared).toBe(1));
    const [instance] = await rig.found();
    rig.engine.kill(instance?.id ?? '', { code: 1, outOfMemory: false });
    await until(controller, () => expect(rig.router.visit('hello.test').byApp).toBe(true));
    expect([await rig.statusOf(second), rig.engine.starts]).toEqual([
      'rolling',
      ['d1 web.1 #0', 'd1 web.1 #1'],
    ]);
    arrive();
    await until(controller, async () => expect(await rig.statusOf(second)).toBe('succeeded'));
  });

  it('comes back when its process dies, and is routed again', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    const [instance] = await rig.found();
    rig.engine.kill(instance?.id ?? '', { code: 137, outOfMemory: true });
    await until(controller, () => expect(rig.router.visit('hello.test').byApp).toBe(true));
    expect(controller.instancesOf(app.id).map((i) => i.attempt)).toContain(1);
  });

  it('goes when no record knows its app, but what was pushed of it stays', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    rig.lose(app.id);
    await until(controller, async () => expect(await rig.found()).toEqual([]));
    await until(controller, () => expect(rig.router.visit('hello.test').status).toBe(404));
    expect(rig.removed).toEqual([]);
  });

  it('is left as it is while its records make no sense, and the other apps go on', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const damaged = await live(rig, controller, 'damaged');
    rig.damage(damaged.id, 'its formation is not a formation');
    await live(rig, controller, 'other');
    await rig.release(damaged.id, rig.image());
    await using next = await rig.startController();
    await until(next, () => expect(next.inControl()).toBe(true));
    expect([rig.router.visit('damaged.test').byApp, rig.router.visit('other.test').byApp]).toEqual([
      true,
      true,
    ]);
    expect(await rig.running()).toEqual(['d1 web.1', 'd1 web.1']);

    rig.damage(damaged.id, null);
    await until(next, async () => expect(await rig.running()).toContain('d2 web.1'));
  });

  it('is routed again after the router lost its table', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    await live(rig, controller);
    rig.router.loseState();
    expect(rig.router.visit('hello.test').status).toBe(404);
    await until(controller, () => expect(rig.router.visit('hello.test').byApp).toBe(true));
  });

  it('is scaled up and down, the highest number first', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    await rig.apps.setFormation(await rig.living(app.id), new Map([['web', 3]]), patient);
    await until(controller, () =>
      expect(rig.router.tables.at(-1)?.routes[0]?.serving?.servers).toHaveLength(3),
    );
    await rig.apps.setFormation(await rig.living(app.id), new Map([['web', 1]]), patient);
    await until(controller, () =>
      expect(rig.router.tables.at(-1)?.routes[0]?.serving?.servers).toHaveLength(1),
    );
    rig.pass(2_000);
    await until(controller, async () => expect(await rig.running()).toEqual(['d1 web.1']));
  });

  it('shows what a live release has replaced as leaving, while its last requests are answered', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    const second = await rig.release(app.id, rig.image());
    await until(controller, async () => expect(await rig.statusOf(second)).toBe('succeeded'));
    await until(controller, () => {
      const all = controller.instancesOf(app.id).map(({ seq, state }) => `d${seq} ${state}`);
      expect(all.toSorted()).toEqual(['d1 stopping', 'd2 ready']);
    });
    expect((await rig.running()).toSorted()).toEqual(['d1 web.1', 'd2 web.1']);
  });

  it('shows no crash of what was told to end, however long its removal takes', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    await rig.apps.setFormation(await rig.living(app.id), new Map([['web', 2]]), patient);
    await until(controller, () => expect(controller.instancesOf(app.id)).toHaveLength(2));
    rig.engine.interfere((call) => {
      if (call === 'remove') throw new Error('the disk is slow today');
    });
    await rig.apps.setFormation(await rig.living(app.id), new Map([['web', 1]]), patient);
    const states = new Set<string>();
    await until(controller, async () => {
      for (const { state } of controller.instancesOf(app.id)) states.add(state);
      rig.pass(500);
      const ended = (await rig.found()).find(({ number }) => number === 2);
      expect([ended?.state, states.has('stopping')]).toEqual(['crashed', true]);
    });
    expect(states).not.toContain('crashed');
  });

  it('fills a place at once that is asked for again while what had it is being removed, and calls that no crash', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    const scale = async (web: number) =>
      rig.apps.setFormation(await rig.living(app.id), new Map([['web', web]]), patient);
    await scale(2);
    await until(controller, () => expect(controller.instancesOf(app.id)).toHaveLength(2));
    let removal = (): void => undefined;
    rig.engine.interfere((call, when) =>
      call === 'remove' && when === 'before' ? new Promise((resolve) => (removal = resolve)) : undefined,
    );
    await scale(1);
    await until(controller, async () => {
      rig.pass(500);
      expect((await rig.found()).find(({ number }) => number === 2)?.state).toBe('crashed');
    });
    await scale(2);
    await until(controller, () => {
      const second = controller.instancesOf(app.id).filter(({ number }) => number === 2);
      expect(second.map(({ state }) => state).toSorted()).toEqual(['ready', 'stopping']);
    });
    removal();
  });

  it('survives an engine and a router that are away for a while', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await live(rig, controller);
    rig.engine.setAway(true);
    rig.router.setAway(true);
    const second = await rig.release(app.id, rig.image());
    controller.wake(app.id);
    rig.engine.setAway(false);
    rig.router.setAway(false);
    await until(controller, async () => expect(await rig.statusOf(second)).toBe('succeeded'));
    expect(rig.router.visit('hello.test').byApp).toBe(true);
  });
});

it('removes everything of a destroyed app', async () => {
  const rig = createControllerRig();
  await using controller = await rig.startController();
  const app = await live(rig, controller);
  await rig.apps.markDeleted(await rig.living(app.id), patient);
  await until(controller, async () => {
    expect(await rig.found()).toEqual([]);
    expect(new Set(rig.removed)).toEqual(new Set([app.id])); // twice is as good as once
  });
  expect(rig.engine.networks.size).toBe(0);
  expect(rig.router.visit('hello.test').status).toBe(404);
});

it('gives up a deployment whose records make no sense, and keeps what serves', async () => {
  const rig = createControllerRig();
  await using controller = await rig.startController();
  const app = await live(rig, controller);
  const spoilt = await rig.release(app.id, rig.image());
  rig.spoil(spoilt);
  await until(controller, async () => expect(await rig.statusOf(spoilt)).toBe('failed'));
  expect(await rig.failureOf(spoilt)).toMatch(
    /cannot be read, so it was given up; what served before goes on/,
  );
  expect(rig.router.visit('hello.test').byApp).toBe(true);
  const next = await rig.release(app.id, rig.image());
  await until(controller, async () => expect(await rig.statusOf(next), 'the next one').toBe('succeeded'));
});

it('gives up a deployment that was under way when its records were spoilt, with all it had begun', async () => {
  const rig = createControllerRig();
  await using controller = await rig.startController();
  const app = await live(rig, controller);
  const under = await rig.release(app.id, rig.image({ listensAfterMs: 60_000 }));
  await until(controller, async () => expect(await rig.running()).toContain(`d${under.seq} web.1`));
  rig.spoil(under);
  await until(controller, async () => {
    expect(await rig.statusOf(under)).toBe('failed');
    expect((await rig.found()).some(({ seq }) => seq === under.seq)).toBe(false);
  });
  expect(rig.router.visit('hello.test').byApp).toBe(true);
});

it('confines an app whose every start fails to itself', async () => {
  const rig = createControllerRig();
  await using controller = await rig.startController();
  const poisoned = await rig.createApp('poisoned');
  const bad = rig.image();
  rig.engine.withhold(bad.digest);
  await rig.release(poisoned.id, bad);
  await live(rig, controller, 'healthy');
  expect(rig.router.visit('healthy.test').byApp).toBe(true);
});
