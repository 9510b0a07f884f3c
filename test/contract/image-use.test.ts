import { expect, it } from 'vitest';
import { keptImages } from '../../server/domain/image-use.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import {
  addApp,
  again,
  deployed,
  draftOf,
  imageOf,
  onEveryStore,
  patient,
  pushed,
  type Stores,
} from '../support/stores.ts';

const nameOf = (image: BuiltImage): string => `${image.repository}@${image.digest}`;

async function kept(stores: Stores, keep: number): Promise<string[]> {
  const histories = await stores.imageUse.histories(patient);
  return histories.flatMap((one) => [...keptImages(one, keep)]).sort();
}

onEveryStore((open) => {
  it('keeps the images that run, are about to run, were just built, or may be rolled back to', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const images = Array.from({ length: 5 }, () => imageOf(app.id));
    const [a = '', b = '', c = '', coming = '', built = ''] = images.map(nameOf);
    for (const image of images.slice(0, 3)) await deployed(stores, app, epoch, { image });
    const failing = await draftOf(stores, app);
    const { deployment } = await stores.releases.create(app, failing, patient);
    await stores.controller.fail(deployment?.id ?? '', epoch, 'no', patient);
    expect(await kept(stores, 2)).toEqual([b, c].sort());

    const build = await pushed(stores, app);
    await stores.builds.claim(app.id, epoch, patient);
    const [history] = await stores.imageUse.histories(patient);
    expect(history).toMatchObject({ appId: app.id, building: [null], deployed: [c] });
    if (images[4]) await stores.builds.recordImage(build, epoch, images[4], patient);
    await stores.releases.create(app, await draftOf(stores, app, { image: images[3] ?? null }), patient);
    expect(await kept(stores, 1)).toEqual([c, coming, built].sort());
    expect(await kept(stores, 100)).toEqual([a, b, c, coming, built].sort());

    await stores.apps.markDeleted(await again(stores, app), patient);
    expect(await stores.imageUse.histories(patient)).toEqual([]);
  });

  it('makes nothing of an image that was given up, until a build has made it again', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const other = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const [old, image] = [imageOf(app.id), imageOf(app.id)];
    const { release } = await deployed(stores, app, epoch, { image: old, commit: 'c'.repeat(40) });
    await deployed(stores, other, epoch, { image: old });
    await deployed(stores, app, epoch, { image });
    const [before] = (await stores.imageUse.histories(patient)).filter((one) => one.appId === app.id);
    expect(await stores.imageUse.retire(app.id, 2, epoch, patient)).toEqual(before);

    const left = await stores.imageUse.retire(app.id, 1, epoch, patient);
    expect(left?.releases).toEqual([{ image: nameOf(image), status: 'succeeded' }]);
    const after = await stores.imageUse.histories(patient);
    expect(
      after.find((one) => one.appId === app.id),
      'the same history is not looked at again',
    ).toEqual(left);
    expect(after.find((one) => one.appId === other.id)?.releases, 'another app’s is its own').toHaveLength(1);
    const marked = await stores.releases.find(app.id, release.id, patient);
    expect(marked?.collectedAt).toEqual(stores.time.now());

    const again = await draftOf(stores, app, { image: old });
    await expect(stores.releases.create(app, again, patient)).rejects.toMatchObject({
      id: 'image_collected',
      message: `${app.name} cannot be rolled back to v2 any more: its image was collected, for only the newest ones are kept (GANTRY_KEEP_IMAGES); push commit cccccccc again.`,
    });
    const buildId = await pushed(stores, app);
    await stores.builds.claim(app.id, epoch, patient);
    await stores.builds.recordImage(buildId, epoch, old, patient);
    await stores.releases.create(app, { ...again, buildId }, patient);
    expect((await stores.releases.find(app.id, release.id, patient))?.collectedAt).toBeNull();
  });

  it('gives up nothing while a build may be pushing, in another reign, or of an app that is gone', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const { release } = await deployed(stores, app, epoch);
    await deployed(stores, app, epoch);
    expect(await stores.imageUse.retire(app.id, 1, epoch - 1, patient)).toBeNull();

    const build = await pushed(stores, app);
    expect(await stores.imageUse.retire(app.id, 9, epoch, patient), 'queued').not.toBeNull();
    await stores.builds.claim(app.id, epoch, patient);
    expect(await stores.imageUse.retire(app.id, 1, epoch, patient)).toBeNull();
    expect((await stores.releases.find(app.id, release.id, patient))?.collectedAt).toBeNull();
    await stores.builds.settle(build, epoch, { status: 'failed', failure: 'no' }, patient);
    expect(await stores.imageUse.retire(app.id, 1, epoch, patient)).not.toBeNull();
    expect((await stores.releases.find(app.id, release.id, patient))?.collectedAt).not.toBeNull();

    await stores.apps.markDeleted(await again(stores, app), patient);
    expect(await stores.imageUse.retire(app.id, 1, epoch, patient)).toBeNull();
  });
});
