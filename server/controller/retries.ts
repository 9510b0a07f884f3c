import type { Step } from '../domain/plan.ts';
import type { DesiredApp } from '../ports/controller-state.ts';

/**
 * Steps that did not get done, each waiting before it is tried again: longer after every try, and forgotten as soon as
 * it is done or no longer planned. A deployment's steps are its own, so a new one begins without waiting.
 */
export interface Retries extends Disposable {
  /** False while the step waits. */
  due(desired: DesiredApp, step: Step): boolean;
  /** Lets the step wait; true when it fails for another reason than the last time, so that it is worth telling. */
  later(desired: DesiredApp, step: Step, reason: string): boolean;
  done(desired: DesiredApp, step: Step): void;
  /** Forgets the app's steps that are not among these. */
  keepOnly(desired: DesiredApp, planned: readonly Step[]): void;
}

interface Trouble {
  tries: number;
  reason: string;
  /** Null when the wait is over. */
  timer: NodeJS.Timeout | null;
}

interface Pace {
  readonly firstMs: number;
  readonly capMs: number;
}

const FAILED: Pace = { firstMs: 1_000, capMs: 30_000 };
/** An app that is just coming up answers in a moment, and somebody waits for it. */
const UNPROVEN: Pace = { firstMs: 50, capMs: 1_000 };

/** `wake` is called when a wait is over. */
export function createRetries(wake: () => void): Retries {
  const apps = new Map<string, Map<string, Trouble>>();

  function forget(appId: string, key: string): void {
    const troubles = apps.get(appId);
    const timer = troubles?.get(key)?.timer;
    if (timer) clearTimeout(timer);
    troubles?.delete(key);
    if (troubles?.size === 0) apps.delete(appId);
  }

  return {
    due: (desired, step) => !apps.get(desired.app.id)?.get(keyOf(desired, step))?.timer,

    later(desired, step, reason) {
      const troubles = apps.get(desired.app.id) ?? new Map<string, Trouble>();
      apps.set(desired.app.id, troubles);
      const key = keyOf(desired, step);
      const before = troubles.get(key);
      const tries = (before?.tries ?? 0) + 1;
      const trouble: Trouble = { tries, reason, timer: null };
      trouble.timer = setTimeout(
        () => {
          trouble.timer = null;
          wake();
        },
        waitFor(step.do === 'prove' ? UNPROVEN : FAILED, tries),
      );
      troubles.set(key, trouble);
      return before?.reason !== reason;
    },

    done: (desired, step) => forget(desired.app.id, keyOf(desired, step)),

    keepOnly(desired, planned) {
      const troubles = apps.get(desired.app.id);
      if (troubles === undefined) return;
      const keys = new Set(planned.map((step) => keyOf(desired, step)));
      for (const key of [...troubles.keys()]) if (!keys.has(key)) forget(desired.app.id, key);
    },

    [Symbol.dispose]() {
      for (const troubles of apps.values())
        for (const { timer } of troubles.values()) if (timer) clearTimeout(timer);
      apps.clear();
    },
  };
}

function waitFor({ firstMs, capMs }: Pace, tries: number): number {
  return Math.min(firstMs * 2 ** Math.min(tries - 1, 30), capMs);
}

/** The deployment is part of it: most steps do not name theirs. */
function keyOf({ next }: DesiredApp, step: Step): string {
  return `${next?.deployment.seq ?? ''} ${JSON.stringify(step)}`;
}
