import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { NewSetup } from '../../server/ports/app-setups.ts';
import { again, onEveryStore, patient, pushed, type Stores } from '../support/stores.ts';

const PREPARED = {
  checksum: 'ab'.repeat(32),
  formation: new Map(Object.entries({ web: 2, worker: 1 })),
  postdeploy: 'node seed.js',
  successUrl: '/welcome',
};
const SUCCEEDED = {
  ...{ status: 'succeeded' as const, failure: null, manifestErrors: [] },
  ...{ postdeploy: { output: 'seeded\0', exitCode: 0 }, successUrl: 'http://x.test/' },
};
const FAILED = {
  ...{ status: 'failed' as const, failure: 'it did\0not', manifestErrors: ['no'] },
  ...{ postdeploy: null, successUrl: null },
};

/** An app that is being made of a source. */
async function setUp(stores: Stores, change: Partial<NewSetup['order']> = {}) {
  const ann = await stores.addUser();
  const epoch = await stores.controller.takeOver(patient);
  const setup: NewSetup = {
    ...{ id: randomUUID(), userId: ann.userId, buildId: randomUUID() },
    source: { checksum: 'SHA256:ab', version: 'v\0one' },
    order: {
      source: { url: 'https://example.com/source.tgz?token=x' },
      env: new Map([['SECRET', 'shh']]),
      buildpacks: ['heroku/nodejs'],
      ...change,
    },
  };
  const app = await stores.apps.create(
    { id: randomUUID(), name: `app-${setup.id.slice(0, 8)}`, ownerId: ann.userId, deployBranch: null, setup },
    patient,
  );
  return { ann, epoch, setup, app };
}

onEveryStore((open) => {
  describe('a setup', () => {
    it('is written down with its app, with what was asked for', async () => {
      await using stores = await open();
      const { setup, app, epoch } = await setUp(stores);
      const written = {
        ...{
          id: setup.id,
          appId: app.id,
          formerApp: null,
          userId: setup.userId,
          buildId: setup.buildId,
          status: 'pending',
        },
        ...{ source: { checksum: 'SHA256:ab', version: 'v\uFFFDone' }, manifestErrors: [], prepared: null },
        ...{ runId: null, postdeploy: null, failure: null, successUrl: null },
        ...{ createdAt: stores.time.now(), updatedAt: stores.time.now() },
      };
      expect(await stores.setups.find(setup.id, patient)).toEqual(written);
      expect(await stores.setups.waiting(epoch, patient)).toEqual([setup.id]);
      expect(await stores.setups.pending(setup.id, patient)).toEqual({ setup: written, order: setup.order });
      expect(await stores.setups.find('nonsense', patient)).toBeUndefined();
    });

    it('knows a source that was sent, and asks for nothing that was not asked for', async () => {
      await using stores = await open();
      const upload = { id: randomUUID(), userId: randomUUID() };
      const order = { source: { upload }, env: new Map<string, string>(), buildpacks: null };
      const { setup } = await setUp(stores, order);
      expect((await stores.setups.pending(setup.id, patient))?.order).toEqual(order);
    });

    it('is not written down when its app cannot be made', async () => {
      await using stores = await open();
      const { ann, app, setup, epoch } = await setUp(stores);
      const second = { ...setup, id: randomUUID() };
      const twin = { id: randomUUID(), name: app.name, ownerId: ann.userId, deployBranch: null };
      await expect(stores.apps.create({ ...twin, setup: second }, patient)).rejects.toMatchObject({
        id: 'name_taken',
      });
      expect(await stores.setups.waiting(epoch, patient)).toEqual([setup.id]);
    });

    it('comes further step by step, and ends once', async () => {
      await using stores = await open();
      const { setup, epoch } = await setUp(stores);
      const { id } = setup;
      stores.time.passed(1_000);
      const done = { prepared: PREPARED, manifestErrors: ['a\0note'] };
      expect(await stores.setups.recordPrepared(id, epoch, done, patient)).toBe(true);
      expect(await stores.setups.recordRun(id, epoch, 'container', patient)).toBe(true);
      expect((await stores.setups.pending(id, patient))?.setup).toMatchObject({
        ...{ prepared: PREPARED, runId: 'container', manifestErrors: ['a\uFFFDnote'] },
        updatedAt: stores.time.now(),
      });
      expect(await stores.setups.settle(id, epoch, SUCCEEDED, patient)).toBe(true);
      expect(await stores.setups.find(id, patient)).toMatchObject(SUCCEEDED);
      expect(await stores.setups.pending(id, patient)).toBeUndefined();
      expect(await stores.setups.waiting(epoch, patient)).toEqual([]);
      expect(await stores.setups.settle(id, epoch, FAILED, patient)).toBe(false);
      expect(await stores.setups.recordRun(id, epoch, 'other', patient)).toBe(false);
      expect(await stores.setups.find(id, patient)).toMatchObject({
        status: 'succeeded',
        runId: 'container',
      });
    });

    it('tells why it failed', async () => {
      await using stores = await open();
      const { setup, epoch } = await setUp(stores);
      await stores.setups.settle(setup.id, epoch, FAILED, patient);
      expect(await stores.setups.find(setup.id, patient)).toMatchObject({
        ...{ status: 'failed', failure: 'it did\uFFFDnot', manifestErrors: ['no'], postdeploy: null },
      });
    });

    it('takes an app with it of which nothing was ever built, and is there without it', async () => {
      await using stores = await open();
      const { ann, setup, app, epoch } = await setUp(stores);
      await stores.setups.settle(setup.id, epoch, FAILED, patient);
      expect(await stores.apps.find(app.id, patient)).toBeUndefined();
      const left = { status: 'failed', appId: app.id, formerApp: app.name, failure: 'it did\uFFFDnot' };
      expect(await stores.setups.find(setup.id, patient)).toMatchObject(left);
      const next = { id: randomUUID(), name: app.name, ownerId: ann.userId, deployBranch: null };
      expect(await stores.apps.create(next, patient), 'its name is free').toMatchObject({ name: app.name });
      expect(await stores.controller.forget(app.id, epoch, patient)).toBe(true);
      expect(await stores.setups.find(setup.id, patient)).toMatchObject(left);
    });

    it('leaves an app in which somebody has begun a build', async () => {
      await using stores = await open();
      const { setup, app, epoch } = await setUp(stores);
      await pushed(stores, app);
      await stores.setups.settle(setup.id, epoch, FAILED, patient);
      expect(await stores.apps.find(app.id, patient)).toMatchObject({ name: app.name });
      expect(await stores.setups.find(setup.id, patient)).toMatchObject({
        status: 'failed',
        formerApp: null,
      });
    });

    it('leaves its app when it succeeds, whatever there was to build', async () => {
      await using stores = await open();
      const { setup, app, epoch } = await setUp(stores);
      await stores.setups.settle(setup.id, epoch, SUCCEEDED, patient);
      expect(await stores.apps.find(app.id, patient)).toMatchObject({ name: app.name });
    });

    it('is written to by the reigning server alone', async () => {
      await using stores = await open();
      const { setup, epoch } = await setUp(stores);
      await stores.controller.takeOver(patient);
      const done = { prepared: PREPARED, manifestErrors: [] };
      expect(await stores.setups.waiting(epoch, patient)).toEqual([]);
      expect(await stores.setups.recordPrepared(setup.id, epoch, done, patient)).toBe(false);
      expect(await stores.setups.recordRun(setup.id, epoch, 'container', patient)).toBe(false);
      expect(await stores.setups.settle(setup.id, epoch, SUCCEEDED, patient)).toBe(false);
      expect(await stores.setups.waiting(epoch + 1, patient)).toEqual([setup.id]);
    });

    it('needs its run for as long as it is pending', async () => {
      await using stores = await open();
      const { setup, epoch } = await setUp(stores);
      await stores.setups.recordRun(setup.id, epoch, 'mine', patient);
      const needing = () => stores.setups.needing(['mine', 'of somebody'], patient);
      expect([...(await needing())]).toEqual(['mine']);
      expect((await stores.setups.needing(['of somebody'], patient)).size).toBe(0);
      await stores.setups.settle(setup.id, epoch, SUCCEEDED, patient);
      expect((await needing()).size).toBe(0);
    });

    it('is not found any more when its app was destroyed, and still to be ended', async () => {
      await using stores = await open();
      const { setup, app, epoch } = await setUp(stores);
      await stores.apps.markDeleted(await again(stores, app), patient);
      expect(await stores.setups.find(setup.id, patient)).toBeUndefined();
      expect(await stores.setups.waiting(epoch, patient)).toEqual([setup.id]);
      expect((await stores.setups.pending(setup.id, patient))?.setup.appId).toBe(app.id);
      expect(await stores.setups.settle(setup.id, epoch, FAILED, patient)).toBe(true);
    });
  });
});
