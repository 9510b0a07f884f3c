import type { Actor } from '../domain/actor.ts';
import type { App } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Apps } from '../ports/apps.ts';

/** What an actor wants to do with an app; roles will tell them apart. */
export type Permission = 'view' | 'deploy' | 'operate' | 'manage';

/**
 * The first statement of every use case: the app, if this actor may do this with it. Throws `not_found` alike for an
 * app that does not exist and for one that the actor may not see.
 */
export async function reach(
  apps: Pick<Apps, 'find'>,
  actor: Actor,
  // Named at every call, so that roles can be added here and nowhere else.
  _permission: Permission,
  nameOrId: string,
  signal: AbortSignal,
): Promise<App> {
  const app = await apps.find(nameOrId, signal);
  if (app && (actor.admin || app.owner.id === actor.userId)) return app;
  throw PlatformError.of('not_found', { resource: 'app', name: nameOrId.slice(0, 100) });
}
