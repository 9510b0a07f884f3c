import { randomUUID } from 'node:crypto';
import { isGlobal, scopesCoverListing, scopesCoverPeople, type TeamRole } from '../domain/access.ts';
import type { Actor } from '../domain/actor.ts';
import type { SeenApp } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { teamName } from '../domain/names.ts';
import type { SeenTeam, TeamMember } from '../domain/team.ts';
import type { Apps } from '../ports/apps.ts';
import type { Directory, Teams as TeamStore } from '../ports/membership.ts';
import { isSelf, personOf } from './directory.ts';
import { needGlobal, seenApps } from './reach.ts';

export interface Teams {
  /** Those the caller is in; for administrators of the platform, all. */
  list(actor: Actor, signal: AbortSignal): Promise<readonly SeenTeam[]>;
  find(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenTeam>;
  /** As `find`, for its administrators. */
  administer(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenTeam>;
  /** Makes a team whose administrator the caller is. Throws `invalid_params`, `name_taken`. */
  create(actor: Actor, name: string, signal: AbortSignal): Promise<SeenTeam>;
  /** Throws `invalid_params`, `name_taken`. */
  rename(actor: Actor, nameOrId: string, name: string | undefined, signal: AbortSignal): Promise<SeenTeam>;
  /** Throws `team_not_empty`. */
  remove(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenTeam>;
  /** The apps of a team that the caller may view. */
  apps(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<readonly SeenApp[]>;
  /** Throws `not_in_team` for those with whom an app of the team is shared; they know of it anyway. */
  members(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<readonly TeamMember[]>;
  /** Makes somebody a member, or changes what they are. Throws `user_unknown`, `team_needs_admin`. */
  putMember(
    actor: Actor,
    nameOrId: string,
    member: { readonly email: string; readonly role: TeamRole },
    signal: AbortSignal,
  ): Promise<{ readonly team: SeenTeam; readonly member: TeamMember }>;
  /** As `putMember`, for whoever is one already. Throws `not_found`. */
  changeMember(
    actor: Actor,
    nameOrId: string,
    member: { readonly email: string; readonly role: TeamRole },
    signal: AbortSignal,
  ): Promise<TeamMember>;
  /** With the rights on all apps of the team; anybody may leave. Throws `team_needs_admin`. */
  removeMember(actor: Actor, nameOrId: string, who: string, signal: AbortSignal): Promise<TeamMember>;
}

export interface TeamsDeps {
  readonly store: TeamStore;
  readonly apps: Pick<Apps, 'list'>;
  readonly directory: Directory;
}

export function createTeams({ store, apps, directory }: TeamsDeps): Teams {
  async function put(team: SeenTeam, userId: string, role: TeamRole, signal: AbortSignal) {
    const member = await store.putMember(team.id, userId, role, signal);
    if (!member) throw PlatformError.of('team_needs_admin', { team: team.name });
    return member;
  }

  return {
    async list(actor, signal) {
      if (!scopesCoverPeople(actor.scopes))
        throw PlatformError.of('scope_too_small', { what: 'listing teams' });
      return store.list(actor.userId, actor.admin ? 'all' : 'own', signal);
    },

    find: (actor, name, signal) => reachTeam(store, actor, 'view', name, signal),

    administer: (actor, name, signal) => reachTeam(store, actor, 'admin', name, signal),

    async create(actor, name, signal) {
      needGlobal(actor, 'making teams');
      const team = await store.create({ id: randomUUID(), name: readName(name) }, actor.userId, signal);
      return { ...team, role: 'admin' };
    },

    async rename(actor, nameOrId, name, signal) {
      const team = await reachTeam(store, actor, 'admin', nameOrId, signal);
      if (name === undefined || name === team.name) return team;
      await store.rename(team.id, readName(name), signal);
      return { ...team, name };
    },

    async remove(actor, nameOrId, signal) {
      const team = await reachTeam(store, actor, 'admin', nameOrId, signal);
      if (!(await store.remove(team.id, signal)))
        throw PlatformError.of('team_not_empty', { team: team.name });
      return team;
    },

    async apps(actor, nameOrId, signal) {
      const team = await reachTeam(store, actor, 'view', nameOrId, signal);
      return (await seenApps(apps, actor, signal)).filter((app) => app.team?.id === team.id);
    },

    async members(actor, nameOrId, signal) {
      const team = await reachTeam(store, actor, 'view', nameOrId, signal).catch(
        orGuest(apps, actor, nameOrId, signal),
      );
      return store.members(team.id, signal);
    },

    async putMember(actor, nameOrId, { email, role }, signal) {
      const team = await reachTeam(store, actor, 'admin', nameOrId, signal);
      const person = await personOf(directory, actor, email, signal);
      return { team, member: await put(team, person.id, role, signal) };
    },

    async changeMember(actor, nameOrId, { email, role }, signal) {
      const team = await reachTeam(store, actor, 'admin', nameOrId, signal);
      const { user } = await memberOf(store, team, { actor, who: email }, signal);
      return put(team, user.id, role, signal);
    },

    async removeMember(actor, nameOrId, who, signal) {
      const seen = await reachTeam(store, actor, 'view', nameOrId, signal);
      const leaves = isSelf(actor, who) && seen.role !== null && isGlobal(actor);
      const team = leaves ? seen : await reachTeam(store, actor, 'admin', nameOrId, signal);
      const member = await memberOf(store, team, { actor, who }, signal);
      if (!(await store.removeMember(team.id, member.user.id, signal)))
        throw PlatformError.of('team_needs_admin', { team: team.name });
      return member;
    },
  };
}

/** Whoever an app of the team is shared with knows of it, and the heroku command expects to be forbidden, not lost. */
function orGuest(apps: TeamsDeps['apps'], actor: Actor, name: string, signal: AbortSignal) {
  return async (err: unknown): Promise<never> => {
    // A token that may not list apps is told what it would be told without them.
    const mayAsk = PlatformError.is(err, 'not_found') && scopesCoverListing(actor.scopes);
    const seen = mayAsk ? await seenApps(apps, actor, signal) : [];
    const known = seen.some(({ team }) => team?.id === name || team?.name === name);
    throw known ? PlatformError.of('not_in_team', { team: name }) : err;
  };
}

async function memberOf(
  store: Pick<TeamStore, 'members'>,
  team: SeenTeam,
  { actor, who }: { readonly actor: Actor; readonly who: string },
  signal: AbortSignal,
): Promise<TeamMember> {
  const self = isSelf(actor, who);
  const found = (await store.members(team.id, signal)).find(({ id, user }) =>
    self ? user.id === actor.userId : [id, user.id, user.email].includes(who),
  );
  if (found) return found;
  throw PlatformError.of('not_found', { resource: 'team_member', name: who.slice(0, 100) });
}

/** What is asked of a team: to look at it, to put an app into it, or to change it. */
type TeamNeed = 'view' | 'contribute' | 'admin';

const MAY: Readonly<Record<TeamNeed, readonly TeamRole[]>> = {
  view: ['admin', 'member', 'viewer', 'collaborator'],
  contribute: ['admin', 'member'],
  admin: ['admin'],
};

/**
 * The first statement of every use case about a team. Throws `not_found` alike for a team that does not exist and for one
 * that the actor is not in, `forbidden_team` when their role in it is too small.
 */
export async function reachTeam(
  store: Pick<TeamStore, 'find'>,
  actor: Actor,
  need: TeamNeed,
  nameOrId: string,
  signal: AbortSignal,
): Promise<SeenTeam> {
  const team = scopesCoverPeople(actor.scopes) ? await store.find(actor.userId, nameOrId, signal) : undefined;
  const role = actor.admin ? 'admin' : team?.role;
  if (!team || !role) throw PlatformError.of('not_found', { resource: 'team', name: nameOrId.slice(0, 100) });
  if (!MAY[need].includes(role)) throw PlatformError.of('forbidden_team', { team: team.name, role });
  if (need === 'admin') needGlobal(actor, `changing team ${team.name}`);
  return { ...team, role };
}

function readName(name: string): string {
  const problem = teamName.safeParse(name).error?.issues[0]?.message;
  if (problem !== undefined) throw PlatformError.of('invalid_params', { field: 'Name', problem });
  return name;
}
