import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  addApp,
  again,
  deployed,
  draftOf,
  imageOf,
  LEDGER,
  onEveryStore,
  patient,
  PUSH,
  pushed,
  SUPERSEDED,
} from '../support/stores.ts';

const OK = { status: 'succeeded' } as const;

onEveryStore((open) => {
  it('keeps a push as a queued build', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const push = { ...PUSH, from: 'b'.repeat(40) };
    const order = { id: randomUUID(), appId: app.id, userId: app.owner.id, push };
    const build = await stores.builds.submit(order, SUPERSEDED, patient);
    expect(build).toEqual({
      ...order,
      upload: null,
      buildpacks: null,
      status: 'queued',
      attempt: 0,
      failure: null,
      image: null,
      releaseId: null,
      deploymentId: null,
      createdAt: stores.time.now(),
      finishedAt: null,
    });
    expect(await stores.builds.find(build.id, patient)).toEqual(build);
    expect(await stores.builds.list(app.id, patient)).toEqual([build]);
    expect(await stores.builds.waiting(1, patient)).toEqual([app.id]);
    expect(await stores.builds.find(randomUUID(), patient)).toBeUndefined();
    expect(await stores.builds.find('nonsense', patient)).toBeUndefined();
  });

  it('records a push once, however often it is asked to', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const order = { id: randomUUID(), appId: app.id, userId: app.owner.id, push: PUSH };
    await stores.builds.submit(order, SUPERSEDED, patient);
    const claimed = await stores.builds.claim(app.id, 1, patient);
    expect(await stores.builds.submit(order, SUPERSEDED, patient)).toEqual(claimed);
    expect(await stores.builds.list(app.id, patient)).toEqual([claimed]);
  });

  it('gives the newest push to its worker, and again if the worker has not heard', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const [older, newer] = [await pushed(stores, app), await pushed(stores, app)];
    const claimed = await stores.builds.claim(app.id, 1, patient);
    expect(claimed).toMatchObject({ id: newer, status: 'building', attempt: 1 });
    expect(await stores.builds.claim(app.id, 1, patient)).toEqual(claimed);
    expect(await stores.builds.waiting(1, patient)).toEqual([app.id]);
    expect(await stores.builds.find(older, patient)).toMatchObject({
      status: 'superseded',
      failure: SUPERSEDED,
      finishedAt: stores.time.now(),
    });
    expect((await stores.builds.list(app.id, patient)).map((build) => build.id)).toEqual([newer, older]);
    expect(await stores.builds.settle(newer, 1, OK, patient)).toBe(true);
    expect(await stores.builds.waiting(1, patient)).toEqual([]);
    expect(await stores.builds.claim(randomUUID(), 1, patient)).toBeUndefined();
  });

  it('takes one of several pushes that arrive at once, whichever was last', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    await Promise.all([1, 2, 3, 4].map(() => pushed(stores, app)));
    const all = await stores.builds.list(app.id, patient);
    expect(all.map((build) => build.status)).toEqual(['queued', 'superseded', 'superseded', 'superseded']);
  });

  it('builds the apps of a platform side by side, but each one thing at a time', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [one, two] = [await addApp(stores, ann), await addApp(stores, ann)];
    const first = await pushed(stores, one);
    await pushed(stores, two);
    expect([...(await stores.builds.waiting(1, patient))].sort()).toEqual([one.id, two.id].sort());
    await stores.builds.claim(one.id, 1, patient);
    // Its deployment is live, so the next push leaves it to settle; until then the other one has to wait.
    const made = await stores.releases.create(one, await draftOf(stores, one, { buildId: first }), patient);
    const epoch = await stores.controller.takeOver(patient);
    await stores.controller.begin(made.deployment?.id ?? '', epoch, patient);
    await stores.controller.succeed(made.deployment?.id ?? '', epoch, LEDGER, patient);
    const second = await pushed(stores, one);

    expect(await stores.builds.find(first, patient)).toMatchObject({ status: 'building' });
    expect(await stores.builds.claim(one.id, 1, patient)).toMatchObject({ id: first, attempt: 1 });
    expect(await stores.builds.claim(two.id, 1, patient)).toMatchObject({ appId: two.id });
    expect(await stores.builds.settle(first, 1, OK, patient)).toBe(true);
    expect(await stores.builds.claim(one.id, 1, patient)).toMatchObject({ id: second });
    expect(await stores.releases.findDeployment(made.deployment?.id ?? '', patient)).toMatchObject({
      status: 'succeeded',
    });
  });

  it('takes with a superseded build its undecided deployment and its pending release', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const first = await pushed(stores, app);
    await stores.builds.claim(app.id, 1, patient);
    const draft = await draftOf(stores, app, { buildId: first });
    const { release, deployment } = await stores.releases.create(app, draft, patient);
    const epoch = await stores.controller.takeOver(patient);
    await stores.controller.begin(deployment?.id ?? '', epoch, patient);

    const second = await pushed(stores, app);
    expect(await stores.releases.findDeployment(deployment?.id ?? '', patient)).toMatchObject({
      status: 'superseded',
      failure: SUPERSEDED,
      finishedAt: stores.time.now(),
    });
    expect(await stores.releases.find(app.id, release.id, patient)).toMatchObject({
      status: 'failed',
      failure: SUPERSEDED,
    });
    expect(await stores.controller.succeed(deployment?.id ?? '', epoch, LEDGER, patient)).toBe(false);
    expect(await stores.builds.settle(first, 1, OK, patient)).toBe(false);
    expect(await stores.builds.recordImage(first, 1, imageOf(app.id), patient)).toBe(false);
    expect(await stores.builds.claim(app.id, 1, patient)).toMatchObject({ id: second });
  });

  it('leaves alone what a push does not replace: restarts, rollbacks, other apps, settled builds', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [app, other] = [await addApp(stores, ann), await addApp(stores, ann)];
    const epoch = await stores.controller.takeOver(patient);
    await deployed(stores, app, epoch);
    const restart = await stores.releases.redeploy(app, patient);
    const foreign = await pushed(stores, other);
    const failed = await pushed(stores, app);
    await stores.builds.claim(app.id, 1, patient);
    await stores.builds.settle(failed, 1, { status: 'failed', failure: 'npm ci failed.' }, patient);

    await pushed(stores, app);
    expect(await stores.releases.undecided(app.id, patient)).toEqual([restart]);
    expect(await stores.builds.find(foreign, patient)).toMatchObject({ status: 'queued' });
    expect(await stores.builds.find(failed, patient)).toMatchObject({
      status: 'failed',
      failure: 'npm ci failed.',
    });
  });

  it('hands a build of a dead server to its successor, with what it had reached, before anything newer', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const id = await pushed(stores, app);
    const image = imageOf(app.id);
    await stores.builds.claim(app.id, 1, patient);
    expect(await stores.builds.recordImage(id, 1, image, patient)).toBe(true);
    const { release, deployment } = await stores.releases.create(
      app,
      await draftOf(stores, app, { image }),
      patient,
    );
    expect(await stores.builds.recordRelease(id, 1, release.id, patient)).toBe(true);
    expect(await stores.builds.recordRelease(id, 1, release.id, patient)).toBe(true);
    const epoch = await stores.controller.takeOver(patient);
    await stores.controller.begin(deployment?.id ?? '', epoch, patient);
    await stores.controller.succeed(deployment?.id ?? '', epoch, LEDGER, patient);
    const newer = await pushed(stores, app);

    expect(await stores.builds.waiting(2, patient)).toEqual([app.id]);
    expect(
      await stores.builds.claim(app.id, 0, patient),
      'a server of the past takes nothing',
    ).toBeUndefined();
    const taken = await stores.builds.claim(app.id, 2, patient);
    expect(taken).toMatchObject({ id, status: 'building', attempt: 2, image, releaseId: release.id });
    expect(taken?.deploymentId).toBe(deployment?.id);
    expect(await stores.builds.settle(id, 1, OK, patient), 'the dead one is fenced').toBe(false);
    expect(await stores.builds.recordRelease(id, 1, release.id, patient)).toBe(false);
    expect(await stores.builds.settle(id, 2, OK, patient)).toBe(true);
    expect(await stores.builds.settle(id, 2, OK, patient)).toBe(false);
    expect(await stores.builds.claim(app.id, 2, patient)).toMatchObject({ id: newer });
  });

  it('knows the deployment of a build from restarts of its release', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const id = await pushed(stores, app);
    await stores.builds.claim(app.id, 1, patient);
    const epoch = await stores.controller.takeOver(patient);
    const { deployment } = await deployed(stores, app, epoch, { buildId: id });
    await stores.releases.redeploy(app, patient);
    expect(await stores.builds.find(id, patient)).toMatchObject({ deploymentId: deployment.id });
  });

  it('gives a release to one build only', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [app, other] = [await addApp(stores, ann), await addApp(stores, ann)];
    const { release } = await stores.releases.create(
      other,
      await draftOf(stores, other, { image: null }),
      patient,
    );
    const id = await pushed(stores, app);
    await stores.builds.claim(app.id, 1, patient);
    expect(await stores.builds.recordRelease(id, 1, release.id, patient)).toBe(false);
    expect(await stores.builds.recordRelease(id, 1, randomUUID(), patient)).toBe(false);
  });

  it('knows what was deployed last', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    expect(await stores.builds.lastDeployed(app.id, patient)).toBeUndefined();
    const ids: string[] = [];
    for (const outcome of [OK, OK, { status: 'failed', failure: 'a\u0000b' } as const]) {
      const id = await pushed(stores, app);
      await stores.builds.claim(app.id, 1, patient);
      await stores.builds.settle(id, 1, outcome, patient);
      ids.push(id);
    }
    expect(await stores.builds.lastDeployed(app.id, patient)).toMatchObject({
      id: ids[1],
      status: 'succeeded',
    });
    expect(await stores.builds.find(ids[2] ?? '', patient)).toMatchObject({ failure: 'a\uFFFDb' });
  });

  it('knows of all living apps at once what was deployed last', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [first, second, gone, fresh] = [
      await addApp(stores, ann),
      await addApp(stores, ann),
      await addApp(stores, ann),
      await addApp(stores, ann),
    ];
    expect(await stores.builds.lastDeploys(patient)).toEqual([]);
    const last = new Map<string, string>();
    for (const app of [first, first, second, gone]) {
      const id = await pushed(stores, app);
      await stores.builds.claim(app.id, 1, patient);
      await stores.builds.settle(id, 1, OK, patient);
      last.set(app.id, id);
    }
    await pushed(stores, second);
    await pushed(stores, fresh);
    await stores.apps.markDeleted(await again(stores, gone), patient);
    const found = await stores.builds.lastDeploys(patient);
    expect(new Map(found.map(({ app, buildId }) => [app.id, buildId]))).toEqual(
      new Map([first, second].map(({ id }) => [id, last.get(id)])),
    );
    expect(found.map(({ app }) => app.name).sort()).toEqual([first.name, second.name].sort());
  });
});
