import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instance, InstanceState } from './instance.ts';
import { NO_ROUTE, plan, type Side, type Step, type World } from './plan.ts';

const NOW = 10_000_000;

function instance(seq: number, number: number, state: InstanceState, more: Partial<Instance> = {}): Instance {
  const type = more.type ?? 'web';
  const attempt = more.attempt ?? 0;
  return {
    id: `${seq}-${type}.${number}-${attempt}`,
    appId: 'a',
    seq,
    release: seq,
    type,
    number,
    attempt,
    host: 'local',
    address: '10.0.0.2',
    port: 5000,
    state,
    startedAt: new Date(NOW - 5_000),
    endedAt: state === 'crashed' ? new Date(NOW - 100) : null,
    exit: state === 'crashed' ? { code: 1, outOfMemory: false } : null,
    ...more,
  };
}

const web = (seq: number): Side => ({ seq, types: ['web'] });

function world(more: Partial<World>): World {
  return {
    nowMs: NOW,
    deleting: false,
    formation: new Map([['web', 1]]),
    current: null,
    next: null,
    instances: [],
    route: NO_ROUTE,
    traffic: new Map(),
    ...more,
  };
}

const incoming = (seq: number, more: object = {}) =>
  ({ ...web(seq), status: 'rolling', stagedMs: null, proven: false, trouble: null, ...more }) as const;

const only = <D extends Step['do']>(steps: Step[], name: D): Extract<Step, { do: D }>[] =>
  steps.filter((step): step is Extract<Step, { do: D }> => step.do === name);

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
    expect(plan(world({ next: incoming(1, { stagedMs: NOW }), instances: [first], route: staged }))).toEqual([
      { do: 'prove' },
    ]);
    expect(
      plan(world({ next: incoming(1, { stagedMs: NOW, proven: true }), instances: [first], route: staged })),
    ).toEqual([{ do: 'route', to: serving }]);
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
      { do: 'fail', reason: 'web.1 exited with status 1 before it was ready', instance: dead.id },
    ]);
  });

  it.each([
    [{ code: 137, outOfMemory: true }, 'web.1 was killed because it used more memory than it may'],
    [
      { code: 137, outOfMemory: false },
      'web.1 was killed before it was ready (status 137), most likely because it used more memory than it may',
    ],
  ])('names memory when an instance was killed: %o', (exit, reason) => {
    const dead = instance(2, 1, 'crashed', { exit });
    expect(only(plan(world({ next: incoming(2), instances: [dead] })), 'fail')).toEqual([
      { do: 'fail', reason, instance: dead.id },
    ]);
  });

  it('fails when nothing listens by the boot limit', () => {
    const mute = instance(2, 1, 'starting', { startedAt: new Date(NOW - 60_001) });
    const [step] = only(
      plan(world({ current: web(1), next: incoming(2), instances: [old, mute], route })),
      'fail',
    );
    expect(step?.reason).toContain('port 5000');
  });

  it('fails when the healthy release never answers through the router', () => {
    const ready = instance(2, 1, 'ready');
    const staged = { ...route, staged: { seq: 2, instances: [ready.id] } };
    const next = incoming(2, { stagedMs: NOW - 20_001 });
    const steps = plan(world({ current: web(1), next, instances: [old, ready], route: staged }));
    expect(only(steps, 'fail')).toHaveLength(1);
    expect(only(steps, 'route')).toEqual([{ do: 'route', to: route }]);
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

const states = fc.constantFrom<InstanceState>('created', 'starting', 'ready', 'stopping', 'crashed');

/** Any world at all, also ones that should never come to be. */
const anyWorld: fc.Arbitrary<World> = fc
  .record({
    instances: fc.uniqueArray(
      fc
        .record({
          seq: fc.integer({ min: 1, max: 3 }),
          number: fc.integer({ min: 1, max: 3 }),
          attempt: fc.integer({ min: 0, max: 2 }),
          type: fc.constantFrom('web', 'worker'),
          state: states,
          ageMs: fc.integer({ min: 0, max: 90_000 }),
        })
        .map(({ seq, number, state, ageMs, ...more }) =>
          instance(seq, number, state, { ...more, startedAt: new Date(NOW - ageMs) }),
        ),
      { maxLength: 8, selector: (i) => i.id },
    ),
    count: fc.integer({ min: 0, max: 3 }),
    current: fc.option(fc.constant(web(1))),
    next: fc.option(
      fc.record({
        seq: fc.constant(2),
        types: fc.constantFrom(['web'], ['web', 'worker'], ['worker']),
        status: fc.constantFrom('pending' as const, 'rolling' as const),
        stagedMs: fc.option(fc.integer({ min: NOW - 30_000, max: NOW })),
        proven: fc.boolean(),
        trouble: fc.option(fc.constant('the image is gone'), { freq: 8 }),
      }),
    ),
    servingSeq: fc.option(fc.integer({ min: 1, max: 3 })),
    stagedSeq: fc.option(fc.integer({ min: 1, max: 3 })),
    picks: fc.infiniteStream(fc.boolean()),
    traffic: fc.infiniteStream(
      fc.record({
        sessions: fc.integer({ min: 0, max: 2 }),
        unroutedMs: fc.integer({ min: 0, max: 60_000 }),
      }),
    ),
    deleting: fc.boolean(),
  })
  .map((raw) => {
    const target = (seq: number | null) =>
      seq === null
        ? null
        : {
            seq,
            instances: raw.instances
              .filter((i) => i.seq === seq && i.type === 'web' && raw.picks.next().value)
              .map((i) => i.id),
          };
    return world({
      instances: raw.instances,
      formation: new Map([
        ['web', raw.count],
        ['worker', 1],
      ]),
      current: raw.current,
      next: raw.next,
      deleting: raw.deleting,
      route: { serving: target(raw.servingSeq), staged: target(raw.stagedSeq) },
      traffic: new Map(raw.instances.map((i) => [i.id, raw.traffic.next().value])),
    });
  });

/** A healthy release in any surroundings. */
const servingWorld = anyWorld.map((w): World => {
  const useful = instance(1, 1, 'ready', { attempt: 7 });
  return {
    ...w,
    deleting: false,
    current: web(1),
    formation: new Map([...w.formation, ['web', 2]]),
    instances: [...w.instances, useful],
  };
});

const named = (w: World): ReadonlySet<string> =>
  new Set([...(w.route.serving?.instances ?? []), ...(w.route.staged?.instances ?? [])]);

describe('in any world', () => {
  const stateOf = (w: World, id: string): InstanceState | undefined =>
    w.instances.find((i) => i.id === id)?.state;
  const holds = (worlds: fc.Arbitrary<World>, check: (w: World) => void): void => {
    fc.assert(fc.property(worlds, check), { numRuns: 2_000 });
    expect.hasAssertions();
  };

  it('routes ready instances only', () => {
    holds(anyWorld, (w) => {
      const ids = only(plan(w), 'route').flatMap(({ to }) => [
        ...(to.serving?.instances ?? []),
        ...(to.staged?.instances ?? []),
      ]);
      expect(ids.map((id) => stateOf(w, id)).filter((state) => state !== 'ready')).toEqual([]);
    });
  });

  it('gives traffic to the current deployment, or to one that is proven or has it already', () => {
    holds(anyWorld, (w) => {
      const allowed = [
        w.current?.seq,
        w.next?.proven || w.route.serving?.seq === w.next?.seq ? w.next?.seq : undefined,
        undefined,
      ];
      for (const { to } of only(plan(w), 'route')) expect(allowed).toContain(to.serving?.seq);
      expect(allowed).toBeDefined();
    });
  });

  it('never stops or removes a useful instance that the router still names', () => {
    holds(anyWorld, (w) => {
      const ended = plan(w).flatMap((step) =>
        step.do === 'stop' || step.do === 'remove' ? [step.instance] : [],
      );
      // One that hangs may be stopped though its name lingers: it is of no use to a visitor.
      expect(ended.filter((id) => named(w).has(id) && stateOf(w, id) === 'ready')).toEqual([]);
    });
  });

  it('removes only what does not run', () => {
    holds(anyWorld, (w) => {
      const alive = only(plan(w), 'remove').filter(
        ({ instance: id }) => !['crashed', 'created'].includes(stateOf(w, id) ?? ''),
      );
      expect(alive).toEqual([]);
    });
  });

  it('never takes the last ready instance of the current deployment out of service unless something else serves', () => {
    holds(servingWorld, (w) => {
      for (const { to } of only(plan(w), 'route')) expect(to.serving?.instances.length).toBeGreaterThan(0);
      expect(w.current).not.toBeNull();
    });
  });

  it('asks for each place at most once, and never for a container name that exists and has run', () => {
    holds(anyWorld, (w) => {
      const starts = only(plan(w), 'start').map((s) => `${s.seq}-${s.type}.${s.number}-${s.attempt}`);
      expect(new Set(starts).size).toBe(starts.length);
      for (const id of starts) expect(['created', undefined]).toContain(stateOf(w, id));
    });
  });
});
