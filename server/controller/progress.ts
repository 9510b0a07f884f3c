import type { Logger } from '../../lib/log.ts';
import { instanceName, type Instance } from '../domain/instance.ts';
import type { Step } from '../domain/plan.ts';
import { staysUp } from '../domain/release.ts';
import type { DesiredApp } from '../ports/controller-state.ts';
import type { Readiness } from './readiness.ts';
import type { Rollouts } from './rollouts.ts';

/** Follows deployments under way: for the ledger, and for whoever watches. */
export interface Progress {
  /** Says once per new instance that it is up, and notes when the whole incoming set was. */
  instances(desired: DesiredApp, mine: readonly Instance[], signal: AbortSignal): void;
  /** Notes what an acknowledged route meant for a deployment. */
  routed(desired: DesiredApp, steps: readonly Step[], tookMs: number): void;
}

export interface ProgressDeps {
  readonly readiness: Readiness;
  readonly rollouts: Rollouts;
  readonly log: Logger;
  readonly narrate: (deploymentId: string, lines: readonly string[], signal: AbortSignal) => Promise<void>;
}

/** Enough to remember every instance of every deployment under way. */
const REMEMBERED = 10_000;

export function createProgress(deps: ProgressDeps): Progress {
  const told = new Set<string>();
  return {
    instances({ next, app }, mine, signal) {
      if (!next) return;
      // Also one that an earlier controller began, or whose beginning we were not told of: its ledger counts from here.
      if (next.deployment.status === 'rolling') deps.rollouts.began(next.deployment.id, app.id);
      const incoming = mine.filter((i) => i.seq === next.deployment.seq && staysUp(i.type));
      if (incoming.length > 0 && incoming.every((i) => i.state === 'ready'))
        deps.rollouts.ready(next.deployment.id);
      for (const instance of incoming) {
        const since = deps.readiness.readySince(instance.id);
        if (since === undefined || told.has(instance.id)) continue;
        told.add(instance.id);
        const seconds = Math.max(0, since - (instance.startedAt?.getTime() ?? since)) / 1000;
        deps
          .narrate(
            next.deployment.id,
            [`       ${instanceName(instance)} is up after ${seconds.toFixed(1)} s`],
            signal,
          )
          .catch((err: unknown) =>
            deps.log.warn({ err, app: app.name }, 'could not write to the transcript'),
          );
      }
      if (told.size > REMEMBERED) told.clear();
    },

    routed({ next }, steps, tookMs) {
      const to = steps.find((s) => s.do === 'route')?.to;
      if (!next || !to) return;
      if (to.serving?.seq === next.deployment.seq) deps.rollouts.switched(next.deployment.id, tookMs);
    },
  };
}
