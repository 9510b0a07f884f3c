import type { Actor } from '../domain/actor.ts';
import type { Build } from '../domain/build.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Apps } from '../ports/apps.ts';
import type { Builds as BuildStore } from '../ports/builds.ts';
import { reach } from './reach.ts';

export interface Builds {
  /** Newest first. */
  list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly Build[]>;
  find(actor: Actor, app: string, id: string, signal: AbortSignal): Promise<Build>;
}

export function createBuilds({ apps, store }: { apps: Apps; store: BuildStore }): Builds {
  return {
    async list(actor, name, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return store.list(app.id, signal);
    },

    async find(actor, name, id, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      const build = await store.find(id, signal);
      if (build?.appId !== app.id)
        throw PlatformError.of('not_found', { resource: 'build', name: id.slice(0, 100) });
      return build;
    },
  };
}
