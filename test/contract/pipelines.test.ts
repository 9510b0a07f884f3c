import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Pipeline } from '../../server/domain/pipeline.ts';
import { addApp, again, onEveryStore, patient, type Stores } from '../support/stores.ts';

async function addPipeline(stores: Stores, userId: string, name: string, teamId: string | null = null) {
  return stores.pipelines.create({ id: randomUUID(), name, userId, teamId }, patient);
}

async function put(stores: Stores, pipeline: Pipeline, appId: string) {
  const order = { id: randomUUID(), pipelineId: pipeline.id, appId, stage: 'staging' } as const;
  return stores.pipelines.couple(order, patient);
}

onEveryStore((open) => {
  it('finds a pipeline by name and by id, and tells what somebody is to it', async () => {
    await using stores = await open();
    const [ann, bob, eve] = [await stores.addUser(), await stores.addUser(), await stores.addUser()];
    const made = await addPipeline(stores, ann.userId, 'shop-pipe');
    expect(made).toMatchObject({ name: 'shop-pipe', owner: { id: ann.userId, type: 'user' } });
    const app = await addApp(stores, bob);
    await put(stores, made, app.id);
    for (const name of ['shop-pipe', made.id])
      expect(await stores.pipelines.find(ann.userId, name, patient)).toMatchObject({
        ...{ id: made.id, standing: { owner: true, team: null, app: false } },
      });
    expect(await stores.pipelines.find(bob.userId, made.id, patient)).toMatchObject({
      standing: { owner: false, team: null, app: true },
    });
    expect(await stores.pipelines.find(eve.userId, made.id, patient)).toMatchObject({
      standing: { owner: false, team: null, app: false },
    });
    for (const name of [randomUUID(), 'other', ''])
      expect(await stores.pipelines.find(ann.userId, name, patient)).toBeUndefined();
  });

  it('lists by name what somebody owns, has in a team, or sees an app of, and no other', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const team = await stores.teams.create({ id: randomUUID(), name: 'acme' }, ann.userId, patient);
    await stores.teams.putMember(team.id, bob.userId, 'viewer', patient);
    await addPipeline(stores, ann.userId, 'zeta');
    await addPipeline(stores, ann.userId, 'team-pipe', team.id);
    const seen = await addPipeline(stores, ann.userId, 'alpha');
    await put(stores, seen, (await addApp(stores, bob)).id);
    const names = async (userId: string, which: 'own' | 'all') =>
      (await stores.pipelines.list(userId, which, patient)).map(({ name }) => name);
    expect(await names(ann.userId, 'own')).toEqual(['alpha', 'team-pipe', 'zeta']);
    expect(await names(bob.userId, 'own')).toEqual(['alpha', 'team-pipe']);
    expect(await names(randomUUID(), 'own')).toEqual([]);
    expect(await names(bob.userId, 'all')).toEqual(['alpha', 'team-pipe', 'zeta']);
  });

  it('gives a name once on the whole platform', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    await addPipeline(stores, ann.userId, 'taken');
    const other = await addPipeline(stores, bob.userId, 'other');
    await expect(addPipeline(stores, bob.userId, 'taken')).rejects.toMatchObject({ id: 'name_taken' });
    await expect(stores.pipelines.rename(other.id, 'taken', patient)).rejects.toMatchObject({
      id: 'name_taken',
    });
    expect(await stores.pipelines.rename(other.id, 'fresh', patient)).toMatchObject({ name: 'fresh' });
    expect(await stores.pipelines.rename(other.id, 'fresh', patient)).toMatchObject({ name: 'fresh' });
    expect(await stores.pipelines.rename(randomUUID(), 'nobody', patient)).toBeUndefined();
  });

  it('gives a pipeline to a team and on to a person, and back to them when the team is gone', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const team = await stores.teams.create({ id: randomUUID(), name: 'acme' }, ann.userId, patient);
    const made = await addPipeline(stores, ann.userId, 'pipe');
    const give = (userId: string, teamId: string | null) =>
      stores.pipelines.give(made.id, { userId, teamId }, patient);
    expect(await give(bob.userId, team.id)).toMatchObject({ owner: { id: team.id, type: 'team' } });
    expect(await stores.pipelines.find(ann.userId, 'pipe', patient)).toMatchObject({
      standing: { owner: false, team: 'admin' },
    });
    expect(await stores.teams.remove(team.id, patient)).toBe(true);
    expect(await stores.pipelines.find(bob.userId, 'pipe', patient)).toMatchObject({
      ...{ owner: { id: bob.userId, type: 'user' }, standing: { owner: true, team: null } },
    });
    expect(await give(ann.userId, null)).toMatchObject({ owner: { id: ann.userId, type: 'user' } });
    expect(
      await stores.pipelines.give(randomUUID(), { userId: ann.userId, teamId: null }, patient),
    ).toBeUndefined();
  });

  it('has an app in one pipeline at most, and forgets those that are destroyed', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [one, two] = [
      await addPipeline(stores, ann.userId, 'one'),
      await addPipeline(stores, ann.userId, 'two'),
    ];
    const [a, b] = [await addApp(stores, ann, 'app-a'), await addApp(stores, ann, 'app-b')];
    const place = await put(stores, one, b.id);
    await put(stores, one, a.id);
    expect(place).toMatchObject({
      ...{ app: { id: b.id, name: 'app-b' }, pipeline: { id: one.id, name: 'one' }, stage: 'staging' },
    });
    await expect(put(stores, two, b.id)).rejects.toMatchObject({
      ...{ id: 'app_coupled', params: { app: 'app-b', pipeline: 'one' } },
    });
    expect(await put(stores, two, randomUUID())).toBeUndefined();
    const apps = async (which: Parameters<typeof stores.pipelines.couplings>[0]) =>
      (await stores.pipelines.couplings(which, patient)).map(({ app }) => app.name);
    expect(await apps({})).toEqual(['app-a', 'app-b']);
    expect(await apps({ pipelineId: one.id })).toEqual(['app-a', 'app-b']);
    expect(await apps({ appId: a.id })).toEqual(['app-a']);
    expect(await apps({ id: place?.id ?? '' })).toEqual(['app-b']);
    expect(await apps({ id: 'nonsense' })).toEqual([]);
    await stores.apps.markDeleted(await again(stores, b), patient);
    expect(await apps({})).toEqual(['app-a']);
    expect(await stores.pipelines.setStage(place?.id ?? '', 'production', patient)).toBeUndefined();
  });

  it('moves an app to another stage, takes it out, and takes all out with the pipeline', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const one = await addPipeline(stores, ann.userId, 'one');
    const [a, b] = [await addApp(stores, ann), await addApp(stores, ann)];
    const id = (await put(stores, one, a.id))?.id ?? '';
    stores.time.passed(1_000);
    expect(await stores.pipelines.setStage(id, 'production', patient)).toMatchObject({
      stage: 'production',
    });
    expect(await stores.pipelines.uncouple(id, patient)).toBe(true);
    expect(await stores.pipelines.uncouple(id, patient)).toBe(false);
    expect(await stores.pipelines.setStage(id, 'test', patient)).toBeUndefined();
    await put(stores, one, b.id);
    expect(await stores.pipelines.remove(one.id, patient)).toBe(true);
    expect(await stores.pipelines.remove(one.id, patient)).toBe(false);
    expect(await stores.pipelines.couplings({}, patient)).toEqual([]);
    expect(await put(stores, one, b.id)).toBeUndefined();
  });
});
