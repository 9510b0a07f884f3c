import { roleOf } from '../../server/domain/access.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import { isOver } from '../../server/domain/promotion.ts';
import type { Coupling, Pipeline, SeenPipeline } from '../../server/domain/pipeline.ts';
import type { Pipelines } from '../../server/ports/pipelines.ts';
import { standingOf } from './memory-membership.ts';
import { livingApp, type MemoryCoupling, type MemoryPipeline, type MemoryWorld } from './memory-world.ts';

export function createMemoryPipelines(world: MemoryWorld): Pipelines {
  function refuseTaken(name: string, id: string): void {
    if ([...world.pipelines.values()].some((one) => one.name === name && one.id !== id))
      throw PlatformError.of('name_taken', { name });
  }
  function change(id: string, data: Partial<MemoryPipeline>): Pipeline | undefined {
    const row = world.pipelines.get(id);
    if (row) Object.assign(row, { ...data, updatedAt: world.clock.now() });
    return row && shape(world, row);
  }
  const seen = (row: MemoryPipeline, userId: string): SeenPipeline => ({
    ...shape(world, row),
    standing: {
      owner: ownerOf(world, row).type === 'user' && row.ownerId === userId,
      team: world.members.find((one) => one.teamId === row.teamId && one.userId === userId)?.role ?? null,
      app: couplingsOf(world).some((one) => one.pipelineId === row.id && seesApp(world, one.appId, userId)),
    },
  });

  return {
    ...createMemoryCouplings(world),
    async create({ id, name, userId, teamId }) {
      refuseTaken(name, id);
      const now = world.clock.now();
      const row = { id, name, ownerId: userId, teamId, createdAt: now, updatedAt: now };
      world.pipelines.set(id, row);
      return Promise.resolve(shape(world, row));
    },
    async find(userId, nameOrId) {
      const row = [...world.pipelines.values()].find((one) => [one.id, one.name].includes(nameOrId));
      return Promise.resolve(row && seen(row, userId));
    },
    async list(userId, which) {
      const all = [...world.pipelines.values()].map((row) => seen(row, userId));
      const own = all.filter(({ standing }) => standing.owner || standing.app || standing.team !== null);
      return Promise.resolve((which === 'all' ? all : own).sort((a, b) => (a.name < b.name ? -1 : 1)));
    },
    async rename(id, name) {
      refuseTaken(name, id);
      return Promise.resolve(change(id, { name }));
    },
    give: async (id, { userId, teamId }) => Promise.resolve(change(id, { ownerId: userId, teamId })),
    async remove(id) {
      const promotions = [...world.promotions.values()].filter(({ pipelineId }) => pipelineId === id);
      if (!promotions.every(isOver))
        throw PlatformError.of('pipeline_promoting', { pipeline: world.pipelines.get(id)?.name ?? '' });
      for (const coupling of couplingsOf(world))
        if (coupling.pipelineId === id) world.couplings.delete(coupling.id);
      return Promise.resolve(world.pipelines.delete(id));
    },
  };
}

function createMemoryCouplings(
  world: MemoryWorld,
): Pick<Pipelines, 'couplings' | 'couple' | 'setStage' | 'uncouple'> {
  const shapeCoupling = ({
    id,
    pipelineId,
    appId,
    stage,
    createdAt,
    updatedAt,
  }: MemoryCoupling): Coupling => ({
    ...{ id, stage, createdAt, updatedAt },
    app: { id: appId, name: livingApp(world, appId)?.name ?? '' },
    pipeline: { id: pipelineId, name: world.pipelines.get(pipelineId)?.name ?? '' },
  });
  return {
    async couplings({ id, pipelineId, appId }) {
      const found = couplingsOf(world).filter(
        (one) =>
          (id === undefined || one.id === id) &&
          (pipelineId === undefined || one.pipelineId === pipelineId) &&
          (appId === undefined || one.appId === appId),
      );
      const all = found.map(shapeCoupling);
      return Promise.resolve(all.sort((a, b) => (a.app.name < b.app.name ? -1 : 1)));
    },
    async couple(order) {
      const app = livingApp(world, order.appId);
      const before = couplingsOf(world).find((one) => one.appId === order.appId);
      if (before) {
        const { name = '' } = world.pipelines.get(before.pipelineId) ?? {};
        throw PlatformError.of('app_coupled', { app: app?.name ?? '', pipeline: name });
      }
      if (!app || !world.pipelines.has(order.pipelineId)) return Promise.resolve(undefined);
      const now = world.clock.now();
      const row = { ...order, createdAt: now, updatedAt: now };
      world.couplings.set(order.id, row);
      return shapeCoupling(row);
    },
    async setStage(id, stage) {
      const row = couplingsOf(world).find((one) => one.id === id);
      if (row) Object.assign(row, { stage, updatedAt: world.clock.now() });
      return Promise.resolve(row && shapeCoupling(row));
    },
    uncouple: async (id) => Promise.resolve(world.couplings.delete(id)),
  };
}

/** Of living apps. */
function couplingsOf(world: MemoryWorld): MemoryCoupling[] {
  return [...world.couplings.values()].filter((one) => livingApp(world, one.appId));
}

function seesApp(world: MemoryWorld, appId: string, userId: string): boolean {
  const app = livingApp(world, appId);
  return app !== undefined && roleOf(standingOf(world, app, userId), { admin: false }) !== null;
}

/** Of a team that is gone, it is the person's again. */
function ownerOf(world: MemoryWorld, { ownerId, teamId }: MemoryPipeline): Pipeline['owner'] {
  return teamId !== null && world.teams.has(teamId)
    ? { id: teamId, type: 'team' }
    : { id: ownerId, type: 'user' };
}

function shape(world: MemoryWorld, row: MemoryPipeline): Pipeline {
  const { id, name, createdAt, updatedAt } = row;
  return { id, name, owner: ownerOf(world, row), createdAt, updatedAt };
}
