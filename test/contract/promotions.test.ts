import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { App } from '../../server/domain/app.ts';
import { keptImages, outdatedImages } from '../../server/domain/image-use.ts';
import {
  addApp,
  again,
  deployed,
  draftOf,
  imageOf,
  onEveryStore,
  patient,
  type Stores,
} from '../support/stores.ts';

/** A pipeline with an app that runs something, and one it is promoted to. */
async function setUp(stores: Stores) {
  const ann = await stores.addUser();
  const epoch = await stores.controller.takeOver(patient);
  const [from, to] = [await addApp(stores, ann), await addApp(stores, ann)];
  const { release } = await deployed(stores, from, epoch);
  const id = randomUUID();
  await stores.pipelines.create({ id, name: 'pipe', userId: ann.userId, teamId: null }, patient);
  const targetId = randomUUID();
  const order = {
    ...{ id: randomUUID(), pipelineId: id, userId: ann.userId },
    ...{ source: { appId: from.id, releaseId: release.id }, targets: [{ id: targetId, appId: to.id }] },
  };
  const promote = () => stores.promotions.create(order, patient);
  const copied = { ...imageOf(to.id), digest: release.image?.digest ?? '' };
  return { ann, epoch, from, to, release, pipelineId: id, targetId, order, promote, copied };
}

async function historyOf(stores: Stores, app: App) {
  const found = (await stores.imageUse.histories(patient)).find((one) => one.appId === app.id);
  if (!found) throw new Error('every living app has a history');
  return found;
}

onEveryStore((open) => {
  describe('a promotion', () => {
    it('is written down with its targets, which wait until they are decided', async () => {
      await using stores = await open();
      const { promote, order, epoch, targetId, copied, to } = await setUp(stores);
      expect(await promote()).toMatchObject({
        ...{ id: order.id, source: order.source, createdAt: stores.time.now() },
        targets: [
          { id: targetId, appId: to.id, status: 'pending', image: null, releaseId: null, failure: null },
        ],
      });
      expect(await stores.promotions.waiting(epoch, patient)).toEqual([targetId]);
      expect(await stores.promotions.recordImage(targetId, epoch, copied, patient)).toBe(true);
      expect(await stores.promotions.pending(targetId, patient)).toMatchObject({
        ...{ target: { id: targetId, image: copied }, promotion: { id: order.id, userId: order.userId } },
      });
      const failure = { status: 'failed', failure: 'it did\0not start' } as const;
      expect(await stores.promotions.settle(targetId, epoch, failure, patient)).toBe(true);
      expect(await stores.promotions.find(order.id, patient)).toMatchObject({
        targets: [{ status: 'failed', failure: 'it did\uFFFDnot start' }],
      });
      expect(await stores.promotions.waiting(epoch, patient)).toEqual([]);
      expect(await stores.promotions.pending(targetId, patient)).toBeUndefined();
      expect(await stores.promotions.settle(targetId, epoch, { status: 'succeeded' }, patient)).toBe(false);
      expect(await stores.promotions.find('nonsense', patient)).toBeUndefined();
    });

    it('is written to by the reigning server alone', async () => {
      await using stores = await open();
      const { promote, epoch, targetId, copied } = await setUp(stores);
      await promote();
      await stores.controller.takeOver(patient);
      expect(await stores.promotions.waiting(epoch, patient)).toEqual([]);
      expect(await stores.promotions.recordImage(targetId, epoch, copied, patient)).toBe(false);
      expect(await stores.promotions.settle(targetId, epoch, { status: 'succeeded' }, patient)).toBe(false);
      expect(await stores.promotions.waiting(epoch + 1, patient)).toEqual([targetId]);
    });

    it('goes with its pipeline once it is decided, and is not begun in one that is gone', async () => {
      await using stores = await open();
      const { promote, order, epoch, pipelineId, targetId } = await setUp(stores);
      await promote();
      const early = stores.pipelines.remove(pipelineId, patient);
      await expect(early).rejects.toMatchObject({ id: 'pipeline_promoting', params: { pipeline: 'pipe' } });
      expect(await stores.promotions.waiting(epoch, patient)).toEqual([targetId]);
      await stores.promotions.settle(targetId, epoch, { status: 'succeeded' }, patient);
      expect(await stores.pipelines.remove(pipelineId, patient)).toBe(true);
      expect(await stores.promotions.find(order.id, patient)).toBeUndefined();
      expect(await stores.promotions.waiting(epoch, patient)).toEqual([]);
      expect(await stores.promotions.pending(targetId, patient)).toBeUndefined();
      expect(await promote()).toBeUndefined();
    });

    it('makes one release of each target, however often it is asked for', async () => {
      await using stores = await open();
      const { promote, order, epoch, to, targetId, copied } = await setUp(stores);
      await promote();
      const draft = await draftOf(stores, to, { image: copied, promotion: targetId });
      const { release } = await stores.releases.create(to, draft, patient);
      expect(release).toMatchObject({ version: 2, status: 'pending', image: { digest: copied.digest } });
      const second = await stores.releases.create(await again(stores, to), draft, patient);
      expect(second).toMatchObject({ release: { id: release.id }, deployment: { releaseId: release.id } });
      expect(await stores.promotions.find(order.id, patient)).toMatchObject({
        targets: [{ releaseId: release.id, status: 'pending' }],
      });
      expect(await stores.promotions.settle(targetId, epoch, { status: 'succeeded' }, patient)).toBe(true);
    });

    it('makes no release of a target that is decided', async () => {
      await using stores = await open();
      const { promote, epoch, to, targetId, copied } = await setUp(stores);
      await promote();
      await stores.promotions.settle(targetId, epoch, { status: 'failed', failure: 'given up' }, patient);
      const draft = await draftOf(stores, to, { image: copied, promotion: targetId });
      await expect(stores.releases.create(to, draft, patient)).rejects.toMatchObject({ id: 'app_changed' });
      expect(await stores.releases.list(to.id, patient)).toHaveLength(1);
    });
  });

  describe('the image of a promotion', () => {
    it('stays with the source until it is copied, however many come after it', async () => {
      await using stores = await open();
      const { promote, from, epoch, release, targetId, copied } = await setUp(stores);
      await promote();
      await deployed(stores, await again(stores, from), epoch);
      const mine = `apps/${from.id}@${release.image?.digest ?? ''}`;
      expect(keptImages(await historyOf(stores, from), 0)).toContain(mine);
      await stores.promotions.recordImage(targetId, epoch, copied, patient);
      expect(outdatedImages(await historyOf(stores, from), 0)).toEqual([mine]);
    });

    it('keeps everything of the target until it is copied, and itself until the target is decided', async () => {
      await using stores = await open();
      const { promote, to, epoch, targetId, copied } = await setUp(stores);
      const before = await historyOf(stores, to);
      await promote();
      expect((await historyOf(stores, to)).building).toEqual([null]);
      expect(await stores.imageUse.retire(to.id, 0, epoch, patient)).toBeNull();
      await stores.promotions.recordImage(targetId, epoch, copied, patient);
      expect([...keptImages(await historyOf(stores, to), 0)]).toEqual([`apps/${to.id}@${copied.digest}`]);
      await stores.promotions.settle(targetId, epoch, { status: 'failed', failure: 'no' }, patient);
      const after = await historyOf(stores, to);
      expect([...keptImages(after, 0)]).toEqual([]);
      expect(after, 'what was copied for nothing is looked for').not.toEqual(before);
    });

    it('that was collected begins none, and one that comes again is there again', async () => {
      await using stores = await open();
      const { promote, from, to, epoch, release, targetId, copied } = await setUp(stores);
      await promote();
      const draft = await draftOf(stores, to, { image: copied, promotion: targetId });
      const made = await stores.releases.create(to, draft, patient);
      await stores.controller.begin(made.deployment?.id ?? '', epoch, patient);
      await stores.controller.fail(made.deployment?.id ?? '', epoch, 'it crashed', patient);
      await stores.promotions.settle(targetId, epoch, { status: 'failed', failure: 'it crashed' }, patient);
      await stores.imageUse.retire(to.id, 0, epoch, patient);
      expect(await stores.releases.find(to.id, 'v2', patient)).toMatchObject({
        collectedAt: stores.time.now(),
      });

      const target = { id: randomUUID(), appId: to.id };
      const second = {
        ...{
          id: randomUUID(),
          pipelineId: (await stores.pipelines.list(from.owner.id, 'all', patient))[0]?.id ?? '',
        },
        ...{ userId: from.owner.id, source: { appId: from.id, releaseId: release.id }, targets: [target] },
      };
      await stores.promotions.create(second, patient);
      const retry = await draftOf(stores, await again(stores, to), { image: copied });
      await expect(stores.releases.create(await again(stores, to), retry, patient)).rejects.toMatchObject({
        id: 'image_collected',
      });
      await stores.releases.create(await again(stores, to), { ...retry, promotion: target.id }, patient);
      expect(await stores.releases.find(to.id, 'v2', patient)).toMatchObject({ collectedAt: null });
    });

    it('cannot be promoted once it was collected', async () => {
      await using stores = await open();
      const { promote, from, epoch } = await setUp(stores);
      await deployed(stores, await again(stores, from), epoch);
      await stores.imageUse.retire(from.id, 0, epoch, patient);
      await expect(promote()).rejects.toMatchObject({ id: 'image_collected', params: { app: from.name } });
    });
  });
});
