import type { Logger } from '../../lib/log.ts';
import type { ControllerState, DesiredApp } from '../ports/controller-state.ts';
import type { Rollouts } from './rollouts.ts';

export interface GivingUpDeps {
  readonly state: Pick<ControllerState, 'fail'>;
  readonly epoch: () => number;
  readonly rollouts: Pick<Rollouts, 'forget'>;
  readonly decided: (deploymentId: string) => void;
  readonly log: Logger;
}

const REASON =
  'What was stored about this deployment cannot be read, so it was given up; what served before goes on. Deploy again, or make the change once more.';

/**
 * Decides deployments that nobody can carry out, because what is stored of them makes no sense: as long as one is
 * undecided, its app takes no other. What one app's records do to this is confined to that app.
 */
export async function giveUpUnreadable(
  { state, epoch, rollouts, decided, log }: GivingUpDeps,
  apps: readonly DesiredApp[],
  signal: AbortSignal,
): Promise<void> {
  for (const { app, unreadableNext } of apps) {
    if (unreadableNext === null) continue;
    const { deploymentId, problem } = unreadableNext;
    try {
      if (!(await state.fail(deploymentId, epoch(), REASON, signal))) continue;
      rollouts.forget(deploymentId);
      decided(deploymentId);
      log.error({ app: app.name, problem }, 'gave up a deployment whose records make no sense');
    } catch (err) {
      if (signal.aborted) throw err;
      log.warn({ err, app: app.name }, 'a deployment whose records make no sense could not be given up yet');
    }
  }
}
