import { expect, it } from 'vitest';
import { commit, createDeployRig, patient } from '../../test/support/services-rig.ts';
import { createBuilds } from './builds.ts';

function createRig() {
  const rig = createDeployRig();
  return { ...rig, service: createBuilds({ apps: rig.apps, store: rig.builds }) };
}

it('lists an app’s builds newest first, and finds each', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  const older = await rig.submit(app);
  const newer = await rig.submit(app, { commit: commit('b') });
  const listed = await rig.service.list(rig.ann, 'hello', patient);
  expect(listed.map(({ id, status }) => [id, status])).toEqual([
    [newer.id, 'queued'],
    [older.id, 'superseded'],
  ]);
  expect(await rig.service.find(rig.ann, 'hello', older.id, patient)).toEqual(listed[1]);
});

it('finds no build under another app, not even for who may see both', async () => {
  const rig = createRig();
  const build = await rig.submit(await rig.createApp());
  await rig.createApp('other');
  await expect(rig.service.find(rig.admin, 'other', build.id, patient)).rejects.toMatchObject({
    id: 'not_found',
    params: { resource: 'build', name: build.id },
  });
  await expect(rig.service.find(rig.ann, 'other', 'x'.repeat(500), patient)).rejects.toMatchObject({
    params: { resource: 'build', name: 'x'.repeat(100) },
  });
});

it('answers a stranger as if there were no such app', async () => {
  const rig = createRig();
  const build = await rig.submit(await rig.createApp());
  for (const asked of [
    rig.service.list(rig.bob, 'hello', patient),
    rig.service.find(rig.bob, 'hello', build.id, patient),
  ])
    await expect(asked).rejects.toMatchObject({
      id: 'not_found',
      params: { resource: 'app', name: 'hello' },
    });
});
