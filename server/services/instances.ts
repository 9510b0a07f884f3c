import type { Actor } from '../domain/actor.ts';
import type { Deployment } from '../domain/deployment.ts';
import { PlatformError } from '../domain/errors.ts';
import { instanceName, type Instance } from '../domain/instance.ts';
import type { Apps } from '../ports/apps.ts';
import type { Releases } from '../ports/releases.ts';
import { reach } from './reach.ts';
import type { Wake } from './wake.ts';

export interface Instances {
  /** By type and number; those that are being replaced come after those that replace them. */
  list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly Instance[]>;
  /**
   * Replaces the app's instances one release against itself, dropping no request. `which` names what the caller wants
   * restarted; all of the app's instances are replaced together. Undefined when nothing is deployed.
   * Throws `instance_not_found`.
   */
  restart(
    actor: Actor,
    app: string,
    which: { readonly type?: string | undefined; readonly number?: number | undefined },
    signal: AbortSignal,
  ): Promise<Deployment | undefined>;
}

export interface InstancesDeps {
  readonly apps: Apps;
  readonly releases: Releases;
  readonly controller: Wake & { instancesOf(appId: string): readonly Instance[] };
}

export function createInstances({ apps, releases, controller }: InstancesDeps): Instances {
  return {
    async list(actor, name, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return controller
        .instancesOf(app.id)
        .toSorted((a, b) => a.type.localeCompare(b.type) || a.number - b.number || b.seq - a.seq);
    },

    async restart(actor, name, which, signal) {
      const app = await reach(apps, actor, 'operate', name, signal);
      const { type, number } = which;
      if (type !== undefined) {
        const running = controller.instancesOf(app.id);
        if (!running.some((i) => i.type === type && (number === undefined || i.number === number)))
          throw PlatformError.of('instance_not_found', {
            app: app.name,
            name: (number === undefined ? type : `${type}.${number}`).slice(0, 100),
            there: [...new Set(running.map(instanceName))].toSorted(),
          });
      }
      const deployment = await releases.redeploy(app, signal);
      controller.wake(app.id);
      return deployment;
    },
  };
}
