import { abortController } from '../../lib/abort.ts';
import type { Step } from '../domain/plan.ts';
import type { DesiredApp } from '../ports/controller-state.ts';

/** A request that may take as long as a visitor would wait; what a release command prints until it ends. */
type Aside = Extract<Step, { do: 'prove' | 'relay' }>;

/**
 * Steps that last, one per app: they hinder no other, and end at once when nobody wants to know any more, because the
 * release has failed meanwhile or its app was destroyed.
 */
export interface Asides extends AsyncDisposable {
  /** Unless one of this app is under way. */
  run(desired: DesiredApp, step: Aside, work: (signal: AbortSignal) => Promise<void>): void;
  /** Ends the app's if it is not among these steps. */
  keepOnly(desired: DesiredApp, planned: readonly Step[]): void;
}

export function isAside(step: Step): step is Aside {
  return step.do === 'prove' || step.do === 'relay';
}

export function createAsides(): Asides {
  const running = new Map<string, { key: string; stop: AbortController; done: Promise<void> }>();
  return {
    run(desired, step, work) {
      const appId = desired.app.id;
      if (running.has(appId)) return;
      const stop = abortController();
      const done = work(stop.signal).finally(() => running.delete(appId));
      running.set(appId, { key: keyOf(desired, step), stop, done });
    },
    keepOnly(desired, planned) {
      const one = running.get(desired.app.id);
      if (one === undefined || planned.some((step) => isAside(step) && keyOf(desired, step) === one.key))
        return;
      one.stop.abort(new Error('nobody waits for this any more'));
    },
    async [Symbol.asyncDispose]() {
      const all = [...running.values()];
      for (const { stop } of all) stop.abort(new Error('the server is shutting down'));
      await Promise.all(all.map(({ done }) => done));
    },
  };
}

function keyOf({ next }: DesiredApp, step: Aside): string {
  return `${next?.deployment.seq ?? ''} ${JSON.stringify(step)}`;
}
