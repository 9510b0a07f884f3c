import { mayJoin, roleFor, roleHas, roleOf, scopesCover, USUAL_ROLE, type Role } from '../domain/access.ts';
import type { Actor } from '../domain/actor.ts';
import type { App, SeenApp } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Collaborator } from '../domain/team.ts';
import type { Apps } from '../ports/apps.ts';
import type { Collaborators as CollaboratorStore, Directory, Teams } from '../ports/membership.ts';
import { isSelf, personOf } from './directory.ts';
import { reach } from './reach.ts';

/** Somebody who may do something with an app; of its owner, their role is `admin`. */
export interface Access extends Collaborator {
  readonly owner: boolean;
  /** Whether they may do everything anyway, as an administrator of the team to which the app belongs. */
  readonly byTeam: boolean;
}

interface OfApp {
  readonly app: App;
  readonly access: Access;
}

export interface Collaborators {
  /** The owner, if it is a person's app, then the collaborators by e-mail address. */
  list(
    actor: Actor,
    app: string,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly all: readonly Access[] }>;
  /** By e-mail address, the person's id or that of the collaboration. */
  find(actor: Actor, app: string, who: string, signal: AbortSignal): Promise<OfApp>;
  /**
   * Lets somebody do something with the app, by default what collaborators usually may. Members of a team may so join an
   * app of it that is not locked. Throws `user_unknown`, `role_too_high`, `app_locked`.
   */
  add(
    actor: Actor,
    app: string,
    wanted: { readonly user: string; readonly permissions: readonly string[] | undefined },
    signal: AbortSignal,
  ): Promise<OfApp>;
  /** Throws `role_too_high`. */
  update(
    actor: Actor,
    app: string,
    who: string,
    permissions: readonly string[],
    signal: AbortSignal,
  ): Promise<OfApp>;
  /** Takes all rights from somebody; anybody may leave. Throws `role_too_high`. */
  remove(actor: Actor, app: string, who: string, signal: AbortSignal): Promise<OfApp>;
}

export interface CollaboratorsDeps {
  readonly apps: Pick<Apps, 'findFor'>;
  readonly directory: Directory;
  readonly store: CollaboratorStore;
  readonly teams: Pick<Teams, 'members'>;
}

export function createCollaborators({ apps, directory, store, teams }: CollaboratorsDeps): Collaborators {
  async function allOf(app: App, signal: AbortSignal): Promise<readonly Access[]> {
    const found = await seenWith(teams, app, await store.list(app.id, signal), signal);
    return app.team === null ? [ownerOf(app), ...found] : found;
  }

  async function put(app: App, userId: string, role: Role, signal: AbortSignal): Promise<OfApp> {
    const made = await store.put(app.id, userId, role, signal);
    const [access] = await seenWith(teams, app, [made], signal);
    if (!access) throw new Error('as many are seen as were found');
    return { app, access };
  }

  async function oneOf(app: App, actor: Actor, who: string, signal: AbortSignal): Promise<Access> {
    const self = isSelf(actor, who);
    const found = (await allOf(app, signal)).find(({ id, user }) =>
      self ? user.id === actor.userId : [id, user.id, user.email].includes(who),
    );
    if (found) return found;
    throw PlatformError.of('not_found', { resource: 'collaborator', name: who.slice(0, 100) });
  }

  /** The app, for who may hand out rights. A member whom only its lock keeps from joining is told of that. */
  async function shared(actor: Actor, seen: SeenApp, user: string, signal: AbortSignal): Promise<SeenApp> {
    try {
      return await reach(apps, actor, 'share', seen.id, signal);
    } catch (err) {
      const kept = isSelf(actor, user) && mayJoin(seen.standing, { locked: false }) && covers(actor, seen);
      throw kept && PlatformError.is(err, 'forbidden')
        ? PlatformError.of('app_locked', { app: seen.name })
        : err;
    }
  }

  return {
    async list(actor, name, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return { app, all: await allOf(app, signal) };
    },

    async find(actor, name, who, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return { app, access: await oneOf(app, actor, who, signal) };
    },

    async add(actor, name, { user, permissions }, signal) {
      const seen = await reach(apps, actor, 'view', name, signal);
      const joins = isSelf(actor, user) && mayJoin(seen.standing, seen) && covers(actor, seen);
      const app = joins ? seen : await shared(actor, seen, user, signal);
      const role = permissions && readRole(permissions);
      const person = await personOf(directory, actor, user, signal);
      if (app.team === null && person.id === app.owner.id)
        throw PlatformError.of('invalid_params', { field: 'user', problem: `owns ${app.name} already` });
      const before = (await store.list(app.id, signal)).find((one) => one.user.id === person.id);
      const next = role ?? before?.role ?? USUAL_ROLE;
      mustNotExceed(app, joins ? USUAL_ROLE : ownRole(app, actor), [next, before?.role]);
      return put(app, person.id, next, signal);
    },

    async update(actor, name, who, permissions, signal) {
      const app = await reach(apps, actor, 'share', name, signal);
      const role = readRole(permissions);
      const before = await oneOf(app, actor, who, signal);
      refuseOwner(app, before);
      mustNotExceed(app, ownRole(app, actor), [role, before.role]);
      return put(app, before.user.id, role, signal);
    },

    async remove(actor, name, who, signal) {
      const seen = await reach(apps, actor, 'view', name, signal);
      const leaves = isSelf(actor, who) && covers(actor, seen);
      const app = leaves ? seen : await reach(apps, actor, 'share', name, signal);
      const before = await oneOf(app, actor, who, signal);
      refuseOwner(app, before);
      if (!leaves) mustNotExceed(app, ownRole(app, actor), [before.role]);
      await store.remove(app.id, before.user.id, signal);
      return { app, access: before };
    },
  };
}

async function seenWith(
  teams: CollaboratorsDeps['teams'],
  { team }: App,
  found: readonly Collaborator[],
  signal: AbortSignal,
): Promise<Access[]> {
  const members = team === null ? [] : await teams.members(team.id, signal);
  const admins = new Set(members.filter(({ role }) => role === 'admin').map(({ user }) => user.id));
  return found.map((one) => ({ ...one, owner: false, byTeam: admins.has(one.user.id) }));
}

/** Joining and leaving change rights, for which a credential is no good that may not change those of others. */
function covers({ scopes }: Actor, app: App): boolean {
  return scopesCover(scopes, 'share', app.id);
}

function ownRole(app: SeenApp, actor: Actor): Role {
  return roleOf(app.standing, actor) ?? 'view';
}

/** Nobody gives, changes or takes rights beyond their own. */
function mustNotExceed(app: App, own: Role, roles: readonly (Role | undefined)[]): void {
  if (roles.some((role) => role !== undefined && !roleHas(own, role)))
    throw PlatformError.of('role_too_high', { app: app.name, role: own });
}

function refuseOwner(app: App, access: Access): void {
  if (!access.owner) return;
  const problem = `owns ${app.name}; the app can be given away or destroyed`;
  throw PlatformError.of('invalid_params', { field: access.user.email, problem });
}

function readRole(permissions: readonly string[]): Role {
  const role = roleFor(permissions);
  if (role !== undefined) return role;
  const problem = 'must be among view, deploy, operate and manage';
  throw PlatformError.of('invalid_params', { field: 'permissions', problem });
}

function ownerOf(app: App): Access {
  const { id, owner: user, createdAt } = app;
  const always = { role: 'admin', owner: true, byTeam: false } as const;
  return { id: `${id}:owner`, user, ...always, createdAt, updatedAt: createdAt };
}
