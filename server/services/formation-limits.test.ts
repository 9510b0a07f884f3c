import { expect, it } from 'vitest';
import { createControllerRig } from '../../test/support/controller-rig.ts';
import { EVERYTHING, type Actor } from '../domain/actor.ts';
import { createFormations } from './formations.ts';

const patient = new AbortController().signal;

async function createRig(types: readonly string[]) {
  const rig = createControllerRig();
  const app = await rig.createApp('hello');
  const store = async (counts: Record<string, number>): Promise<void> => {
    await rig.apps.setFormation(await rig.living(app.id), new Map(Object.entries(counts)), patient);
  };
  await rig.release(app.id, rig.image({}, types));
  const formations = createFormations({ ...rig, controller: { wake: () => undefined } });
  const owner: Actor = { userId: app.owner.id, email: app.owner.email, admin: false, scopes: EVERYTHING };
  return {
    store,
    scale: (counts: Record<string, number>) =>
      formations.scale(
        owner,
        'hello',
        new Map(Object.entries(counts).map(([type, set]) => [type, { set }])),
        patient,
      ),
    list: () => formations.list(owner, 'hello', patient),
  };
}

it('gives an app as many instances as fit twice in its network, of all types together', async () => {
  const { scale, list } = await createRig(['web', 'worker']);
  await scale({ web: 20, worker: 8 });
  await expect(scale({ web: 21 })).rejects.toThrow(
    /^hello would have 29 instances; at most 28 of all process types/,
  );
  await expect(scale({ worker: 62, web: 0 })).rejects.toMatchObject({ id: 'too_many_instances' });
  expect((await list()).map(({ quantity }) => quantity)).toEqual([20, 8]);
  await scale({ web: 28, worker: 0 });
});

it('lets an app that has more, from before there was a limit, be scaled down in steps', async () => {
  const { scale, store, list } = await createRig(['web', 'worker']);
  await store({ web: 40, worker: 5 });
  await expect(scale({ worker: 6 })).rejects.toMatchObject({ id: 'too_many_instances' });
  await scale({ worker: 0 });
  await scale({ web: 35 });
  expect((await list()).map(({ quantity }) => quantity)).toEqual([35, 0]);
});

it('lists the release command with none, and does not scale it, and says why', async () => {
  const { scale, list } = await createRig(['release', 'web']);
  expect((await list()).map(({ type, quantity }) => `${type}=${quantity}`)).toEqual(['release=0', 'web=1']);
  await expect(scale({ release: 1 })).rejects.toThrow(/^The release command of hello cannot be scaled/);
  await expect(scale({ clock: 1 })).rejects.toThrow('There is no process type clock; this app has web.');
});
