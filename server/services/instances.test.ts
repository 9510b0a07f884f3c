import { describe, expect, it } from 'vitest';
import { createStoresRig, imageOf, patient } from '../../test/support/services-rig.ts';
import type { Instance } from '../domain/instance.ts';
import { createInstances } from './instances.ts';

function createRig() {
  const rig = createStoresRig();
  const running: Instance[] = [];
  const instancesOf = (appId: string) => running.filter((one) => one.appId === appId);
  const instances = createInstances({
    apps: rig.apps,
    releases: rig.releases,
    controller: { ...rig.controller, instancesOf },
  });
  const runs = (appId: string, type: string, number: number, seq = 1): void => {
    running.push({
      ...{ id: `${type}.${number}-${seq}`, appId, seq, release: 2, type, number, attempt: 0, host: 'here' },
      ...{ address: '10.0.0.1', port: 5000, state: 'ready', startedAt: null, endedAt: null, exit: null },
    });
  };
  return { ...rig, instances, runs };
}

describe('the instances of an app', () => {
  it('are listed by type and number, each before the one it replaces, and no other app’s', async () => {
    const rig = createRig();
    const [app, other] = [await rig.createApp(), await rig.createApp('other')];
    rig.runs(app.id, 'worker', 1);
    rig.runs(app.id, 'web', 10);
    rig.runs(app.id, 'web', 2, 1);
    rig.runs(app.id, 'web', 2, 2);
    rig.runs(other.id, 'web', 1);
    const listed = await rig.instances.list(rig.ann, 'hello', patient);
    expect(listed.map(({ id }) => id)).toEqual(['web.2-2', 'web.2-1', 'web.10-1', 'worker.1-1']);
  });

  it('are nobody else’s to see or to restart', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    await rig.live(app);
    await expect(rig.instances.list(rig.bob, 'hello', patient)).rejects.toMatchObject({ id: 'not_found' });
    await expect(rig.instances.restart(rig.bob, 'hello', {}, patient)).rejects.toMatchObject({
      id: 'not_found',
    });
    expect(await rig.releases.undecided(app.id, patient)).toEqual([]);
  });
});

describe('a restart', () => {
  it.each([{}, { type: 'web' }, { type: 'web', number: 2 }])(
    'of %j is a deployment of the current release again, and no new release',
    async (which) => {
      const rig = createRig();
      const app = await rig.createApp();
      const { release } = await rig.live(app);
      rig.runs(app.id, 'web', 2);
      const deployment = await rig.instances.restart(rig.ann, 'hello', which, patient);
      expect(deployment).toMatchObject({ releaseId: release.id, seq: 2, status: 'pending' });
      expect(await rig.releases.list(app.id, patient)).toHaveLength(2);
      expect(rig.woken).toEqual([app.id]);
    },
  );

  it.each([
    [{ type: 'worker' }, 'worker'],
    [{ type: 'web', number: 3 }, 'web.3'],
  ])('of %j, which does not run, restarts nothing', async (which, name) => {
    const rig = createRig();
    const app = await rig.createApp();
    await rig.live(app);
    rig.runs(app.id, 'web', 2);
    rig.runs((await rig.createApp('other')).id, 'web', 3);
    await expect(rig.instances.restart(rig.ann, 'hello', which, patient)).rejects.toThrow(
      `No ${name} runs: the processes of hello are web.2.`,
    );
    expect(await rig.releases.undecided(app.id, patient)).toEqual([]);
    expect(rig.woken).toEqual([]);
  });

  it('of a process of an app that runs none says so', async () => {
    const rig = createRig();
    await rig.live(await rig.createApp());
    await expect(rig.instances.restart(rig.ann, 'hello', { type: 'web' }, patient)).rejects.toThrow(
      'No web runs: hello has no processes now; see gantry ps.',
    );
  });

  it('of an app to which nothing was deployed has nothing to answer', async () => {
    const rig = createRig();
    await rig.createApp();
    expect(await rig.instances.restart(rig.ann, 'hello', {}, patient)).toBeUndefined();
  });

  it('during a deploy is refused, naming the release that is on its way', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    await rig.live(app);
    await rig.release(app, imageOf());
    await expect(rig.instances.restart(rig.ann, 'hello', {}, patient)).rejects.toThrow(
      'v3 of hello is still being deployed; wait for it to finish and retry.',
    );
  });
});
