import { PlatformError } from '../../domain/errors.ts';
import type { Coupling, Pipeline, SeenPipeline } from '../../domain/pipeline.ts';
import type { Pipelines } from '../../ports/pipelines.ts';
import { lock, type Database, type Tables } from './database.ts';
import { isTaken } from './failures.ts';
import type { Prisma } from './generated/client.ts';
import { isId } from './stored-json.ts';
import { lockLivingApp } from './supersede.ts';

const NAMED = {
  app: { select: { id: true, name: true } },
  pipeline: { select: { id: true, name: true } },
} as const;
type CouplingRow = Prisma.PipelineCouplingGetPayload<{ include: typeof NAMED }>;

/** What makes `roleOf` let a user see an app, as the database says it. */
const appSeenBy = (userId: string) =>
  ({
    deletedAt: null,
    OR: [
      { ownerId: userId, teamId: null },
      { collaborators: { some: { userId } } },
      { team: { members: { some: { userId, role: { in: ['admin', 'member', 'viewer'] } } } } },
    ],
  }) satisfies Prisma.AppWhereInput;

const seenBy = (userId: string) =>
  ({
    team: { select: { members: { where: { userId }, select: { role: true }, take: 1 } } },
    couplings: { where: { app: appSeenBy(userId) }, select: { id: true }, take: 1 },
  }) satisfies Prisma.PipelineInclude;
type SeenRow = Prisma.PipelineGetPayload<{ include: ReturnType<typeof seenBy> }>;

export function createPipelines({ db }: { readonly db: Database }): Pipelines {
  /** Undefined when it is gone. */
  const change = (id: string, data: Prisma.PipelineUncheckedUpdateManyInput, signal: AbortSignal) =>
    db.transaction(async (tables) => {
      await tables.pipeline.updateMany({ where: { id }, data });
      const row = await tables.pipeline.findUnique({ where: { id } });
      return row ? readPipeline(row) : undefined;
    }, signal);

  return {
    ...createCouplings(db),

    create: ({ id, name, userId, teamId }, signal) =>
      named(name, async () =>
        readPipeline(
          await db.run(
            (tables) => tables.pipeline.create({ data: { id, name, ownerId: userId, teamId } }),
            signal,
          ),
        ),
      ),

    async find(userId, nameOrId, signal) {
      const where = isId(nameOrId) ? { id: nameOrId } : { name: nameOrId };
      const include = seenBy(userId);
      const row = await db.run((tables) => tables.pipeline.findFirst({ where, include }), signal);
      return row ? readSeen(row, userId) : undefined;
    },

    async list(userId, which, signal) {
      const own = {
        OR: [
          { ownerId: userId, teamId: null },
          { team: { members: { some: { userId } } } },
          { couplings: { some: { app: appSeenBy(userId) } } },
        ],
      };
      const where = which === 'all' ? {} : own;
      const include = seenBy(userId);
      const rows = await db.run((tables) => tables.pipeline.findMany({ where, include }), signal);
      // Sorted here: the order of names must not depend on the database's collation.
      return rows.map((row) => readSeen(row, userId)).sort((a, b) => (a.name < b.name ? -1 : 1));
    },

    rename: (id, name, signal) => named(name, () => change(id, { name }, signal)),

    give: (id, { userId, teamId }, signal) => change(id, { ownerId: userId, teamId }, signal),

    remove: (id, signal) =>
      db.transaction(async (tables) => {
        await lockPipeline(tables, id); // nobody begins a promotion in between
        const undecided = { status: 'pending' as const, promotion: { pipelineId: id } };
        if ((await tables.pipelinePromotionTarget.count({ where: undecided })) > 0) {
          const { name } = await tables.pipeline.findUniqueOrThrow({ where: { id }, select: { name: true } });
          throw PlatformError.of('pipeline_promoting', { pipeline: name });
        }
        const { count } = await tables.pipeline.deleteMany({ where: { id } });
        return count > 0;
      }, signal),
  };
}

function createCouplings(db: Database): Pick<Pipelines, 'couplings' | 'couple' | 'setStage' | 'uncouple'> {
  return {
    async couplings({ id, pipelineId, appId }, signal) {
      if (id !== undefined && !isId(id)) return [];
      const where = {
        ...{ app: { deletedAt: null } },
        ...(id !== undefined && { id }),
        ...(pipelineId !== undefined && { pipelineId }),
        ...(appId !== undefined && { appId }),
      };
      const rows = await db.run(
        (tables) => tables.pipelineCoupling.findMany({ where, include: NAMED }),
        signal,
      );
      return rows.map(readCoupling).sort((a, b) => (a.app.name < b.app.name ? -1 : 1));
    },

    couple: (order, signal) =>
      db.transaction(async (tables) => {
        // Under the app's lock nobody else puts it anywhere, and it is not destroyed.
        if (!(await lockLivingApp(tables, order.appId))) return undefined;
        await lockPipeline(tables, order.pipelineId);
        const before = await tables.pipelineCoupling.findUnique({
          where: { appId: order.appId },
          include: NAMED,
        });
        if (before)
          throw PlatformError.of('app_coupled', {
            app: before.app.name ?? order.appId,
            pipeline: before.pipeline.name,
          });
        if ((await tables.pipeline.count({ where: { id: order.pipelineId } })) === 0) return undefined;
        return readCoupling(await tables.pipelineCoupling.create({ data: order, include: NAMED }));
      }, signal),

    async setStage(id, stage, signal) {
      return db.transaction(async (tables) => {
        await tables.pipelineCoupling.updateMany({ where: { id }, data: { stage } });
        return findCoupling(tables, id);
      }, signal);
    },

    async uncouple(id, signal) {
      const { count } = await db.run(
        (tables) => tables.pipelineCoupling.deleteMany({ where: { id } }),
        signal,
      );
      return count > 0;
    },
  };
}

/** Held by whoever puts something into a pipeline, and by whoever destroys it. */
export function lockPipeline(tables: Tables, id: string): Promise<void> {
  return lock(tables, `pipeline ${id}`);
}

async function findCoupling(tables: Tables, id: string): Promise<Coupling | undefined> {
  const row = await tables.pipelineCoupling.findFirst({
    where: { id, app: { deletedAt: null } },
    include: NAMED,
  });
  return row ? readCoupling(row) : undefined;
}

async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (err) {
    if (isTaken(err, 'name')) throw PlatformError.of('name_taken', { name }, err);
    throw err;
  }
}

function readPipeline(row: {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly teamId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}): Pipeline {
  const { id, name, ownerId, teamId, createdAt, updatedAt } = row;
  const owner =
    teamId === null ? { id: ownerId, type: 'user' as const } : { id: teamId, type: 'team' as const };
  return { id, name, owner, createdAt, updatedAt };
}

function readSeen(row: SeenRow, userId: string): SeenPipeline {
  return {
    ...readPipeline(row),
    standing: {
      owner: row.teamId === null && row.ownerId === userId,
      team: row.team?.members[0]?.role ?? null,
      app: row.couplings.length > 0,
    },
  };
}

function readCoupling({ id, app, pipeline, stage, createdAt, updatedAt }: CouplingRow): Coupling {
  if (app.name === null) throw new Error(`app ${app.id} is alive, but has no name`);
  return { id, app: { id: app.id, name: app.name }, pipeline, stage, createdAt, updatedAt };
}
