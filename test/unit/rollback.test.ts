import { describe, expect, it } from 'vitest';
import { createReleases } from '../../server/services/releases.ts';
import { addApp, deployed, imageOf, openMemory, patient } from '../support/stores.ts';

/** An app whose oldest release that ran has lost its image. */
async function world() {
  const stores = openMemory();
  const owner = await stores.addUser();
  const app = await addApp(stores, owner, 'hello');
  const epoch = await stores.controller.takeOver(patient);
  const images = [imageOf(app.id), imageOf(app.id), imageOf(app.id)];
  for (const image of images) await deployed(stores, app, epoch, { image, commit: '1a2b3c4d5e'.repeat(4) });
  await stores.imageUse.retire(app.id, 2, epoch, patient);
  const releases = createReleases({
    apps: stores.apps,
    store: stores.releases,
    controller: { wake: () => undefined },
  });
  return { owner, releases, images };
}

describe('a rollback', () => {
  it('to a release whose image was collected says so, and what to do instead', async () => {
    const { owner, releases } = await world();
    await expect(releases.rollback(owner, 'hello', 'v2', patient)).rejects.toMatchObject({
      id: 'image_collected',
      retry: false,
      message:
        'hello cannot be rolled back to v2 any more: its image was collected, for only the newest ones are kept (GANTRY_KEEP_IMAGES); push commit 1a2b3c4d again.',
    });
  });

  it('goes back to the release before, whose image is kept', async () => {
    const { owner, releases, images } = await world();
    const { release } = await releases.rollback(owner, 'hello', null, patient);
    expect(release).toMatchObject({ version: 5, description: 'Rollback to v3', image: images[1] });
  });
});
