import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import {
  addApp,
  again,
  deployed,
  draftOf,
  imageOf,
  LEDGER,
  onEveryStore,
  patient,
  pushed,
  type Stores,
} from '../support/stores.ts';
import type { App } from '../../server/domain/app.ts';

onEveryStore((open) => {
  const pending = async (stores: Stores, app: App): Promise<string> => {
    const { deployment } = await stores.releases.create(app, await draftOf(stores, app), patient);
    if (!deployment) throw new Error('an image is deployed');
    return deployment.id;
  };

  it('lets the newest server reign and fences all older ones', async () => {
    await using stores = await open();
    expect(await stores.controller.reigns(1, patient)).toBe(false);
    const begun = await Promise.all([1, 2, 3].map(() => stores.controller.takeOver(patient)));
    expect(begun.sort()).toEqual([1, 2, 3]);
    expect(await stores.controller.reigns(2, patient)).toBe(false);
    expect(await stores.controller.reigns(3, patient)).toBe(true);
  });

  it('begins later than whatever others have heard of', async () => {
    await using stores = await open();
    const first = await stores.controller.takeOver(patient);
    const later = await stores.controller.takeOver(patient, first + 40);
    expect(later).toBe(first + 41);
    expect(await stores.controller.takeOver(patient, first)).toBe(later + 1);
  });

  it('takes no orders from a server that was fenced', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const old = await stores.controller.takeOver(patient);
    const id = await pending(stores, app);
    await stores.controller.begin(id, old, patient);
    const epoch = await stores.controller.takeOver(patient);

    expect(await stores.controller.begin(id, old, patient)).toBe(false);
    expect(await stores.controller.succeed(id, old, LEDGER, patient)).toBe(false);
    expect(await stores.controller.fail(id, old, 'too late', patient)).toBe(false);
    await stores.apps.markDeleted(await again(stores, app), patient);
    expect(await stores.controller.forget(app.id, old, patient)).toBe(false);
    expect(await stores.controller.forget(app.id, epoch, patient)).toBe(true);
    expect(await stores.controller.forget(app.id, epoch, patient)).toBe(false);
  });

  it('brings a deployment from pending over rolling to live, each step once', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const id = await pending(stores, app);
    expect(await stores.controller.succeed(id, epoch, LEDGER, patient), 'it has not begun').toBe(false);

    const begunAt = stores.time.now();
    expect(await stores.controller.begin(id, epoch, patient)).toBe(true);
    stores.time.passed(5000);
    expect(await stores.controller.begin(id, epoch, patient), 'after a crash it goes on').toBe(true);
    expect(await stores.releases.findDeployment(id, patient)).toMatchObject({
      status: 'rolling',
      startedAt: begunAt,
    });
    expect(await stores.controller.succeed(id, epoch, LEDGER, patient)).toBe(true);
    expect(await stores.controller.succeed(id, epoch, LEDGER, patient)).toBe(false);
    expect(await stores.controller.fail(id, epoch, 'no', patient)).toBe(false);
    expect(await stores.controller.begin(id, epoch, patient)).toBe(false);

    expect(await stores.releases.findDeployment(id, patient)).toMatchObject({
      status: 'succeeded',
      ledger: LEDGER,
      failure: null,
      finishedAt: stores.time.now(),
    });
    const releases = await stores.releases.list(app.id, patient);
    expect(releases.map(({ status, current }) => [status, current])).toEqual([
      ['succeeded', true],
      ['succeeded', false],
    ]);
    expect((await again(stores, app)).releasedAt).toEqual(stores.time.now());
    expect(await stores.controller.begin(randomUUID(), epoch, patient)).toBe(false);
  });

  it('keeps the previous release current when the next one fails', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const { deployment } = await deployed(stores, app, epoch);
    const id = await pending(stores, app);
    expect(await stores.controller.fail(id, epoch, 'web.1 never listened\u0000.', patient)).toBe(true);

    const releases = await stores.releases.list(app.id, patient);
    expect(releases.map(({ status, current }) => [status, current])).toEqual([
      ['failed', false],
      ['succeeded', true],
      ['succeeded', false],
    ]);
    expect(releases[0]?.failure).toBe('web.1 never listened\uFFFD.');
    const [desired] = await stores.controller.desired(patient);
    expect(desired?.current?.deployment.id).toBe(deployment.id);
    expect(desired?.next).toBeNull();
  });

  it('shows how large the image is that serves, as far as that is known', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const sizes: unknown[] = [];
    for (const storedBytes of [3 * 1024 ** 3, null, 70]) {
      const image = { ...imageOf(app.id), storedBytes };
      await deployed(stores, await again(stores, app), epoch, { image });
      sizes.push((await again(stores, app)).slugBytes);
    }
    expect(sizes).toEqual([3 * 1024 ** 3, null, 70]);
    const { deployment } = await stores.releases.create(
      await again(stores, app),
      await draftOf(stores, app, { image: { ...imageOf(app.id), storedBytes: 99 } }),
      patient,
    );
    await stores.controller.fail(deployment?.id ?? '', epoch, 'it crashed', patient);
    expect((await again(stores, app)).slugBytes, 'of what serves, not of what failed').toBe(70);
  });

  it('does not fail a release because a restart of it has failed, nor count a restart as a release', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    await deployed(stores, app, epoch);
    const { releasedAt } = await again(stores, app);
    stores.time.passed(60_000);

    const failed = await stores.releases.redeploy(app, patient);
    await stores.controller.fail(failed?.id ?? '', epoch, 'it crashed', patient);
    expect(await stores.releases.latest(app.id, patient)).toMatchObject({
      version: 2,
      status: 'succeeded',
      failure: null,
    });
    const restart = await stores.releases.redeploy(app, patient);
    await stores.controller.begin(restart?.id ?? '', epoch, patient);
    await stores.controller.succeed(restart?.id ?? '', epoch, LEDGER, patient);
    expect((await again(stores, app)).releasedAt).toEqual(releasedAt);
    const [desired] = await stores.controller.desired(patient);
    expect(desired?.current?.deployment.id).toBe(restart?.id);
  });

  it('asks for every app: what is current, what is next, what must go, and what never ran', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const epoch = await stores.controller.takeOver(patient);
    await addApp(stores, ann, 'empty');
    const live = await addApp(stores, ann, 'live');
    const config = new Map([['KEY', new Secret('value')]]);
    const { deployment } = await deployed(stores, live, epoch, { config });
    const first = await addApp(stores, ann, 'first');
    const next = await pending(stores, first);
    const gone = await addApp(stores, ann, 'gone');
    await deployed(stores, gone, epoch);
    await stores.apps.markDeleted(await again(stores, gone), patient);

    const desired = new Map((await stores.controller.desired(patient)).map((one) => [one.app.name, one]));
    expect([...desired.keys()].sort()).toEqual(['empty', 'first', 'gone', 'live']);
    expect(desired.get('live')).toMatchObject({
      app: { id: live.id, name: 'live', network: live.network },
      deleting: false,
      next: null,
    });
    const current = desired.get('live')?.current;
    expect(current?.deployment).toEqual(await stores.releases.findDeployment(deployment.id, patient));
    expect(current?.image).toEqual((await stores.releases.latest(live.id, patient)).image);
    expect(current?.config.get('KEY')?.reveal()).toBe('value');
    expect([...(current?.config ?? [])].map(([key]) => key)).toEqual(['KEY']);
    expect(current?.config.size).toBe(1);
    expect(desired.get('live')?.formation).toEqual(new Map([['web', 1]]));
    expect(desired.get('first')).toMatchObject({ current: null, next: { deployment: { id: next } } });
    expect(desired.get('gone')).toMatchObject({ deleting: true, current: null, next: null });
  });

  it('asks for the next release beside the current one', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const { deployment } = await deployed(stores, app, epoch);
    const id = await pending(stores, app);
    await stores.controller.begin(id, epoch, patient);
    expect(await stores.controller.desired(patient)).toEqual([
      expect.objectContaining({
        current: expect.objectContaining({
          deployment: expect.objectContaining({ id: deployment.id, seq: 1 }) as object,
        }) as object,
        next: expect.objectContaining({
          deployment: expect.objectContaining({ id, seq: 2, status: 'rolling' }) as object,
        }) as object,
      }),
    ]);
  });

  it('forgets a destroyed app with all that belonged to it, and never a living one', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const { deployment } = await deployed(stores, app, epoch);
    const build = await pushed(stores, app);
    await stores.transcripts.append(build, ['line'], patient);
    await stores.transcripts.append(deployment.id, ['line'], patient);
    expect(await stores.controller.forget(app.id, epoch, patient)).toBe(false);

    await stores.apps.markDeleted(await again(stores, app), patient);
    expect(await stores.controller.forget(app.id, epoch, patient)).toBe(true);
    expect(await stores.controller.desired(patient)).toEqual([]);
    expect(await stores.builds.find(build, patient)).toBeUndefined();
    expect(await stores.releases.list(app.id, patient)).toEqual([]);
    expect(await stores.releases.findDeployment(deployment.id, patient)).toBeUndefined();
    for (const stream of [build, deployment.id])
      expect(await stores.transcripts.read(stream, 0, patient)).toEqual([]);
  });
});
