import type { AppRoute } from '../domain/plan.ts';
import type { Instance } from '../domain/instance.ts';
import type { DesiredApp } from '../ports/controller-state.ts';

/** What one app is meant to be, and what was found of it. */
interface Seen {
  readonly desired: DesiredApp;
  readonly instances: readonly Instance[];
  /** What the router has acknowledged. */
  readonly route: AppRoute;
}

/**
 * Whether visitors of this app wait for a process that is on its way, as after a start of the whole machine. Not when
 * nobody may visit it, when its release is not the one that counts, or when it has crashed `sinceMs`: a platform that
 * starts waits for its apps, but not for one that does not stay up.
 */
export function isComingBack({ desired, instances, route }: Seen, sinceMs: number): boolean {
  const { current, next, deleting, unreadable, formation } = desired;
  if (deleting || unreadable !== null || current === null || next !== null) return false;
  if (!('web' in current.image.processes) || (formation.get('web') ?? 0) === 0) return false;
  if ((route.serving?.instances.length ?? 0) > 0) return false;
  const { seq } = current.deployment;
  return !instances.some(
    ({ seq: of, type, endedAt }) => of === seq && type === 'web' && (endedAt?.getTime() ?? 0) > sinceMs,
  );
}
