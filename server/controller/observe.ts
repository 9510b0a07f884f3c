import type { Deployment } from '../domain/deployment.ts';
import type { Instance } from '../domain/instance.ts';
import type { Side, World } from '../domain/plan.ts';
import { hasReleaseCommand, staysUp } from '../domain/release.ts';
import type { DesiredApp, Rollout } from '../ports/controller-state.ts';
import type { FoundInstance } from '../ports/engine.ts';
import type { Readiness } from './readiness.ts';
import type { Rollouts } from './rollouts.ts';
import type { Look, Routes } from './routes.ts';

/**
 * What was found plus what we know about it: running becomes ready, or stopping when we have told it to end. That it
 * has ended then, and only waits to be removed, is no crash: its place is free for another at once.
 */
export function judge(
  found: readonly FoundInstance[],
  readiness: Readiness,
  stopping: ReadonlySet<string>,
): Instance[] {
  return found.map((instance) => {
    if (instance.state === 'created') return instance;
    if (stopping.has(instance.id)) return { ...instance, state: 'stopping' };
    return instance.state === 'starting' && readiness.isReady(instance.id)
      ? { ...instance, state: 'ready' }
      : instance;
  });
}

export interface Observed {
  readonly nowMs: number;
  readonly look: Look;
  readonly routes: Routes;
  readonly rollouts: Rollouts;
  readonly readiness: Pick<Readiness, 'reason'>;
}

/** One app's world, as the planner wants it. */
export function worldOf(desired: DesiredApp, instances: readonly Instance[], observed: Observed): World {
  const { next } = desired;
  return {
    nowMs: observed.nowMs,
    deleting: desired.deleting,
    formation: desired.formation,
    current: desired.current && sideOf(desired.current),
    next: next && {
      ...sideOf(next),
      status: undecided(next.deployment),
      ...progress(next.deployment.id, observed.rollouts),
      hasCommand: next.fresh && hasReleaseCommand(next),
    },
    instances,
    route: observed.routes.acknowledged(desired.app.id),
    traffic: observed.look.traffic,
    unready: new Map(
      instances.flatMap(({ id }) => {
        const reason = observed.readiness.reason(id);
        return reason === undefined ? [] : [[id, reason] as const];
      }),
    ),
  };
}

function progress(
  deploymentId: string,
  rollouts: Rollouts,
): { heard: string | null; proven: boolean; trouble: string | null; relayed: boolean } {
  return {
    heard: rollouts.heard(deploymentId),
    proven: rollouts.isProven(deploymentId),
    trouble: rollouts.trouble(deploymentId),
    relayed: rollouts.isRelayed(deploymentId),
  };
}

function undecided(deployment: Deployment): 'pending' | 'rolling' {
  return deployment.status === 'pending' ? 'pending' : 'rolling';
}

function sideOf(rollout: Rollout): Side {
  return {
    seq: rollout.deployment.seq,
    types: Object.keys(rollout.image.processes).filter(staysUp),
  };
}
