import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pipeline, pipelineCoupling } from '../../server/contract/pipeline-resources.ts';
import { openTestDoor, type CallOptions, type TestDoor } from '../support/fake-door.ts';
import { putCollaborator } from '../support/memory-membership.ts';
import { patient } from '../support/stores.ts';
import type { Actor } from '../../server/domain/actor.ts';

let door: TestDoor;
let ann: { readonly actor: Actor; readonly token: string };
let bob: typeof ann;
beforeEach(async () => {
  door = await openTestDoor();
  ann = door.world.addUser('ann@example.com');
  bob = door.world.addUser('bob@example.com');
});
afterEach(() => door[Symbol.asyncDispose]());

const as = (who: typeof ann, body?: unknown): CallOptions => ({
  token: who.token,
  ...(body !== undefined && { body }),
});

async function makePipeline(who: typeof ann, name = 'shop'): Promise<string> {
  const answer = await door.call('POST', '/pipelines', as(who, { name }));
  expect(answer.status, answer.text).toBe(201);
  return pipeline.parse(answer.body).id;
}
async function putApp(who: typeof ann, app: string, stage: string, into = 'shop'): Promise<string> {
  const answer = await door.call('POST', '/pipeline-couplings', as(who, { app, pipeline: into, stage }));
  expect(answer.status, answer.text).toBe(201);
  return pipelineCoupling.parse(answer.body).id;
}
const ids = (body: unknown): unknown => (body as { readonly id: string }[]).map(({ id }) => id);

describe('a pipeline', () => {
  it.each(['?eq[name][]=a', '?eq=1', '?bogus=1', '?eq[name]=p1&eq[id]=2', '?eq[name]=a&eq[name]=b'])(
    'are not all of them for a question nobody knows: %s [S-INJ-09]',
    async (query) => {
      expect(await door.call('GET', `/pipelines${query}`, as(ann))).toMatchObject({
        ...{ status: 422, body: { id: 'invalid_params' } },
      });
    },
  );

  it('is made as the heroku CLI makes one, found by name and id, renamed and destroyed', async () => {
    const body = { generation: { name: 'cedar' }, name: 'p1', owner: { id: ann.actor.userId, type: 'user' } };
    const made = await door.call('POST', '/pipelines', as(ann, body));
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'p1', owner: { id: ann.actor.userId, type: 'user' }, generation: { name: 'cedar' } },
    });
    const { id } = pipeline.parse(made.body);
    expect(await door.call('GET', '/pipelines?eq[name]=p1', as(ann))).toMatchObject({
      status: 200,
      body: [{ id }],
    });
    expect(await door.call('GET', '/pipelines?eq%5Bname%5D=other', as(ann))).toMatchObject({ body: [] });
    for (const name of ['p1', id])
      expect(await door.call('GET', `/pipelines/${name}`, as(ann))).toMatchObject({ body: { id } });
    expect(await door.call('PATCH', `/pipelines/${id}`, as(ann, { name: 'np' }))).toMatchObject({
      ...{ status: 200, body: { name: 'np' } },
    });
    expect(await door.call('DELETE', `/pipelines/${id}`, as(ann, { name: 'np' }))).toMatchObject({
      ...{ status: 200, body: { id } },
    });
    expect(await door.call('GET', '/pipelines', as(ann))).toMatchObject({ status: 200, body: [] });
  });

  it.each(['', 'A', 'x', 'with space', '-dash', 'a'.repeat(31), 'a/b'])('is not called %j', async (name) => {
    expect(await door.call('POST', '/pipelines', as(ann, { name }))).toMatchObject({
      ...{ status: 422, body: { id: 'invalid_params' } },
    });
  });

  it('has a name of its own, which says nothing of whose the other is', async () => {
    await makePipeline(ann);
    expect(await door.call('POST', '/pipelines', as(bob, { name: 'shop' }))).toMatchObject({
      ...{ status: 422, body: { id: 'name_taken' } },
    });
    expect(await door.call('GET', '/pipelines/shop', as(bob))).toMatchObject({
      ...{ status: 404, body: { id: 'not_found', resource: 'pipeline' } },
    });
    expect(await door.call('GET', '/pipelines', as(bob))).toMatchObject({ body: [] });
  });

  it('is not made for somebody else, nor for a team one is not in', async () => {
    const wish = (owner: object) => door.call('POST', '/pipelines', as(ann, { name: 'shop', owner }));
    expect(await wish({ id: bob.actor.userId, type: 'user' })).toMatchObject({ status: 422 });
    await door.world.stores.teams.create({ id: randomUUID(), name: 'acme' }, bob.actor.userId, patient);
    expect(await wish({ id: 'acme', type: 'team' })).toMatchObject({
      status: 404,
      body: { resource: 'team' },
    });
    expect(door.world.memory.pipelines.size).toBe(0);
  });

  it('is given to a person, who may change it then, and whoever gave it may not', async () => {
    await makePipeline(ann);
    const body = { pipeline: { id: 'shop' }, new_owner: { id: bob.actor.userId, type: 'user' } };
    expect(await door.call('POST', '/pipeline-transfers', as(bob, body))).toMatchObject({ status: 404 });
    expect(await door.call('POST', '/pipeline-transfers', as(ann, body))).toMatchObject({
      ...{ status: 201, body: { status: 'completed', new_owner: { id: bob.actor.userId } } },
    });
    expect(await door.call('GET', '/pipelines/shop', as(ann))).toMatchObject({ status: 404 });
    expect(await door.call('PATCH', '/pipelines/shop', as(bob, { name: 'store' }))).toMatchObject({
      status: 200,
    });
    const unknown = { pipeline: { id: 'store' }, new_owner: { id: 'who@example.com', type: 'user' } };
    expect(await door.call('POST', '/pipeline-transfers', as(bob, unknown))).toMatchObject({
      ...{ status: 422, body: { id: 'user_unknown' } },
    });
  });

  it('of a team is for its members to change and for its viewers to see', async () => {
    const team = { id: randomUUID(), name: 'acme' };
    await door.world.stores.teams.create(team, ann.actor.userId, patient);
    await makePipeline(ann);
    const body = { pipeline: { id: 'shop' }, new_owner: { id: 'acme', type: 'team' } };
    await door.call('POST', '/pipeline-transfers', as(ann, body));
    const rename = () => door.call('PATCH', '/pipelines/shop', as(bob, { name: 'shop' }));
    await door.world.stores.teams.putMember(team.id, bob.actor.userId, 'viewer', patient);
    expect(await rename()).toMatchObject({ status: 403, body: { id: 'forbidden_pipeline' } });
    await door.world.stores.teams.putMember(team.id, bob.actor.userId, 'member', patient);
    expect(await rename()).toMatchObject({ status: 200, body: { owner: { id: team.id, type: 'team' } } });
    // As with an app of a team: neither taken away from it nor destroyed by a plain member.
    const take = { pipeline: { id: 'shop' }, new_owner: { id: bob.actor.userId, type: 'user' } };
    for (const refused of [
      await door.call('POST', '/pipeline-transfers', as(bob, take)),
      await door.call('DELETE', '/pipelines/shop', as(bob)),
    ])
      expect(refused).toMatchObject({
        status: 403,
        body: { id: 'forbidden_pipeline', message: expect.stringContaining('administrator') as unknown },
      });
    expect(await door.call('GET', '/pipelines/shop', as(ann))).toMatchObject({
      body: { owner: { id: team.id, type: 'team' } },
    });
    await door.world.stores.teams.putMember(team.id, bob.actor.userId, 'collaborator', patient);
    expect(await rename()).toMatchObject({ status: 404 });
  });
});

describe('the apps of a pipeline', () => {
  it('are put in, moved and taken out', async () => {
    const { app } = door.world.deployed('shop-staging', ann.actor);
    const id = await makePipeline(ann);
    const coupling = await putApp(ann, 'shop-staging', 'staging');
    expect(await door.call('GET', '/apps/shop-staging/pipeline-couplings', as(ann))).toMatchObject({
      ...{
        status: 200,
        body: { id: coupling, app: { id: app.id }, pipeline: { id, name: 'shop' }, stage: 'staging' },
      },
    });
    expect(
      await door.call('PATCH', `/pipeline-couplings/${coupling}`, as(ann, { stage: 'development' })),
    ).toMatchObject({ status: 200, body: { stage: 'development' } });
    expect(await door.call('GET', `/pipelines/${id}/pipeline-couplings`, as(ann))).toMatchObject({
      ...{ status: 200, body: [{ id: coupling, stage: 'development' }] },
    });
    expect(await door.call('DELETE', `/pipeline-couplings/${coupling}`, as(ann))).toMatchObject({
      status: 200,
    });
    expect(await door.call('GET', '/apps/shop-staging/pipeline-couplings', as(ann))).toMatchObject({
      ...{ status: 404, body: { id: 'not_found', resource: 'pipeline_coupling' } },
    });
  });

  it('show only those that the caller may see, and the pipeline to whoever sees one', async () => {
    const [one] = [door.world.deployed('one', ann.actor), door.world.deployed('two', ann.actor)];
    await makePipeline(ann);
    const [first, second] = [await putApp(ann, 'one', 'staging'), await putApp(ann, 'two', 'production')];
    expect(await door.call('GET', '/pipelines/shop', as(bob))).toMatchObject({ status: 404 });
    putCollaborator(door.world.memory, one.app.id, bob.actor.userId, 'view');
    expect(await door.call('GET', '/pipelines/shop', as(bob))).toMatchObject({ status: 200 });
    for (const path of [
      '/pipelines/shop/pipeline-couplings',
      '/pipeline-couplings',
      '/users/~/pipeline-couplings',
    ])
      expect(ids((await door.call('GET', path, as(bob))).body), path).toEqual([first]);
    expect(await door.call('GET', `/pipeline-couplings/${second}`, as(bob))).toMatchObject({ status: 404 });
    expect(await door.call('PATCH', '/pipelines/shop', as(bob, { name: 'mine' }))).toMatchObject({
      status: 403,
    });
    expect(await door.call('DELETE', `/pipeline-couplings/${first}`, as(bob))).toMatchObject({ status: 403 });
  });

  it('are not put where one may not, nor in two pipelines, nor where there is none', async () => {
    const { app } = door.world.deployed('one', ann.actor);
    await makePipeline(ann);
    await makePipeline(bob, 'theirs');
    const put = (who: typeof ann, into: string, stage = 'staging') =>
      door.call('POST', '/pipeline-couplings', as(who, { app: 'one', pipeline: into, stage }));
    expect(await put(ann, 'theirs')).toMatchObject({ status: 404, body: { resource: 'pipeline' } });
    expect(await put(bob, 'theirs')).toMatchObject({ status: 404, body: { resource: 'app' } });
    putCollaborator(door.world.memory, app.id, bob.actor.userId, 'deploy');
    expect(await put(bob, 'theirs')).toMatchObject({ status: 403 });
    expect(await put(ann, 'shop', 'moon')).toMatchObject({ status: 422, body: { id: 'invalid_params' } });
    await putApp(ann, 'one', 'staging');
    expect(await put(ann, 'shop')).toMatchObject({ status: 422, body: { id: 'app_coupled' } });
  });

  it('are told by their ids, of those the caller may see, in pages', async () => {
    const mine = ['one', 'two', 'three'].map((name) => door.world.deployed(name, ann.actor).app.id).sort();
    const { app: theirs } = door.world.deployed('theirs', bob.actor);
    const body = { in: { id: [...mine, theirs.id, 'nonsense'] } };
    const headers = { range: 'id ..; max=1000;', accept: 'application/vnd.heroku+json; version=3.filters' };
    const all = await door.call('POST', '/filters/apps', { ...as(ann, body), headers });
    expect(all.status).toBe(200);
    expect(ids(all.body)).toEqual(mine);
    const page = await door.call('POST', '/filters/apps', {
      ...as(ann, body),
      headers: { range: 'id ..; max=2' },
    });
    expect(page.status).toBe(206);
    expect(ids(page.body)).toEqual(mine.slice(0, 2));
  });

  it('are listed for a team, and only those of the team', async () => {
    const team = { id: randomUUID(), name: 'acme' };
    await door.world.stores.teams.create(team, ann.actor.userId, patient);
    const [own, theirs] = [
      door.world.deployed('own', ann.actor).app,
      door.world.deployed('ours', ann.actor).app,
    ];
    await door.world.stores.apps.give(theirs, { userId: ann.actor.userId, teamId: team.id }, patient);
    await makePipeline(ann);
    await putApp(ann, own.name, 'staging');
    const coupling = await putApp(ann, theirs.name, 'production');
    expect(ids((await door.call('GET', '/teams/acme/pipeline-couplings', as(ann))).body)).toEqual([coupling]);
  });
});
