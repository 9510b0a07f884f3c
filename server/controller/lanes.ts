import { abortController } from '../../lib/abort.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Instance } from '../domain/instance.ts';
import type { Step } from '../domain/plan.ts';
import type { DesiredApp } from '../ports/controller-state.ts';
import { execute, type ExecuteDeps, type Scene } from './execute.ts';
import { createRetries } from './retries.ts';

/** Carries out planned steps, one batch per app at a time; stops run aside, for they take long and hinder nobody. */
export interface Lanes extends AsyncDisposable {
  /**
   * Starts the steps; a lane that is still busy is left alone, its app is looked at again when it is done.
   * A step that failed is left alone too until it has waited, however often it is planned meanwhile.
   */
  drive(desired: DesiredApp, instances: readonly Instance[], steps: readonly Step[]): void;
  /** Instances that were told to end and have not yet. */
  readonly stopping: ReadonlySet<string>;
}

export function createLanes(deps: ExecuteDeps, wake: () => void): Lanes {
  const closing = abortController();
  const lanes = new Map<string, Promise<void>>();
  const stops = new Set<Promise<void>>();
  const stopping = new Set<string>();
  const retries = createRetries(wake);

  /** A step that fails is confined to its app and planned again. */
  async function attempt(scene: Scene, step: Exclude<Step, { do: 'route' }>): Promise<void> {
    const { desired } = scene;
    try {
      const outcome = await execute(deps, scene, step, closing.signal);
      if (outcome === 'done') retries.done(desired, step);
      else retries.later(desired, step, outcome);
    } catch (err) {
      if (closing.signal.aborted) return;
      if (retries.later(desired, step, messageOf(err)))
        deps.log.warn({ err, app: desired.app.name, step: step.do }, 'a step failed; it will be tried again');
    }
  }

  return {
    stopping,
    drive(desired, instances, steps) {
      const appId = desired.app.id;
      const scene: Scene = { desired, instances, stopping };
      retries.keepOnly(desired, steps);
      const due = steps.filter((step) => retries.due(desired, step));
      for (const step of due) {
        if (step.do !== 'stop' || stopping.has(step.instance)) continue;
        const ending = attempt(scene, step).finally(() => {
          stops.delete(ending);
          wake();
        });
        stops.add(ending);
      }
      const rest = due.flatMap((step) => (step.do === 'route' || step.do === 'stop' ? [] : [step]));
      if (rest.length === 0 || lanes.has(appId)) return;
      const lane = Promise.all(rest.map((step) => attempt(scene, step))).then(() => {
        lanes.delete(appId);
        // Also after a failure, which may have changed the plan; the step itself waits, so that this ends.
        wake();
      });
      lanes.set(appId, lane);
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the server is shutting down'));
      await Promise.all([...lanes.values(), ...stops]);
      retries[Symbol.dispose]();
    },
  };
}
