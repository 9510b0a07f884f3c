import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  addApp,
  again,
  deployed,
  draftOf,
  imageOf,
  onEveryStore,
  patient,
  PUSH,
  pushed,
} from '../support/stores.ts';

const UPLOAD = { checksum: 'c'.repeat(64), version: 'v2\0', description: null };
const NEWER = 'A newer build took its place.';
const OK = { status: 'succeeded' } as const;

onEveryStore((open) => {
  it('keeps a source that came without git, with the buildpacks asked for', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const order = { id: randomUUID(), appId: app.id, userId: app.owner.id, push: null, upload: UPLOAD };
    await stores.builds.submit({ ...order, buildpacks: ['heroku/nodejs'] }, NEWER, patient);
    const upload = { ...UPLOAD, version: 'v2\uFFFD' };
    expect(await stores.builds.find(order.id, patient)).toMatchObject({
      ...{ push: null, upload, buildpacks: ['heroku/nodejs'], status: 'queued' },
    });
  });

  it('knows the last push that was deployed, whatever was built without git since', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const first = await pushed(stores, app);
    await stores.builds.claim(app.id, 1, patient);
    await stores.builds.settle(first, 1, OK, patient);
    const id = randomUUID();
    const order = { id, appId: app.id, userId: app.owner.id, push: null, upload: UPLOAD } as const;
    await stores.builds.submit(order, NEWER, patient);
    await stores.builds.claim(app.id, 1, patient);
    await stores.builds.settle(id, 1, OK, patient);
    expect(await stores.builds.lastDeployed(app.id, patient)).toMatchObject({ id: first, push: PUSH });
  });

  it('cancels a build with its release and deployment, and no other', async () => {
    await using stores = await open();
    const epoch = await stores.controller.takeOver(patient);
    const app = await addApp(stores, await stores.addUser());
    await deployed(stores, app, epoch);
    const id = await pushed(stores, await again(stores, app));
    await stores.builds.claim(app.id, epoch, patient);
    const draft = await draftOf(stores, app, { buildId: id, image: imageOf(app.id) });
    const { release } = await stores.releases.create(await again(stores, app), draft, patient);
    expect(await stores.builds.cancel(randomUUID(), 'Cancelled', patient)).toBe(false);
    expect(await stores.builds.cancel('nonsense', 'Cancelled', patient)).toBe(false);
    expect(await stores.builds.cancel(id, 'Cancelled', patient)).toBe(true);
    expect(await stores.builds.find(id, patient)).toMatchObject({
      ...{ status: 'superseded', failure: 'Cancelled', finishedAt: stores.time.now() },
    });
    expect(await stores.releases.find(app.id, release.id, patient)).toMatchObject({
      ...{ status: 'failed', failure: 'Cancelled' },
    });
    expect(await stores.releases.undecided(app.id, patient)).toEqual([]);
    expect(await stores.builds.cancel(id, 'Again', patient)).toBe(false);
  });

  it('does not cancel a build that is live already and only waits to be settled', async () => {
    await using stores = await open();
    const epoch = await stores.controller.takeOver(patient);
    const app = await addApp(stores, await stores.addUser());
    const id = await pushed(stores, app);
    await stores.builds.claim(app.id, epoch, patient);
    await deployed(stores, await again(stores, app), epoch, { buildId: id });
    expect(await stores.builds.cancel(id, 'Cancelled', patient)).toBe(false);
    expect(await stores.builds.settle(id, epoch, OK, patient)).toBe(true);
  });

  it('renames an app, unless the name is taken or the app has changed', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const app = await addApp(stores, ann);
    const other = await addApp(stores, ann);
    await expect(stores.apps.rename(app, other.name, patient)).rejects.toMatchObject({ id: 'name_taken' });
    expect(await stores.apps.rename(app, 'newname', patient)).toBe(true);
    expect(await stores.apps.rename(app, 'again', patient)).toBe(false);
    expect(await stores.apps.find(app.name, patient)).toBeUndefined();
    expect(await stores.apps.find('newname', patient)).toMatchObject({
      id: app.id,
      revision: app.revision + 1,
    });
    await addApp(stores, ann, app.name); // the old name is free
  });

  it('keeps what the owner of an app chose, and nothing of one that is gone', async () => {
    await using stores = await open();
    const { options } = stores;
    const app = await addApp(stores, await stores.addUser());
    expect(await options.buildpacks(app.id, patient)).toEqual([]);
    await options.setBuildpacks(app.id, ['heroku/nodejs', 'https://example.com/x.tgz'], patient);
    const [first, later] = [new Date('2026-11-21T12:00:00.000Z'), new Date('2026-11-21T13:00:00.000Z')];
    await options.setFeature(app.id, 'one', first, patient);
    await options.setFeature(app.id, 'one', later, patient); // on already
    await options.setFeature(app.id, 'two', later, patient);
    expect(await options.features(app.id, patient)).toEqual(
      new Map([
        ['one', first],
        ['two', later],
      ]),
    );
    await options.setFeature(app.id, 'one', null, patient);
    expect([...(await options.features(app.id, patient)).keys()]).toEqual(['two']);
    expect(await options.buildpacks(app.id, patient)).toEqual(['heroku/nodejs', 'https://example.com/x.tgz']);
    await stores.apps.markDeleted(await again(stores, app), patient);
    await options.setBuildpacks(app.id, [], patient);
    expect(await options.buildpacks(app.id, patient)).toHaveLength(2);
  });

  it('tells the controller whose visitors come back to the same instance', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [app, other] = [await addApp(stores, ann), await addApp(stores, ann)];
    const asking = async (): Promise<string[]> =>
      (await stores.controller.desired(patient)).flatMap((one) => (one.affinity ? [one.app.id] : []));
    expect(await asking()).toEqual([]);
    await stores.options.setFeature(other.id, 'runtime-dyno-metadata', new Date(), patient);
    await stores.options.setFeature(app.id, 'http-session-affinity', new Date(), patient);
    expect(await asking()).toEqual([app.id]);
    await stores.options.setFeature(app.id, 'http-session-affinity', null, patient);
    expect(await asking()).toEqual([]);
  });
});
