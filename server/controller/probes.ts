import { abortController } from '../../lib/abort.ts';
import type { Step } from '../domain/plan.ts';
import type { DesiredApp } from '../ports/controller-state.ts';

type Prove = Extract<Step, { do: 'prove' }>;

/**
 * Probes under way, one per app: each may take as long as a visitor would wait, and ends at once when nobody wants to
 * know any more, because the release has failed meanwhile or its app was destroyed.
 */
export interface Probes extends AsyncDisposable {
  /** Unless one of this app is under way. */
  run(desired: DesiredApp, step: Prove, probe: (signal: AbortSignal) => Promise<void>): void;
  /** Ends the app's probe if it is not among these steps. */
  keepOnly(desired: DesiredApp, planned: readonly Step[]): void;
}

export function createProbes(): Probes {
  const running = new Map<string, { key: string; stop: AbortController; done: Promise<void> }>();
  return {
    run(desired, step, probe) {
      const appId = desired.app.id;
      if (running.has(appId)) return;
      const stop = abortController();
      const done = probe(stop.signal).finally(() => running.delete(appId));
      running.set(appId, { key: keyOf(desired, step), stop, done });
    },
    keepOnly(desired, planned) {
      const one = running.get(desired.app.id);
      if (one === undefined || planned.some((step) => keyOf(desired, step) === one.key)) return;
      one.stop.abort(new Error('nobody asks any more whether the release answers'));
    },
    async [Symbol.asyncDispose]() {
      const all = [...running.values()];
      for (const { stop } of all) stop.abort(new Error('the server is shutting down'));
      await Promise.all(all.map(({ done }) => done));
    },
  };
}

function keyOf({ next }: DesiredApp, step: Step): string {
  return step.do === 'prove' ? `${next?.deployment.seq ?? ''} ${step.untilMs}` : '';
}
