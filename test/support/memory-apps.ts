import { randomUUID } from 'node:crypto';
import { roleOf } from '../../server/domain/access.ts';
import type { App, SeenApp } from '../../server/domain/app.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { NewSetup } from '../../server/ports/app-setups.ts';
import type { Apps } from '../../server/ports/apps.ts';
import { createMemoryBelonging, putCollaborator, standingOf } from './memory-membership.ts';
import {
  deploymentsOf,
  livingApp,
  storable,
  supersedeBuilds,
  supersedeDeployment,
  userOf,
  type MemoryApp,
  type MemoryWorld,
} from './memory-world.ts';

export function createMemoryApps(world: MemoryWorld, { networks = 8192 } = {}): Apps {
  const living = (): MemoryApp[] => [...world.apps.values()].filter((app) => app.deletedAt === null);
  const unchanged = (app: App): MemoryApp | undefined => {
    const row = livingApp(world, app.id);
    return row?.revision === app.revision ? row : undefined;
  };
  return {
    async create({ id, name, ownerId, deployBranch, team, setup }) {
      if (living().some((app) => app.name === name)) throw PlatformError.of('name_taken', { name });
      const used = new Set([...world.apps.values()].map((app) => app.network));
      const network = Array.from({ length: networks }, (_, index) => index).find((index) => !used.has(index));
      if (network === undefined) throw PlatformError.of('networks_used_up', {});
      const at = world.clock.now();
      const app: MemoryApp = {
        ...{ id, name, ownerId, network, deployBranch, formation: new Map(), revision: 0, lastVersion: 1 },
        ...{ maintenance: false, acm: false, features: new Map(), slugBytes: null, repositoryBytes: null },
        ...{ lastSeq: 0, currentId: null, releasedAt: null, deletedAt: null, createdAt: at, updatedAt: at },
        ...{ unreadable: null, teamId: team?.id ?? null, locked: team?.locked ?? false },
      };
      world.apps.set(id, app);
      if (setup) world.setups.set(setup.id, newSetup(id, setup, at));
      if (team) putCollaborator(world, id, ownerId, 'manage');
      const release = {
        ...{
          id: randomUUID(),
          appId: id,
          version: 1,
          status: 'succeeded' as const,
          description: 'Initial release',
        },
        ...{
          image: null,
          collectedAt: null,
          config: new Map(),
          commit: null,
          userId: ownerId,
          buildId: null,
          failure: null,
        },
        ...{ createdAt: at, updatedAt: at },
      };
      world.releases.set(release.id, release);
      return Promise.resolve(memoryApp(world, app));
    },
    async find(nameOrId) {
      const app = living().find((one) => one.id === nameOrId || one.name === nameOrId);
      return Promise.resolve(app && memoryApp(world, app));
    },
    async findFor(actor, nameOrId) {
      const app = living().find((one) => one.id === nameOrId || one.name === nameOrId);
      return Promise.resolve(app && seenApp(world, app, actor.userId));
    },
    ...createMemoryBelonging(world),
    async list(actor) {
      const all = living().map((app) => seenApp(world, app, actor.userId));
      const seen = all.filter(({ standing }) => roleOf(standing, actor) !== null);
      return Promise.resolve(seen.sort((a, b) => (a.name < b.name ? -1 : 1)));
    },
    async setFormation(app, formation) {
      const row = unchanged(app);
      if (!row) return Promise.resolve(false);
      Object.assign(row, {
        formation: new Map(formation),
        revision: row.revision + 1,
        updatedAt: world.clock.now(),
      });
      return true;
    },
    async setDeployBranch(app, deployBranch) {
      const row = unchanged(app);
      if (!row) return Promise.resolve(false);
      Object.assign(row, { deployBranch, revision: row.revision + 1, updatedAt: world.clock.now() });
      return true;
    },
    async setFlags(app, flags) {
      const row = unchanged(app);
      if (!row) return Promise.resolve(false);
      Object.assign(row, { ...flags, revision: row.revision + 1, updatedAt: world.clock.now() });
      return true;
    },
    async noteRepositoryBytes(appId, bytes) {
      const row = livingApp(world, appId);
      if (row) row.repositoryBytes = bytes;
      return Promise.resolve();
    },
    async rename(app, name) {
      if (living().some((one) => one.name === name && one.id !== app.id))
        throw PlatformError.of('name_taken', { name });
      const row = unchanged(app);
      if (!row) return Promise.resolve(false);
      Object.assign(row, { name, revision: row.revision + 1, updatedAt: world.clock.now() });
      return true;
    },
    async markDeleted(app) {
      const row = unchanged(app);
      if (!row) return Promise.resolve(false);
      const now = world.clock.now();
      Object.assign(row, { deletedAt: now, updatedAt: now, revision: row.revision + 1 });
      for (const [id, domain] of world.domains) if (domain.appId === app.id) world.domains.delete(id);
      const reason = `${app.name} was destroyed.`;
      supersedeBuilds(world, app.id, reason);
      for (const deployment of deploymentsOf(world, app.id)) supersedeDeployment(world, deployment, reason);
      return true;
    },
  };
}

function newSetup(appId: string, { order, ...setup }: NewSetup, at: Date) {
  const fresh = {
    formerApp: null,
    manifestErrors: [],
    prepared: null,
    runId: null,
    postdeploy: null,
    failure: null,
  };
  const dates = { createdAt: at, updatedAt: at };
  const version = setup.source.version && storable(setup.source.version);
  const source = { ...setup.source, version };
  return {
    order: structuredClone(order),
    setup: { ...setup, appId, source, status: 'pending' as const, ...fresh, successUrl: null, ...dates },
  };
}

/** A stored app as the store answers it. */
export function memoryApp(world: MemoryWorld, app: MemoryApp): App {
  const owner = userOf(world, app.ownerId);
  const team = world.teams.get(app.teamId ?? '');
  return {
    id: app.id,
    name: app.name,
    owner: { id: owner.id, email: owner.email },
    team: team ? { id: team.id, name: team.name } : null,
    locked: app.locked,
    network: app.network,
    deployBranch: app.deployBranch,
    formation: new Map(app.formation),
    maintenance: app.maintenance,
    acm: app.acm,
    createdAt: app.createdAt,
    updatedAt: app.updatedAt,
    releasedAt: app.releasedAt,
    slugBytes: app.slugBytes,
    repositoryBytes: app.repositoryBytes,
    revision: app.revision,
  };
}

function seenApp(world: MemoryWorld, app: MemoryApp, userId: string): SeenApp {
  return { ...memoryApp(world, app), standing: standingOf(world, app, userId) };
}
