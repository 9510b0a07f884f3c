import { describe, expect, it } from 'vitest';
import { incoming, instance, NOW, only, web, world } from '../../test/support/planned-world.ts';
import type { Instance } from './instance.ts';
import { NO_ROUTE, plan, type Step } from './plan.ts';

describe('a first deployment', () => {
  it('begins, boots, is staged, proven, routed and only then succeeds', () => {
    const first = instance(1, 1, 'ready');
    const staged = { serving: null, staged: { seq: 1, instances: [first.id] } };
    const serving = { serving: { seq: 1, instances: [first.id] }, staged: null };

    expect(plan(world({ next: incoming(1, { status: 'pending' }) }))).toEqual([{ do: 'begin' }]);
    expect(plan(world({ next: incoming(1) }))).toEqual([
      { do: 'start', seq: 1, type: 'web', number: 1, attempt: 0 },
    ]);
    expect(plan(world({ next: incoming(1), instances: [{ ...first, state: 'starting' }] }))).toEqual([]);
    expect(plan(world({ next: incoming(1), instances: [first] }))).toEqual([{ do: 'route', to: staged }]);
    expect(plan(world({ next: incoming(1), instances: [first], route: staged }))).toEqual([
      { do: 'prove', untilMs: NOW + 85_000 },
    ]);
    expect(plan(world({ next: incoming(1, { proven: true }), instances: [first], route: staged }))).toEqual([
      { do: 'route', to: serving },
    ]);
    expect(plan(world({ next: incoming(1), instances: [first], route: serving }))).toEqual([
      { do: 'succeed' },
    ]);
    expect(plan(world({ current: web(1), instances: [first], route: serving }))).toEqual([]);
  });

  it('succeeds without the router when it has no web process', () => {
    const next = { ...incoming(1), types: ['worker'] };
    const formation = new Map([['worker', 1]]);
    expect(
      plan(world({ next, formation, instances: [instance(1, 1, 'ready', { type: 'worker' })] })),
    ).toEqual([{ do: 'succeed' }]);
  });
});

describe('a replacement', () => {
  const old = instance(1, 1, 'ready');
  const route = { serving: { seq: 1, instances: [old.id] }, staged: null };

  it('keeps the old release serving until the new one is ready', () => {
    const booting = instance(2, 1, 'starting');
    expect(plan(world({ current: web(1), next: incoming(2), instances: [old, booting], route }))).toEqual([]);
  });

  it('fails when an instance exits, and touches nothing of the old release', () => {
    const dead = instance(2, 1, 'crashed');
    const steps = plan(world({ current: web(1), next: incoming(2), instances: [old, dead], route }));
    expect(steps).toEqual([
      { do: 'fail', reason: 'web.1 exited with status 1 before its release was live', instance: dead.id },
    ]);
  });

  it.each([
    [{ code: 137, outOfMemory: true }, 'web.1 was killed because it used more memory than it may'],
    [
      { code: 137, outOfMemory: false },
      'web.1 was killed before its release was live (status 137), most likely because it used more memory than it may',
    ],
  ])('names memory when an instance was killed: %o', (exit, reason) => {
    const dead = instance(2, 1, 'crashed', { exit });
    expect(only(plan(world({ next: incoming(2), instances: [dead] })), 'fail')).toEqual([
      { do: 'fail', reason, instance: dead.id },
    ]);
  });

  it('is not given up for an instance that nobody has asked yet, however long it has been running', () => {
    const unasked = instance(2, 1, 'starting', { startedAt: new Date(NOW - 600_000) });
    expect(plan(world({ current: web(1), next: incoming(2), instances: [old, unasked], route }))).toEqual([]);
  });

  it('fails by the boot limit with what was found when it was last asked', () => {
    const ill = instance(2, 1, 'starting', { startedAt: new Date(NOW - 60_001) });
    const unready = new Map([[ill.id, 'GET /health answered 500']]);
    const [step] = only(
      plan(world({ current: web(1), next: incoming(2), instances: [old, ill], route, unready })),
      'fail',
    );
    expect(step?.reason).toBe('web.1 was not healthy within 60 s of its start: GET /health answered 500');
  });

  describe('that is healthy and does not answer through the router', () => {
    const heard = 'GET / had no answer within 55 s';
    const after = (bootedMs: number, more: object, ...others: Instance[]): Step[] => {
      const ready = instance(2, 1, 'ready', { startedAt: new Date(NOW - bootedMs) });
      const all = [ready, ...others];
      const staged = { ...route, staged: { seq: 2, instances: all.map(({ id }) => id) } };
      const formation = new Map([['web', all.length]]);
      return plan(
        world({
          ...{ current: web(1), next: incoming(2, more), formation },
          ...{ instances: [old, ...all], route: staged },
        }),
      );
    };

    it('fails 90 s after its start with what was met and whose lines are to be shown', () => {
      const steps = after(90_001, { heard });
      expect(only(steps, 'fail')).toEqual([
        {
          do: 'fail',
          reason: `the new release is healthy but did not answer through the router within 90 s of its start: ${heard}`,
          instance: '2-web.1-0',
        },
      ]);
      expect(only(steps, 'route').map(({ to }) => to.staged)).toEqual([null]);
    });

    it('is asked until then, and once in any case: a controller that takes over late finds out for itself', () => {
      expect(only(after(90_000, { heard }), 'prove')).toEqual([{ do: 'prove', untilMs: NOW }]);
      expect(only(after(600_000, { heard: null }), 'prove')).toEqual([
        { do: 'prove', untilMs: NOW - 510_000 },
      ]);
    });

    it('is asked no more when no web process is wanted any longer', () => {
      const none = { formation: new Map([['web', 0]]), next: incoming(2, { heard }) };
      expect(plan(world({ current: web(1), ...none }))).toContainEqual({ do: 'succeed' });
    });

    it('has the time of its youngest instance, and all the time once it has answered', () => {
      const younger = instance(2, 2, 'ready', { startedAt: new Date(NOW - 89_000) });
      expect(only(after(600_000, { heard }, younger), 'prove')).toEqual([
        { do: 'prove', untilMs: NOW + 1_000 },
      ]);
      expect(only(after(600_000, { heard, proven: true }), 'fail')).toEqual([]);
    });
  });

  it('gives traffic back when it is superseded after the switch but before success was written', () => {
    const ready = instance(2, 1, 'ready');
    const moved = { serving: { seq: 2, instances: [ready.id] }, staged: null };
    expect(plan(world({ current: web(1), instances: [old, ready], route: moved }))).toEqual([
      { do: 'route', to: route },
    ]);
  });

  it('does not move traffic back when it died between the switch and writing down the success', () => {
    const ready = instance(2, 1, 'ready');
    const moved = { serving: { seq: 2, instances: [ready.id] }, staged: null };
    expect(
      plan(world({ current: web(1), next: incoming(2), instances: [old, ready], route: moved })),
    ).toEqual([{ do: 'succeed' }]);
  });

  it('lets the old instance finish its requests before it is told to end', () => {
    const ready = instance(2, 1, 'ready');
    const moved = { serving: { seq: 2, instances: [ready.id] }, staged: null };
    const after = (sessions: number, unroutedMs: number): Step[] =>
      plan(
        world({
          current: web(2),
          instances: [old, ready],
          route: moved,
          traffic: new Map([[old.id, { sessions, unroutedMs }]]),
        }),
      );
    expect(after(0, 500)).toEqual([]);
    expect(after(3, 29_000)).toEqual([]);
    expect(only(after(0, 1_000), 'stop')).toHaveLength(1);
    expect(only(after(3, 30_000), 'stop')).toHaveLength(1);
  });
});

describe('what runs', () => {
  const serving = (ids: string[]) => ({ serving: { seq: 1, instances: ids }, staged: null });

  it('restarts a crashed instance at once the first time, then later and later', () => {
    const crashed = (attempt: number, agoMs: number): Step[] =>
      only(
        plan(
          world({
            current: web(1),
            instances: [instance(1, 1, 'crashed', { attempt, endedAt: new Date(NOW - agoMs) })],
            route: serving([]),
          }),
        ),
        'start',
      );
    expect(crashed(0, 1)).toEqual([{ do: 'start', seq: 1, type: 'web', number: 1, attempt: 1 }]);
    expect(crashed(3, 3_999)).toEqual([]);
    expect(crashed(3, 4_000)).toHaveLength(1);
  });

  it('forgets earlier crashes once an instance has been up for five minutes', () => {
    const dead = instance(1, 1, 'crashed', {
      attempt: 9,
      startedAt: new Date(NOW - 301_000),
      endedAt: new Date(NOW - 100),
    });
    expect(only(plan(world({ current: web(1), instances: [dead], route: serving([]) })), 'start')).toEqual([
      { do: 'start', seq: 1, type: 'web', number: 1, attempt: 1 },
    ]);
  });

  it('scales down the highest number first, out of the router before it is stopped', () => {
    const [one, two] = [instance(1, 1, 'ready'), instance(1, 2, 'ready')];
    const steps = plan(world({ current: web(1), instances: [one, two], route: serving([one.id, two.id]) }));
    expect(steps).toEqual([{ do: 'route', to: serving([one.id]) }]);
  });

  it('goes away entirely, router first, when the app is destroyed', () => {
    const one = instance(1, 1, 'ready');
    expect(
      plan(world({ deleting: true, current: web(1), instances: [one], route: serving([one.id]) })),
    ).toEqual([{ do: 'route', to: NO_ROUTE }]);
    expect(only(plan(world({ deleting: true, instances: [one] })), 'stop')).toHaveLength(1);
    expect(plan(world({ deleting: true }))).toEqual([{ do: 'forget' }]);
  });
});
