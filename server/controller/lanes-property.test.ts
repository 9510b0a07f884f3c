import fc from 'fast-check';
import { expect, it } from 'vitest';
import { incoming, web } from '../../test/support/planned-world.ts';
import { createStepRig, desiredOf, rolloutOf } from '../../test/support/step-rig.ts';
import type { Instance } from '../domain/instance.ts';
import { NO_ROUTE, plan, type Step } from '../domain/plan.ts';
import { createLanes } from './lanes.ts';

const patient = new AbortController().signal;

/** What may happen, in any order: somebody looks and plans, acts upon what was planned last, an image arrives, a process dies. */
const happenings = fc.array(
  fc.oneof(
    fc.constant({ do: 'look' } as const),
    fc.constant({ do: 'act' } as const),
    fc.record({ do: fc.constant('arrive' as const), seq: fc.constantFrom(1, 2) }),
    fc.record({ do: fc.constant('die' as const), pick: fc.nat(5) }),
  ),
  { minLength: 5, maxLength: 40 },
);

/** An app with a release that runs and one that comes, two instances each; every image has to be waited for. */
function createScene() {
  const rig = createStepRig();
  const images = new Map([
    [1, rig.image()],
    [2, rig.image()],
  ]);
  const of = (seq: number) => rolloutOf(images.get(seq) ?? rig.image(), seq);
  const desired = desiredOf({ current: of(1), next: of(2), formation: new Map([['web', 2]]) });
  const gates = new Map<number, (() => void)[]>();
  const { engine } = rig.deps;
  Object.assign(engine, {
    async prepare(...args: Parameters<typeof engine.prepare>) {
      const seq = args[1] === images.get(1) ? 1 : 2;
      await new Promise<void>((resolve) => gates.set(seq, [...(gates.get(seq) ?? []), resolve]));
      await rig.engine.prepare(...args);
    },
  });
  const lanes = createLanes(rig.deps, () => undefined);
  let instances: Instance[] = [];
  let steps: Step[] = [];

  return {
    rig,
    lanes,
    async look() {
      const found = await rig.engine.find(patient);
      instances = found.map((one) => (one.state === 'starting' ? { ...one, state: 'ready' } : one));
      steps = plan({
        ...{ nowMs: Date.now() + 3_600_000, deleting: false, formation: desired.formation, current: web(1) },
        next: incoming(2),
        ...{ instances, route: NO_ROUTE, traffic: new Map(), unready: new Map() },
      }).filter((step) => step.do === 'start' || step.do === 'remove');
    },
    /** Also upon what was planned long ago: a round may have waited for the router in between. */
    act: () => lanes.drive(desired, instances, steps),
    arrive(seq: number) {
      for (const open of gates.get(seq)?.splice(0) ?? []) open();
    },
    async die(pick: number) {
      const running = (await rig.engine.find(patient)).filter(({ state }) => state === 'starting');
      const one = running[pick];
      if (one) rig.engine.kill(one.id, { code: 1, outOfMemory: false });
    },
    /** `1 web.2`, as often as it runs. */
    async running() {
      const found = await rig.engine.find(patient);
      return found
        .filter(({ state }) => state === 'starting')
        .map(({ seq, number }) => `${seq} web.${number}`);
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('never runs two instances where one is wanted, and keeps up what serves whatever the other waits for', async () => {
  await fc.assert(
    fc.asyncProperty(happenings, async (course) => {
      const scene = createScene();
      for (const happening of course) {
        if (happening.do === 'look') await scene.look();
        if (happening.do === 'act') scene.act();
        if (happening.do === 'arrive') scene.arrive(happening.seq);
        if (happening.do === 'die') await scene.die(happening.pick);
        await settled();
        const running = await scene.running();
        expect(new Set(running).size, running.join()).toBe(running.length);
      }
      // From here on only the images of what serves arrive.
      for (let round = 0; round < 4; round += 1) {
        await scene.look();
        scene.act();
        await settled();
        scene.arrive(1);
        await settled();
      }
      expect(await scene.running()).toEqual(expect.arrayContaining(['1 web.1', '1 web.2']));
      scene.arrive(2);
      await scene.lanes[Symbol.asyncDispose]();
    }),
    { numRuns: 200 },
  );
});
