import { PlatformError } from '../../server/domain/errors.ts';
import type { PromotionTarget } from '../../server/domain/promotion.ts';
import type { Promotions } from '../../server/ports/promotions.ts';
import { livingApp, storable, type MemoryWorld } from './memory-world.ts';

export function createMemoryPromotions(world: MemoryWorld): Promotions {
  /** Those whose pipeline is there. */
  const all = () => [...world.promotions.values()].filter((one) => world.pipelines.has(one.pipelineId));
  const targets = () =>
    all().flatMap((promotion) => promotion.targets.map((target) => ({ promotion, target })));

  function write(id: string, epoch: number, data: Partial<PromotionTarget>): boolean {
    const found = targets().find(({ target }) => target.id === id)?.target;
    if (found?.status !== 'pending' || world.epoch !== epoch) return false;
    Object.assign(found, { ...data, updatedAt: world.clock.now() });
    return true;
  }

  return {
    async create({ id, pipelineId, source, userId, targets: wanted }) {
      const app = livingApp(world, source.appId);
      const release = world.releases.get(source.releaseId);
      if (!app || release?.appId !== app.id || !world.pipelines.has(pipelineId))
        return Promise.resolve(undefined);
      const { version, commit } = release;
      if (release.collectedAt !== null)
        throw PlatformError.of('image_collected', { app: app.name, version, commit });
      const now = world.clock.now();
      const fresh = {
        status: 'pending',
        image: null,
        releaseId: null,
        failure: null,
        updatedAt: now,
      } as const;
      const sorted = [...wanted].sort((a, b) => (a.id < b.id ? -1 : 1));
      const promotion = {
        ...{ id, pipelineId, source, userId, createdAt: now },
        targets: sorted.map((one) => ({ ...one, ...fresh })),
      };
      world.promotions.set(id, promotion);
      return structuredClone(promotion);
    },
    async find(id) {
      const found = all().find((one) => one.id === id);
      return Promise.resolve(found && structuredClone(found));
    },
    async waiting(epoch) {
      if (world.epoch !== epoch) return Promise.resolve([]);
      return targets()
        .filter(({ target }) => target.status === 'pending')
        .map(({ target }) => target.id);
    },
    async pending(id) {
      const found = targets().find(({ target }) => target.id === id);
      if (found?.target.status !== 'pending') return Promise.resolve(undefined);
      const { id: promotionId, pipelineId, source, userId, createdAt } = found.promotion;
      const promotion = { id: promotionId, pipelineId, source, userId, createdAt };
      return structuredClone({ promotion, target: found.target });
    },
    recordImage: async (id, epoch, image) => Promise.resolve(write(id, epoch, { image })),
    settle: async (id, epoch, outcome) =>
      Promise.resolve(
        write(id, epoch, {
          status: outcome.status,
          failure: outcome.status === 'failed' ? storable(outcome.failure) : null,
        }),
      ),
  };
}
