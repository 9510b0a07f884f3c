import { randomUUID } from 'node:crypto';
import { USUAL_ROLE, type Role, type Standing, type TeamRole } from '../../server/domain/access.ts';
import type { App } from '../../server/domain/app.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { AppTransfer, Collaborator, SeenTeam, TeamMember } from '../../server/domain/team.ts';
import type {
  Belonging,
  Collaborators,
  NewOwner,
  Directory,
  Teams,
  Transfers,
} from '../../server/ports/membership.ts';
import {
  livingApp,
  userOf,
  type MemoryApp,
  type MemoryCollaborator,
  type MemoryTeam,
  type MemoryTransfer,
  type MemoryWorld,
} from './memory-world.ts';

const byEmail = (a: { readonly user: { readonly email: string } }, b: typeof a): number =>
  a.user.email < b.user.email ? -1 : 1;

function personOf(world: MemoryWorld, userId: string): { readonly id: string; readonly email: string } {
  const { id, email } = userOf(world, userId);
  return { id, email };
}

/** What a user is to an app. */
export function standingOf(world: MemoryWorld, app: MemoryApp, userId: string): Standing {
  const member = world.members.find((one) => one.teamId === app.teamId && one.userId === userId);
  const collaborator = world.collaborators.find((one) => one.appId === app.id && one.userId === userId);
  return {
    owner: app.teamId === null && app.ownerId === userId,
    team: member?.role ?? null,
    collaborator: collaborator?.role ?? null,
  };
}

export function createMemoryDirectory(world: MemoryWorld): Directory {
  const related = (app: MemoryApp, userId: string): boolean => {
    const { owner, collaborator } = standingOf(world, app, userId);
    return owner || collaborator !== null;
  };
  return {
    async find(idOrEmail) {
      const found = [...world.users.values()].find(
        (one) =>
          one.removedAt === null &&
          (one.id === idOrEmail || one.email.toLowerCase() === idOrEmail.toLowerCase()),
      );
      return Promise.resolve(found && { id: found.id, email: found.email, createdAt: found.createdAt });
    },
    async share(userId, otherId) {
      const teams = world.members.filter((one) => one.userId === userId).map((one) => one.teamId);
      const inTeam = world.members.some((one) => one.userId === otherId && teams.includes(one.teamId));
      const apps = [...world.apps.values()].filter((app) => app.deletedAt === null);
      return Promise.resolve(inTeam || apps.some((app) => related(app, userId) && related(app, otherId)));
    },
  };
}

export function createMemoryCollaborators(world: MemoryWorld): Collaborators {
  return {
    async list(appId) {
      const found = world.collaborators.filter((one) => one.appId === appId);
      return Promise.resolve(found.map((one) => shapeCollaborator(world, one)).sort(byEmail));
    },
    put: async (appId, userId, role) =>
      Promise.resolve(shapeCollaborator(world, putCollaborator(world, appId, userId, role))),
    async remove(appId, userId) {
      const before = world.collaborators.length;
      world.collaborators = world.collaborators.filter((one) => one.appId !== appId || one.userId !== userId);
      return Promise.resolve(world.collaborators.length < before);
    },
  };
}

export function putCollaborator(
  world: MemoryWorld,
  appId: string,
  userId: string,
  role: Role,
): MemoryCollaborator {
  const now = world.clock.now();
  const found = world.collaborators.find((one) => one.appId === appId && one.userId === userId);
  if (found) return Object.assign(found, { role, updatedAt: now });
  const made = { id: randomUUID(), appId, userId, role, createdAt: now, updatedAt: now };
  world.collaborators.push(made);
  return made;
}

function shapeCollaborator(world: MemoryWorld, row: MemoryCollaborator): Collaborator {
  const { id, role, createdAt, updatedAt } = row;
  return { id, user: personOf(world, row.userId), role, createdAt, updatedAt };
}

export function createMemoryTeams(world: MemoryWorld): Teams {
  const adminBeside = (teamId: string, userId: string): boolean =>
    world.members.some((one) => one.teamId === teamId && one.userId !== userId && one.role === 'admin');
  const seen = (team: MemoryTeam, userId: string): SeenTeam => ({
    ...team,
    role: world.members.find((one) => one.teamId === team.id && one.userId === userId)?.role ?? null,
  });
  const refuseTaken = (name: string): void => {
    if ([...world.teams.values()].some((team) => team.name === name))
      throw PlatformError.of('name_taken', { name });
  };
  const put = (teamId: string, userId: string, role: TeamRole): TeamMember => {
    const now = world.clock.now();
    let row = world.members.find((one) => one.teamId === teamId && one.userId === userId);
    if (!row) {
      row = { id: randomUUID(), teamId, userId, role, createdAt: now, updatedAt: now };
      world.members.push(row);
    }
    Object.assign(row, { role, updatedAt: now });
    return { id: row.id, user: personOf(world, userId), role, createdAt: row.createdAt, updatedAt: now };
  };
  return {
    async create({ id, name }, adminId) {
      refuseTaken(name);
      const now = world.clock.now();
      const team = { id, name, createdAt: now, updatedAt: now };
      world.teams.set(id, team);
      put(id, adminId, 'admin');
      return Promise.resolve({ ...team });
    },
    async find(userId, nameOrId) {
      const team = [...world.teams.values()].find((one) => one.id === nameOrId || one.name === nameOrId);
      return Promise.resolve(team && seen(team, userId));
    },
    async list(userId, which) {
      const all = [...world.teams.values()].map((team) => seen(team, userId));
      const mine = which === 'all' ? all : all.filter(({ role }) => role !== null);
      return Promise.resolve(mine.sort((a, b) => (a.name < b.name ? -1 : 1)));
    },
    async rename(teamId, name) {
      const team = world.teams.get(teamId);
      if (team?.name !== name) refuseTaken(name);
      if (team) Object.assign(team, { name, updatedAt: world.clock.now() });
      return Promise.resolve();
    },
    async remove(teamId) {
      if ([...world.apps.values()].some((app) => app.teamId === teamId && app.deletedAt === null))
        return Promise.resolve(false);
      for (const app of world.apps.values()) if (app.teamId === teamId) app.teamId = null;
      world.members = world.members.filter((one) => one.teamId !== teamId);
      world.teams.delete(teamId);
      return true;
    },
    async members(teamId) {
      const rows = world.members.filter((one) => one.teamId === teamId);
      return Promise.resolve(
        rows
          .map(({ id, userId, role, createdAt, updatedAt }) => ({
            ...{ id, role, createdAt, updatedAt },
            user: personOf(world, userId),
          }))
          .sort(byEmail),
      );
    },
    async putMember(teamId, userId, role) {
      if (role !== 'admin' && !adminBeside(teamId, userId)) return Promise.resolve(undefined);
      return put(teamId, userId, role);
    },
    async removeMember(teamId, userId) {
      if (!adminBeside(teamId, userId)) return Promise.resolve(false);
      world.members = world.members.filter((one) => one.teamId !== teamId || one.userId !== userId);
      world.collaborators = world.collaborators.filter(
        (one) => one.userId !== userId || world.apps.get(one.appId)?.teamId !== teamId,
      );
      return true;
    },
  };
}

export function createMemoryTransfers(world: MemoryWorld): Transfers {
  const shape = (row: MemoryTransfer): AppTransfer => {
    const { id, state, createdAt, updatedAt } = row;
    return {
      ...{ id, state, createdAt, updatedAt },
      app: { id: row.appId, name: world.apps.get(row.appId)?.name ?? '' },
      owner: personOf(world, row.ownerId),
      recipient: personOf(world, row.recipientId),
    };
  };
  return {
    async create(offer) {
      const now = world.clock.now();
      const row = { ...offer, state: 'pending' as const, createdAt: now, updatedAt: now };
      world.transfers.set(offer.id, row);
      return Promise.resolve(shape(row));
    },
    async list(userId) {
      const mine = [...world.transfers.values()].filter(
        (one) => livingApp(world, one.appId) && [one.ownerId, one.recipientId].includes(userId),
      );
      return Promise.resolve(mine.map(shape).reverse());
    },
    async answer(id, state) {
      const offer = world.transfers.get(id);
      const app = offer && livingApp(world, offer.appId);
      if (offer?.state !== 'pending' || app?.teamId !== null || app.ownerId !== offer.ownerId)
        return Promise.resolve(false);
      Object.assign(offer, { state, updatedAt: world.clock.now() });
      if (state === 'accepted') giveAway(world, app, { userId: offer.recipientId, teamId: null });
      return true;
    },
    async remove(id) {
      world.transfers.delete(id);
      return Promise.resolve();
    },
  };
}

export function createMemoryBelonging(world: MemoryWorld): Belonging {
  const unchanged = ({ id, revision }: App): MemoryApp | undefined => {
    const row = livingApp(world, id);
    return row?.revision === revision ? row : undefined;
  };
  return {
    async setLocked(app, locked) {
      const row = unchanged(app);
      if (row) Object.assign(row, { locked, revision: row.revision + 1, updatedAt: world.clock.now() });
      return Promise.resolve(row !== undefined);
    },
    async give(app, to) {
      const row = unchanged(app);
      if (row) giveAway(world, row, to);
      return Promise.resolve(row !== undefined);
    },
  };
}

function giveAway(world: MemoryWorld, app: MemoryApp, { userId, teamId }: NewOwner): void {
  const [before, wasTeams] = [app.ownerId, app.teamId !== null];
  const changed = { ownerId: userId, teamId, locked: false, revision: app.revision + 1 };
  Object.assign(app, { ...changed, updatedAt: world.clock.now() });
  for (const [id, one] of world.transfers)
    if (one.appId === app.id && one.state === 'pending') world.transfers.delete(id);
  if (teamId === null)
    world.collaborators = world.collaborators.filter((one) => one.appId !== app.id || one.userId !== userId);
  if (wasTeams || (before === userId && teamId === null)) return;
  if (!world.collaborators.some((one) => one.appId === app.id && one.userId === before))
    putCollaborator(world, app.id, before, USUAL_ROLE);
}
