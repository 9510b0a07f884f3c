import { abortController } from '../../lib/abort.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Instance } from '../domain/instance.ts';
import type { Step } from '../domain/plan.ts';
import type { DesiredApp } from '../ports/controller-state.ts';
import { execute, type ExecuteDeps, type Scene } from './execute.ts';
import { createAsides, isAside } from './asides.ts';
import { createRetries } from './retries.ts';

/**
 * Carries out planned steps, one batch per deployment of an app at a time: what serves is kept up while the image of
 * what comes is still being fetched. Stops, and what lasts, run aside: they take long and hinder nobody.
 */
export interface Lanes extends AsyncDisposable {
  /**
   * Starts the steps; a lane that is still busy is left alone, its app is looked at again when it is done.
   * A step that failed is left alone too until it has waited, however often it is planned meanwhile.
   */
  drive(desired: DesiredApp, instances: readonly Instance[], steps: readonly Step[]): void;
  /** Instances that were told to end and have not yet. */
  readonly stopping: ReadonlySet<string>;
}

type Doable = Exclude<Step, { do: 'route' }>;
/** A lane of its own for each deployment; what concerns all of the app waits until all are free, and has them all. */
type Lane = number | 'all';

export function createLanes(deps: ExecuteDeps, wake: () => void): Lanes {
  const closing = abortController();
  const apps = new Map<string, Map<Lane, Promise<void>>>();
  const stops = new Set<Promise<void>>();
  const stopping = new Set<string>();
  const retries = createRetries(wake);
  const asides = createAsides();

  /** A step that fails is confined to its app and planned again. */
  async function attempt(scene: Scene, step: Doable, signal: AbortSignal): Promise<void> {
    const { desired } = scene;
    try {
      const outcome = await execute(deps, scene, step, signal);
      if (outcome === 'done') retries.done(desired, step);
      else retries.later(desired, step, outcome);
    } catch (err) {
      if (signal.aborted) return;
      if (retries.later(desired, step, messageOf(err)))
        deps.log.warn({ err, app: desired.app.name, step: step.do }, 'a step failed; it will be tried again');
    }
  }

  function batch(scene: Scene, lane: Lane, steps: readonly Doable[]): void {
    const appId = scene.desired.app.id;
    const busy = apps.get(appId) ?? new Map<Lane, Promise<void>>();
    if (busy.has(lane) || busy.has('all') || (lane === 'all' && busy.size > 0)) return;
    apps.set(appId, busy);
    const running = Promise.all(steps.map((step) => attempt(scene, step, closing.signal))).then(() => {
      busy.delete(lane);
      if (busy.size === 0) apps.delete(appId);
      // Also after a failure, which may have changed the plan; the step itself waits, so that this ends.
      wake();
    });
    busy.set(lane, running);
  }

  return {
    stopping,
    drive(desired, instances, steps) {
      const scene: Scene = { desired, instances, stopping };
      retries.keepOnly(desired, steps);
      asides.keepOnly(desired, steps);
      const due = steps.filter((step) => retries.due(desired, step));
      const inLanes = new Map<Lane, Doable[]>();
      for (const step of due) {
        if (step.do === 'route') continue;
        if (isAside(step)) {
          asides.run(desired, step, (signal) => attempt(scene, step, signal).finally(wake));
        } else if (step.do !== 'stop') {
          const lane = laneOf(scene, step);
          inLanes.set(lane, [...(inLanes.get(lane) ?? []), step]);
        } else if (!stopping.has(step.instance)) {
          const ending = attempt(scene, step, closing.signal).finally(() => {
            stops.delete(ending);
            wake();
          });
          stops.add(ending);
        }
      }
      for (const [lane, together] of inLanes) batch(scene, lane, together);
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the server is shutting down'));
      const running = [...apps.values()].flatMap((lanes) => [...lanes.values()]);
      await Promise.all([...running, ...stops, asides[Symbol.asyncDispose]()]);
      retries[Symbol.dispose]();
    },
  };
}

function laneOf(
  { desired, instances }: Scene,
  step: Exclude<Doable, { do: 'stop' | 'prove' | 'relay' }>,
): Lane {
  switch (step.do) {
    case 'start':
      return step.seq;
    case 'remove':
      return instances.find(({ id }) => id === step.instance)?.seq ?? 'all';
    case 'begin':
    case 'succeed':
    case 'fail':
      return desired.next?.deployment.seq ?? 'all';
    case 'forget':
      return 'all';
  }
}
