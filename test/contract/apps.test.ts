import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { addApp, again, draftOf, NETWORKS, onEveryStore, patient, pushed } from '../support/stores.ts';

onEveryStore((open) => {
  it('makes an app with release v1, which is current and has neither image nor config', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const id = randomUUID();
    const app = await stores.apps.create(
      { id, name: 'shop', ownerId: ann.userId, deployBranch: 'live' },
      patient,
    );
    expect(app).toMatchObject({ id, name: 'shop', deployBranch: 'live', network: 0, releasedAt: null });
    expect(app.owner).toEqual({ id: ann.userId, email: ann.email });
    expect(app.formation).toEqual(new Map());

    const releases = await stores.releases.list(id, patient);
    expect(releases).toEqual([
      expect.objectContaining({ version: 1, status: 'succeeded', current: true, image: null }),
    ]);
    expect(releases[0]?.description).toBe('Initial release');
    expect([...(await stores.releases.configOf(releases[0]?.id ?? '', patient))]).toEqual([]);
  });

  it('changes the branch that deploys an app, unless the app was changed meanwhile', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser(), 'shop');
    expect(await stores.apps.setDeployBranch(app, 'live', patient)).toBe(true);
    expect(await stores.apps.find('shop', patient)).toMatchObject({ deployBranch: 'live' });
    expect(await stores.apps.setDeployBranch(app, 'other', patient)).toBe(false);
    expect(await stores.apps.setDeployBranch(await again(stores, app), null, patient)).toBe(true);
    expect(await stores.apps.find('shop', patient)).toMatchObject({ deployBranch: null });
  });

  it('finds a living app by name or id, and nothing by anything else', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser(), 'shop');
    expect(await stores.apps.find('shop', patient)).toEqual(app);
    expect(await stores.apps.find(app.id, patient)).toEqual(app);
    expect(await stores.apps.find('shoe', patient)).toBeUndefined();
    expect(await stores.apps.find(randomUUID(), patient)).toBeUndefined();
  });

  it('gives a name to one app only, also when two ask at once', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const made = await Promise.allSettled([1, 2, 3].map(() => addApp(stores, ann, 'shop')));
    expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(addApp(stores, ann, 'shop')).rejects.toMatchObject({ id: 'name_taken' });
  });

  it('gives every app the smallest free network, until none is left', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const epoch = await stores.controller.takeOver(patient);
    const apps = await Promise.all(Array.from({ length: NETWORKS }, () => addApp(stores, ann)));
    expect(apps.map((app) => app.network).sort()).toEqual([0, 1, 2, 3]);
    await expect(addApp(stores, ann)).rejects.toMatchObject({ id: 'networks_used_up' });

    const second = apps.find((app) => app.network === 1);
    if (!second) throw new Error('some app has network 1');
    await stores.apps.markDeleted(second, patient);
    await expect(addApp(stores, ann), 'its network is still there').rejects.toMatchObject({
      id: 'networks_used_up',
    });
    await stores.controller.forget(second.id, epoch, patient);
    expect((await addApp(stores, ann)).network).toBe(1);
  });

  it('lists the apps a person may see, by name', async () => {
    await using stores = await open();
    const [ann, bob, root] = [
      await stores.addUser(),
      await stores.addUser(),
      await stores.addUser({ admin: true }),
    ];
    for (const name of ['zoo', 'a-b', 'ab']) await addApp(stores, ann, name);
    await addApp(stores, bob, 'bar');
    const names = async (who: typeof ann) => (await stores.apps.list(who, patient)).map((app) => app.name);
    expect(await names(ann)).toEqual(['a-b', 'ab', 'zoo']);
    expect(await names(bob)).toEqual(['bar']);
    expect(await names(root)).toEqual(['a-b', 'ab', 'bar', 'zoo']);
  });

  it('changes a formation only as long as nobody else has changed the app', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const changed = await Promise.all(
      [2, 3].map((count) => stores.apps.setFormation(app, new Map([['web', count]]), patient)),
    );
    expect(changed.sort()).toEqual([false, true]);
    expect(await stores.apps.setFormation(app, new Map(), patient)).toBe(false);
    const now = await again(stores, app);
    expect(now.formation.get('web')).toBeGreaterThan(1);
    expect(await stores.apps.setFormation(now, new Map([['web', 0]]), patient)).toBe(true);
  });

  it('notes how large a repository is, which changes nothing about the app', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const app = await addApp(stores, ann);
    expect([app.repositoryBytes, app.slugBytes]).toEqual([null, null]);
    const large = 5 * 1024 ** 3 + 1;
    await stores.apps.noteRepositoryBytes(app.id, large, patient);
    expect(await again(stores, app)).toEqual({ ...app, repositoryBytes: large });
    expect(await stores.apps.list(ann, patient)).toMatchObject([{ repositoryBytes: large }]);
    await stores.apps.markDeleted(app, patient);
    await stores.apps.noteRepositoryBytes(app.id, 1, patient); // nobody to note it of
  });

  it('frees the name of a destroyed app and finds it no more', async () => {
    await using stores = await open();
    const ann = await stores.addUser({ admin: true });
    const app = await addApp(stores, ann, 'shop');
    expect(await stores.apps.markDeleted({ ...app, revision: app.revision + 7 }, patient)).toBe(false);
    expect(await stores.apps.markDeleted(app, patient)).toBe(true);
    expect(await stores.apps.markDeleted(app, patient)).toBe(false);

    expect(await stores.apps.find('shop', patient)).toBeUndefined();
    expect(await stores.apps.find(app.id, patient)).toBeUndefined();
    expect(await stores.apps.list(ann, patient)).toEqual([]);
    expect((await addApp(stores, ann, 'shop')).id).not.toBe(app.id);
  });

  it('lets nothing arrive in an app that was destroyed', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const build = await pushed(stores, app);
    const { deployment } = await stores.releases.create(app, await draftOf(stores, app), patient);
    expect(await stores.apps.markDeleted(await again(stores, app), patient)).toBe(true);

    expect(await stores.builds.find(build, patient)).toMatchObject({ status: 'superseded' });
    expect(await stores.releases.findDeployment(deployment?.id ?? '', patient)).toMatchObject({
      status: 'superseded',
    });
    expect(await stores.builds.waiting(1, patient)).toEqual([]);
    expect(await stores.builds.claim(app.id, 1, patient)).toBeUndefined();
    await expect(pushed(stores, app)).rejects.toMatchObject({ id: 'not_found' });
    await expect(stores.releases.create(app, await draftOf(stores, app), patient)).rejects.toMatchObject({
      id: 'not_found',
    });
    await expect(stores.releases.redeploy(app, patient)).rejects.toMatchObject({ id: 'not_found' });
  });
});
