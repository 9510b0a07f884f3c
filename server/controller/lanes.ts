import type { Instance } from '../domain/instance.ts';
import type { Step } from '../domain/plan.ts';
import type { DesiredApp } from '../ports/controller-state.ts';
import { execute, type ExecuteDeps, type Scene } from './execute.ts';

/** Carries out planned steps, one batch per app at a time; stops run aside, for they take long and hinder nobody. */
export interface Lanes extends AsyncDisposable {
  /** Starts the steps; a lane that is still busy is left alone, its app is looked at again when it is done. */
  drive(desired: DesiredApp, instances: readonly Instance[], steps: readonly Step[]): void;
  /** Instances that were told to end and have not yet. */
  readonly stopping: ReadonlySet<string>;
}

export function createLanes(deps: ExecuteDeps, wake: () => void): Lanes {
  const closing = new AbortController();
  const lanes = new Map<string, Promise<void>>();
  const stops = new Set<Promise<void>>();
  const stopping = new Set<string>();

  /** A step that fails is confined to its app and planned again. */
  async function attempt(scene: Scene, step: Exclude<Step, { do: 'route' }>): Promise<void> {
    try {
      await execute(deps, scene, step, closing.signal);
    } catch (err) {
      if (closing.signal.aborted) return;
      deps.log.warn(
        { err, app: scene.desired.app.name, step: step.do },
        'a step failed; it will be planned again',
      );
    }
  }

  return {
    stopping,
    drive(desired, instances, steps) {
      const scene: Scene = { desired, instances, stopping };
      for (const step of steps) {
        if (step.do !== 'stop' || stopping.has(step.instance)) continue;
        const ending = attempt(scene, step).finally(() => {
          stops.delete(ending);
          wake();
        });
        stops.add(ending);
      }
      const rest = steps.flatMap((step) => (step.do === 'route' || step.do === 'stop' ? [] : [step]));
      if (rest.length === 0 || lanes.has(desired.app.id)) return;
      const lane = Promise.all(rest.map((step) => attempt(scene, step))).then(() => {
        lanes.delete(desired.app.id);
        wake();
      });
      lanes.set(desired.app.id, lane);
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the server is shutting down'));
      await Promise.all([...lanes.values(), ...stops]);
    },
  };
}
