import { PlatformError } from '../../domain/errors.ts';
import type { Promotion, PromotionTarget } from '../../domain/promotion.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Promotions } from '../../ports/promotions.ts';
import { reignsStill, type Database } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { lockPipeline } from './pipelines.ts';
import { isId, readImage, storable, writeImage } from './stored-json.ts';
import { lockLivingApp } from './supersede.ts';

const TARGETS = { targets: { orderBy: { id: 'asc' } } } as const;
type Row = Prisma.PipelinePromotionGetPayload<object>;
type TargetRow = Prisma.PipelinePromotionTargetGetPayload<object>;

export function createPromotions({
  db,
  clock,
}: {
  readonly db: Database;
  readonly clock: Clock;
}): Promotions {
  /** What only the reigning server may write, of a target that is pending. */
  const write = (
    id: string,
    epoch: number,
    data: Prisma.PipelinePromotionTargetUpdateManyMutationInput,
    signal: AbortSignal,
  ): Promise<boolean> =>
    db.transaction(async (tables) => {
      if (!(await reignsStill(tables, epoch))) return false;
      const { count } = await tables.pipelinePromotionTarget.updateMany({
        where: { id, status: 'pending' },
        data: { ...data, updatedAt: clock.now() },
      });
      return count === 1;
    }, signal);

  return {
    ...createBeginning(db, clock),

    async find(id, signal) {
      if (!isId(id)) return undefined;
      const row = await db.run(
        (tables) => tables.pipelinePromotion.findUnique({ where: { id }, include: TARGETS }),
        signal,
      );
      return row ? readPromotion(row) : undefined;
    },

    waiting: (epoch, signal) =>
      db.transaction(async (tables) => {
        if (!(await reignsStill(tables, epoch))) return [];
        const rows = await tables.pipelinePromotionTarget.findMany({
          where: { status: 'pending' },
          orderBy: { promotion: { createdAt: 'asc' } },
          select: { id: true },
        });
        return rows.map(({ id }) => id);
      }, signal),

    async pending(id, signal) {
      const row = await db.run(
        (tables) =>
          tables.pipelinePromotionTarget.findFirst({
            where: { id, status: 'pending' },
            include: { promotion: true },
          }),
        signal,
      );
      return row ? { target: readTarget(row), promotion: readHead(row.promotion) } : undefined;
    },

    recordImage: (id, epoch, image, signal) => write(id, epoch, { image: writeImage(image) }, signal),

    settle: (id, epoch, outcome, signal) =>
      write(
        id,
        epoch,
        {
          status: outcome.status,
          failure: outcome.status === 'failed' ? storable(outcome.failure) : null,
        },
        signal,
      ),
  };
}

function createBeginning(db: Database, clock: Clock): Pick<Promotions, 'create'> {
  return {
    create: ({ id, pipelineId, source, userId, targets }, signal) =>
      db.transaction(async (tables) => {
        // Under the app's lock nothing of it is collected; afterwards this row keeps the image.
        if (!(await lockLivingApp(tables, source.appId))) return undefined;
        await lockPipeline(tables, pipelineId);
        const release = await tables.release.findUnique({
          where: { id: source.releaseId, appId: source.appId },
          select: { version: true, commit: true, collectedAt: true, app: { select: { name: true } } },
        });
        if (!release || (await tables.pipeline.count({ where: { id: pipelineId } })) === 0) return undefined;
        if (release.collectedAt !== null)
          throw PlatformError.of('image_collected', { ...release, app: release.app.name ?? source.appId });
        const now = clock.now();
        const row = await tables.pipelinePromotion.create({
          data: {
            ...{ id, pipelineId, userId, createdAt: now },
            ...{ sourceAppId: source.appId, sourceReleaseId: source.releaseId },
            targets: { create: targets.map((target) => ({ ...target, updatedAt: now })) },
          },
          include: TARGETS,
        });
        return readPromotion(row);
      }, signal),
  };
}

function readHead({ id, pipelineId, sourceAppId, sourceReleaseId, userId, createdAt }: Row) {
  const source = { appId: sourceAppId, releaseId: sourceReleaseId };
  return { id, pipelineId, source, userId, createdAt };
}

function readPromotion({ targets, ...row }: Row & { readonly targets: readonly TargetRow[] }): Promotion {
  return { ...readHead(row), targets: targets.map(readTarget) };
}

function readTarget({ id, appId, status, image, releaseId, failure, updatedAt }: TargetRow): PromotionTarget {
  return { id, appId, status, image: readImage(image), releaseId, failure, updatedAt };
}
