import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instance, NOW, only, web, world } from '../../test/support/planned-world.ts';
import type { InstanceState } from './instance.ts';
import { plan, type World } from './plan.ts';

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
          type: fc.constantFrom('web', 'worker', 'release'),
          state: states,
          ageMs: fc.oneof(fc.integer({ min: 0, max: 120_000 }), fc.constant(4_000_000)),
          code: fc.constantFrom(0, 1),
        })
        .map(({ seq, number, state, ageMs, code, ...more }) =>
          instance(seq, number, state, {
            ...more,
            startedAt: new Date(NOW - ageMs),
            exit: state === 'crashed' ? { code, outOfMemory: false } : null,
          }),
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
        heard: fc.option(fc.constant('GET / was answered 500')),
        proven: fc.boolean(),
        trouble: fc.option(fc.constant('the image is gone'), { freq: 8 }),
        hasCommand: fc.boolean(),
        relayed: fc.boolean(),
      }),
    ),
    servingSeq: fc.option(fc.integer({ min: 1, max: 3 })),
    stagedSeq: fc.option(fc.integer({ min: 1, max: 3 })),
    picks: fc.infiniteStream(fc.boolean()),
    asked: fc.infiniteStream(fc.boolean()),
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
      unready: new Map(
        raw.instances.flatMap(({ id }) => (raw.asked.next().value ? [[id, 'GET /up was answered 500']] : [])),
      ),
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

  it('holds no time against an instance that has not been asked, nor against a release whose request is not back', () => {
    holds(anyWorld, (w) => {
      const dead = w.instances.some(({ state }) => state === 'crashed');
      const blank = {
        ...w,
        unready: new Map(),
        next: w.next && { ...w.next, heard: null, trouble: null, hasCommand: false },
      };
      const steps = plan(blank);
      expect(only(steps, 'stop').filter(({ why }) => why.includes('in time'))).toEqual([]);
      expect(dead ? [] : only(steps, 'fail')).toEqual([]);
    });
  });

  it('starts nothing else of a release, nor routes to it, before its command has ended well', () => {
    holds(anyWorld, (w) => {
      const { next } = w;
      if (!next?.hasCommand) return;
      const run = w.instances.find((one) => one.seq === next.seq && one.type === 'release');
      if (run?.state === 'crashed' && run.exit?.code === 0) return;
      const steps = plan(w);
      expect(only(steps, 'start').filter(({ seq, type }) => seq === next.seq && type !== 'release')).toEqual(
        [],
      );
      expect(only(steps, 'succeed')).toEqual([]);
      expect(only(steps, 'prove')).toEqual([]);
    });
  });

  it('runs the command of a release once, and forgets no run of it before the deployment is decided', () => {
    holds(anyWorld, (w) => {
      const { next } = w;
      const runs = w.instances.filter((one) => one.seq === next?.seq && one.type === 'release');
      const steps = plan(w);
      if (runs.length > 0 && runs[0]?.state !== 'created')
        expect(only(steps, 'start').filter(({ type }) => type === 'release')).toEqual([]);
      const gone = only(steps, 'remove').map((step) => step.instance);
      if (!w.deleting) expect(gone).not.toContain(runs[0]?.id);
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
