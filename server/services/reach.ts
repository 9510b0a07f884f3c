import {
  isGlobal,
  roleHas,
  roleOf,
  scopesCover,
  scopesCoverCreating,
  scopesCoverListing,
  type Permission,
} from '../domain/access.ts';
import type { Actor } from '../domain/actor.ts';
import type { SeenApp } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { permitted } from '../domain/failures/people.ts';
import type { Apps } from '../ports/apps.ts';

/**
 * The first statement of every use case about an app: the app, if this actor may do this with it. Throws `not_found`
 * alike for an app that does not exist and for one that the actor may not see, and `forbidden` for one they may see.
 */
export async function reach(
  apps: Pick<Apps, 'findFor'>,
  actor: Actor,
  permission: Permission,
  nameOrId: string,
  signal: AbortSignal,
): Promise<SeenApp> {
  const app = await apps.findFor(actor, nameOrId, signal);
  const role = app && roleOf(app.standing, actor);
  if (!app || !role || !scopesCover(actor.scopes, 'view', app.id)) {
    throw PlatformError.of('not_found', { resource: 'app', name: nameOrId.slice(0, 100) });
  }
  if (!roleHas(role, permission)) throw PlatformError.of('forbidden', { app: app.name, role, permission });
  if (!scopesCover(actor.scopes, permission, app.id)) {
    throw PlatformError.of('scope_too_small', { what: permitted(permission, app.name) });
  }
  return app;
}

/** The first statement of every use case about the actor's own account. Throws `scope_too_small`. */
export function needGlobal(actor: Actor, what: string): void {
  if (!isGlobal(actor)) throw PlatformError.of('scope_too_small', { what });
}

/**
 * Asked by whoever hands out what lets somebody in from anywhere: a token that is bound to addresses is no way to come by
 * what is not. Throws `token_bound`.
 */
export function needAnywhere({ credential }: Actor, what: string): void {
  if (credential?.addresses) throw PlatformError.of('token_bound', { what });
}

/** The first statement of every use case for administrators of the platform. Throws `forbidden_platform`. */
export function needAdmin(actor: Actor, what: string): void {
  if (!actor.admin) throw PlatformError.of('forbidden_platform', { what });
  needGlobal(actor, what);
}

/** The first statement of making an app of one's own. Throws `scope_too_small`. */
export function needCreating(actor: Actor): void {
  if (!scopesCoverCreating(actor.scopes))
    throw PlatformError.of('scope_too_small', { what: 'creating apps' });
}

/** The first statement of looking for what belongs to apps without naming one. Throws `scope_too_small`. */
export function needListing(actor: Actor): void {
  if (!scopesCoverListing(actor.scopes)) throw PlatformError.of('scope_too_small', { what: 'listing apps' });
}

/**
 * The apps that the actor may view, of which a credential for one app shows no other; by name. Throws `scope_too_small`.
 */
export async function seenApps(
  apps: Pick<Apps, 'list'>,
  actor: Actor,
  signal: AbortSignal,
): Promise<readonly SeenApp[]> {
  needListing(actor);
  const all = await apps.list(actor, signal);
  return all.filter(({ id }) => scopesCover(actor.scopes, 'view', id));
}
