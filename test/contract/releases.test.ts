import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import {
  addApp,
  again,
  deployed,
  draftOf,
  imageOf,
  onEveryStore,
  patient,
  pushed,
} from '../support/stores.ts';

onEveryStore((open) => {
  it('numbers releases and deployments per app, and keeps what was released', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const image = imageOf(app.id, ['web', 'worker']);
    const draft = await draftOf(stores, app, {
      image,
      commit: 'c0ffee',
      config: new Map([['A', new Secret('1')]]),
    });
    const { release, deployment } = await stores.releases.create(app, draft, patient);

    expect(release).toMatchObject({
      version: 2,
      status: 'pending',
      current: false,
      commit: 'c0ffee',
      failure: null,
    });
    expect(release.image).toEqual(image);
    expect(release.user).toEqual(app.owner);
    expect(deployment).toMatchObject({ seq: 1, releaseId: release.id, releaseVersion: 2, status: 'pending' });
    expect(await stores.releases.find(app.id, 'v2', patient)).toEqual(release);
    expect(await stores.releases.find(app.id, '2', patient)).toEqual(release);
    expect(await stores.releases.find(app.id, release.id, patient)).toEqual(release);
    expect(await stores.releases.latest(app.id, patient)).toEqual(release);
    expect(await stores.releases.undecided(app.id, patient)).toEqual([deployment]);
    expect(await stores.releases.deploymentOf(release.id, patient)).toEqual(deployment);
    expect(await stores.releases.findDeployment(deployment?.id ?? '', patient)).toEqual(deployment);
    expect((await stores.releases.list(app.id, patient)).map((one) => one.version)).toEqual([2, 1]);
    const config = await stores.releases.configOf(release.id, patient);
    expect([...config].map(([key, value]) => [key, value.reveal()])).toEqual([['A', '1']]);
  });

  it('finds no release or deployment by what names none [S-INJ-09]', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [app, other] = [await addApp(stores, ann), await addApp(stores, ann)];
    const foreign = await stores.releases.latest(other.id, patient);
    for (const name of [
      'v9',
      '0',
      'v01',
      'v99999999999999',
      '-1',
      '',
      '__proto__',
      "1' OR '1'='1",
      '1; DROP TABLE x',
      foreign.id,
    ])
      expect(await stores.releases.find(app.id, name, patient), name).toBeUndefined();
    expect(await stores.releases.findDeployment('1', patient)).toBeUndefined();
    expect(await stores.releases.deploymentOf(foreign.id, patient)).toBeUndefined();
    await expect(stores.releases.configOf(randomUUID(), patient)).rejects.toMatchObject({ id: 'not_found' });
    await expect(stores.releases.latest(randomUUID(), patient)).rejects.toMatchObject({ id: 'not_found' });
  });

  it('makes a release without image succeed at once: config before the first push', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const draft = await draftOf(stores, app, {
      image: null,
      config: new Map([['A', new Secret('1')]]),
      formation: new Map(),
    });
    const { release, deployment } = await stores.releases.create(app, draft, patient);
    expect(deployment).toBeNull();
    expect(release).toMatchObject({ version: 2, status: 'succeeded', current: true });
    const all = await stores.releases.list(app.id, patient);
    expect(all.map((one) => one.current)).toEqual([true, false]);
    expect(await stores.releases.redeploy(app, patient)).toBeUndefined();
  });

  it('makes one of two releases that were composed at the same moment', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const draft = await draftOf(stores, app, { image: null });
    const made = await Promise.allSettled([1, 2, 3].map(() => stores.releases.create(app, draft, patient)));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of made)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ id: 'app_changed', retry: true });
    expect((await stores.releases.list(app.id, patient)).map((one) => one.version)).toEqual([2, 1]);
  });

  it('makes no release and no restart while a deployment is undecided', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    await stores.releases.create(app, await draftOf(stores, app), patient);
    const busy = { id: 'deploy_in_progress', params: { app: app.name, version: 2 } };
    await expect(stores.releases.create(app, await draftOf(stores, app), patient)).rejects.toMatchObject(
      busy,
    );
    await expect(stores.releases.redeploy(app, patient)).rejects.toMatchObject(busy);
  });

  it('passes over failed releases, but never uses their number again', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const first = await stores.releases.create(app, await draftOf(stores, app), patient);
    await stores.controller.fail(first.deployment?.id ?? '', epoch, 'web.1 exited with 1.', patient);

    expect(await stores.releases.find(app.id, 'v2', patient)).toMatchObject({
      status: 'failed',
      failure: 'web.1 exited with 1.',
    });
    expect(await stores.releases.latest(app.id, patient)).toMatchObject({ version: 1, current: true });
    const second = await stores.releases.create(app, await draftOf(stores, app), patient);
    expect(second.release.version).toBe(3);
    expect(second.deployment?.seq).toBe(2);
  });

  it('restarts the release that serves, as a new deployment of it', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const { release } = await deployed(stores, app, epoch);
    const restart = await stores.releases.redeploy(app, patient);
    expect(restart).toMatchObject({ seq: 2, releaseId: release.id, releaseVersion: 2, status: 'pending' });
    expect(await stores.releases.deploymentOf(release.id, patient)).toEqual(restart);
    expect((await stores.releases.list(app.id, patient))[0]).toMatchObject({ version: 2, current: true });
  });

  it('takes the formation with the release, without undoing what somebody has scaled meanwhile', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const both = new Map([
      ['web', 1],
      ['worker', 0],
    ]);
    const image = imageOf(app.id, ['web', 'worker']);
    await deployed(stores, app, epoch, { image, formation: both });
    const read = await again(stores, app);
    expect(read.formation).toEqual(both);
    expect(read.revision).toBeGreaterThan(app.revision);

    await stores.apps.setFormation(
      read,
      new Map([
        ['web', 5],
        ['worker', 2],
      ]),
      patient,
    );
    // The next release knows no worker but a clock, and was composed before the scaling.
    const next = new Map([
      ['web', 1],
      ['clock', 0],
    ]);
    const draft = await draftOf(stores, app, { image: imageOf(app.id, ['web', 'clock']), formation: next });
    const { deployment } = await stores.releases.create(read, draft, patient);
    expect((await again(stores, app)).formation, 'the old release still needs its worker').toEqual(
      new Map([
        ['web', 5],
        ['worker', 2],
        ['clock', 0],
      ]),
    );
    await stores.controller.begin(deployment?.id ?? '', epoch, patient);
    await stores.controller.succeed(
      deployment?.id ?? '',
      epoch,
      { bootMs: 1, switchMs: 1, requests: 0, dropped: 0 },
      patient,
    );
    expect((await again(stores, app)).formation).toEqual(
      new Map([
        ['web', 5],
        ['clock', 0],
      ]),
    );
  });

  it('makes the release of a build once, and none for a build that was superseded', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const buildId = await pushed(stores, app);
    await stores.builds.claim(app.id, 1, patient);
    const draft = await draftOf(stores, app, { buildId });
    const made = await stores.releases.create(app, draft, patient);
    expect(await stores.releases.create(app, draft, patient)).toEqual(made);
    expect(await stores.builds.find(buildId, patient)).toMatchObject({ releaseId: made.release.id });

    const later = await pushed(stores, app);
    await stores.builds.claim(app.id, 1, patient);
    const late = await draftOf(stores, app, { buildId: later });
    await pushed(stores, app);
    await expect(stores.releases.create(app, late, patient)).rejects.toMatchObject({
      id: 'build_superseded',
    });
  });

  it('stores what text in a database cannot hold: NUL', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const draft = await draftOf(stores, app, { image: null, description: 'a\u0000b' });
    const { release } = await stores.releases.create(app, draft, patient);
    expect(release.description).toBe('a\uFFFDb');
  });
});
