import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { pipelinePromotion, type PromotionTargetResource } from '../../server/contract/pipeline-resources.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import { putCollaborator } from '../support/memory-membership.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';
import { patient } from '../support/stores.ts';

/** A regular expression alone matches anything inside `toMatchObject`. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let cli: TestCli;
let leave: AbortController;
beforeEach(async () => {
  cli = await openTestCli();
  leave = new AbortController();
  cli.door.world.deployed('shop-staging');
  for (const name of ['shop', 'shop-eu']) cli.door.world.deployed(name);
  await ok('pipelines:create', 'shop', '-a', 'shop-staging');
  for (const name of ['shop', 'shop-eu']) await ok('pipelines:add', 'shop', '-a', name, '-s', 'production');
});
afterEach(async () => {
  leave.abort(new Error('the test is over'));
  await cli[Symbol.asyncDispose]();
});

async function ok(...args: string[]): Promise<string> {
  const done = await cli.gantry(args);
  expect(done, done.err).toEqual(expect.objectContaining({ code: 0 }));
  return done.out;
}

/** As the server does it, until the command is over. */
async function worked<T>(command: Promise<T>): Promise<T> {
  let over = false;
  const all = command.finally(() => (over = true));
  const isOver = (): boolean => over;
  while (!isOver()) {
    await cli.door.world.services.promoting.takeUp(leave.signal);
    await pause(5, patient);
  }
  return all;
}
const promote = (...args: string[]) =>
  worked(cli.gantry(['pipelines:promote', '-a', 'shop-staging', ...args]));
const appId = (name: string): string => cli.door.world.apps.get(name)?.app.id ?? '';
const releases = async (name: string) => {
  const { services, admin } = cli.door.world;
  return services.releases.list(admin, name, patient);
};

describe('promoting', () => {
  it("releases the source's image on every app of the next stage, with the config of each", async () => {
    await ok('config:set', 'WHERE=eu', '-a', 'shop-eu');
    const done = await promote();
    expect(done, done.err).toMatchObject({
      ...{ code: 0, out: matching(/shop +succeeded\nshop-eu +succeeded/) },
    });
    const [source] = await releases('shop-staging');
    const [made] = await releases('shop-eu');
    expect(made).toMatchObject({
      description: 'Promote shop-staging v2 1a2b3c4',
      ...{ status: 'succeeded', current: true, commit: source?.commit, version: 4 },
      image: { ...source?.image, repository: `apps/${appId('shop-eu')}` },
    });
    expect(JSON.parse(await ok('config', '-a', 'shop-eu', '--json'))).toEqual({
      LANG: 'C.UTF-8',
      WHERE: 'eu',
    });
    expect(cli.door.world.builder.copies).toHaveLength(2);
  });

  it('goes to the apps that are named, whatever their stage', async () => {
    expect(await promote('--to', 'shop-eu,')).toEqual(expect.objectContaining({ code: 0 }));
    expect(await releases('shop')).toHaveLength(2);
    expect((await releases('shop-eu'))[0]).toMatchObject({ version: 3 });
  });

  it('tells which app failed and why, and ends with a failure', async () => {
    cli.door.world.outcome = 'failed';
    expect(await promote('--to', 'shop-eu')).toMatchObject({
      code: 1,
      out: matching(/shop-eu +failed +web.1 exited with status 1/),
      err: matching(/The promotion to shop-eu failed; nothing was changed there/),
    });
    expect((await releases('shop-eu')).find((one) => one.current)).toMatchObject({ version: 2 });
  });

  it('fails when one of its apps is destroyed meanwhile', async () => {
    cli.door.world.outcome = 'never';
    const running = promote('--to', 'shop-eu');
    await vi.waitFor(() => expect(cli.door.world.memory.promotions.size).toBe(1), { timeout: 5_000 });
    await ok('apps:destroy', 'shop-eu', '--confirm', 'shop-eu');
    expect(await running).toMatchObject({
      ...{ code: 1, out: matching(/shop-eu +failed +.*was destroyed/) },
      err: matching(/The promotion to shop-eu failed/),
    });
  });

  it('fails where it cannot be told what became of an app that was asked for', async () => {
    const { world, url } = cli.door;
    const eve = world.addUser('eve@example.com');
    for (const name of ['shop-staging', 'shop', 'shop-eu'])
      putCollaborator(world.memory, appId(name), eve.actor.userId, 'deploy');
    world.outcome = 'never';
    const env = { GANTRY_API_URL: url, GANTRY_API_KEY: eve.token };
    const running = worked(
      cli.gantry(['pipelines:promote', '-a', 'shop-staging', '--to', 'shop-eu'], { env }),
    );
    await vi.waitFor(() => expect(world.memory.promotions.size).toBe(1), { timeout: 5_000 });
    await ok('access:remove', 'eve@example.com', '-a', 'shop-eu');
    expect(await running).toMatchObject({
      ...{ code: 1, out: matching(/shop-eu +failed +/) },
      err: matching(/What became of shop-eu cannot be told/),
    });
  });

  it('keeps its pipeline from being destroyed until it is decided', async () => {
    const { world } = cli.door;
    world.outcome = 'never';
    const running = promote('--to', 'shop-eu');
    await vi.waitFor(() => expect(world.memory.promotions.size).toBe(1), { timeout: 5_000 });
    const destroy = () => cli.gantry(['pipelines:destroy', 'shop', '--confirm', 'shop']);
    expect(await destroy()).toMatchObject({
      ...{ code: 1, err: matching(/A promotion in pipeline shop is under way.*wait until it is decided/) },
    });
    const [pipeline] = [...world.memory.pipelines.keys()];
    expect(await cli.door.call('DELETE', `/pipelines/${pipeline ?? ''}`)).toMatchObject({
      ...{ status: 409, body: { id: 'pipeline_promoting' } },
    });
    await ok('apps:destroy', 'shop-eu', '--confirm', 'shop-eu'); // which decides it
    expect(await running).toMatchObject({ code: 1, out: matching(/shop-eu +failed/) });
    expect(await destroy()).toMatchObject({ code: 0 });
  });

  it('says where to look when its pipeline was destroyed before it could tell how it ended', async () => {
    const { world } = cli.door;
    world.outcome = 'never';
    const running = promote('--to', 'shop-eu');
    await vi.waitFor(() => expect(world.memory.promotions.size).toBe(1), { timeout: 5_000 });
    world.memory.pipelines.clear();
    expect(await running).toMatchObject({
      ...{ code: 1, err: matching(/Pipeline shop was destroyed before.*gantry releases -a shop-eu/) },
    });
  });

  it('fails when the image is not in the registry any more', async () => {
    cli.door.world.builder.mishaps.push(false);
    expect(await promote('--to', 'shop-eu')).toMatchObject({
      code: 1,
      out: matching(/not in the registry any more/),
    });
    expect(await releases('shop-eu')).toHaveLength(2);
  });

  it('waits for a builder that is being started again', async () => {
    cli.door.world.builder.mishaps.push(PlatformError.of('builder_away', {}));
    expect(await promote('--to', 'shop-eu')).toEqual(expect.objectContaining({ code: 0 }));
  });

  it.each([
    [['--to', 'demo'], /demo is not in shop/],
    [['--to', 'shop-staging'], /cannot be promoted to itself/],
  ])('does not go to %s', async (args, reason) => {
    expect(await promote(...args)).toMatchObject({ code: 1, err: matching(reason) });
  });

  it('is refused where there is nothing to promote, and from the last stage', async () => {
    await ok('apps:create', 'empty', '--no-remote');
    await ok('pipelines:add', 'shop', '-a', 'empty', '-s', 'development');
    expect(await cli.gantry(['pipelines:promote', '-a', 'empty'])).toMatchObject({
      ...{ code: 1, err: matching(/nothing to promote/) },
    });
    expect(await cli.gantry(['pipelines:promote', '-a', 'shop'])).toMatchObject({
      ...{ code: 1, err: matching(/nothing is promoted by itself/) },
    });
  });
});

describe('a promotion that was begun', () => {
  async function begin(targets = ['shop-eu']): Promise<string> {
    const body = {
      pipeline: { id: 'shop' },
      source: { app: { id: 'shop-staging' } },
      targets: targets.map((id) => ({ app: { id } })),
    };
    const answer = await cli.door.call('POST', '/pipeline-promotions', { body });
    expect(answer.status, answer.text).toBe(201);
    return pipelinePromotion.parse(answer.body).id;
  }
  const targets = (id: string) => cli.door.call('GET', `/pipeline-promotions/${id}/promotion-targets`);
  const takeUp = () => cli.door.world.services.promoting.takeUp(leave.signal);

  it('is pending, then completed, and shows the release as soon as there is one', async () => {
    cli.door.world.outcome = 'never';
    const id = await begin();
    expect(await cli.door.call('GET', `/pipeline-promotions/${id}`)).toMatchObject({
      ...{ status: 200, body: { status: 'pending', source: { app: { id: appId('shop-staging') } } } },
    });
    expect(await targets(id)).toMatchObject({
      body: [{ app: { id: appId('shop-eu') }, status: 'pending', release: null, error_message: null }],
    });
    await takeUp();
    await expect
      .poll(async () => (await targets(id)).body)
      .toMatchObject([{ status: 'pending', release: {} }]);
    const shop = cli.door.world.apps.get('shop-eu');
    const [deployment] = shop?.deployments ?? [];
    if (shop && deployment) cli.door.world.decide(shop, deployment, 'succeeded', null);
    await expect.poll(async () => (await targets(id)).body).toMatchObject([{ status: 'succeeded' }]);
    expect(await cli.door.call('GET', `/pipeline-promotions/${id}`)).toMatchObject({
      body: { status: 'completed' },
    });
  });

  it('goes on from what is written down when somebody else takes it up, and releases once', async () => {
    cli.door.world.outcome = 'never';
    const id = await begin();
    await takeUp();
    await expect.poll(async () => (await targets(id)).body).toMatchObject([{ release: {} }]);
    // The process dies here: what it was waiting for is nobody's any more.
    leave.abort(new Error('killed'));
    leave = new AbortController();
    const shop = cli.door.world.apps.get('shop-eu');
    const [deployment] = shop?.deployments ?? [];
    if (shop && deployment) cli.door.world.decide(shop, deployment, 'succeeded', null);
    await expect
      .poll(async () => {
        await takeUp();
        return (await targets(id)).body;
      })
      .toMatchObject([{ status: 'succeeded' }]);
    expect(await releases('shop-eu')).toHaveLength(3);
    expect(cli.door.world.builder.copies).toHaveLength(1);
  });

  it('waits for what is being deployed there, and takes its turn', async () => {
    cli.door.world.outcome = 'never';
    await ok('config:set', 'A=1', '-a', 'shop-eu', '--no-wait');
    const id = await begin();
    await takeUp();
    await pause(50, patient);
    expect(await targets(id)).toMatchObject({ body: [{ status: 'pending', release: null }] });
    const shop = cli.door.world.apps.get('shop-eu');
    const [deployment] = shop?.deployments ?? [];
    cli.door.world.outcome = 'succeeded';
    if (shop && deployment) cli.door.world.decide(shop, deployment, 'succeeded', null);
    await expect
      .poll(async () => (await targets(id)).body, { timeout: 5_000 })
      .toMatchObject([{ status: 'succeeded' }]);
  });

  it('fails on an app that is destroyed, and on no other', async () => {
    const id = await begin(['shop', 'shop-eu']);
    await ok('apps:destroy', 'shop', '--confirm', 'shop');
    await takeUp();
    const byStatus = async () =>
      ((await targets(id)).body as PromotionTargetResource[]).sort((a, b) => (a.status < b.status ? -1 : 1));
    // Whoever named it sees what became of it, though the app is not there any more.
    await expect.poll(byStatus).toMatchObject([
      { status: 'failed', error_message: 'The app was destroyed' },
      { status: 'succeeded', app: { id: appId('shop-eu') } },
    ]);
  });

  it.each([
    ['another pipeline', { pipeline: { id: 'other' } }, 422],
    ['the source itself', { targets: [{ app: { id: 'shop-staging' } }] }, 422],
    ['an app outside', { targets: [{ app: { id: 'demo' } }] }, 422],
    ['an app twice', { targets: [{ app: { id: 'shop' } }, { app: { id: 'shop' } }] }, 422],
    ['nothing', { targets: [] }, 422],
    ['an app that is not there', { targets: [{ app: { id: 'nope' } }] }, 404],
    [
      'a release that is not there',
      { source: { app: { id: 'shop-staging' }, release: { id: randomUUID() } } },
      404,
    ],
  ])('does not begin with %s', async (_, change, status) => {
    const body = {
      ...{ pipeline: { id: 'shop' }, source: { app: { id: 'shop-staging' } } },
      ...{ targets: [{ app: { id: 'shop' } }], ...change },
    };
    expect(await cli.door.call('POST', '/pipeline-promotions', { body })).toMatchObject({ status });
    expect(cli.door.world.memory.promotions.size).toBe(0);
  });

  it('is nothing to those who may not deploy all of it, or see none of it', async () => {
    const eve = cli.door.world.addUser('eve@example.com');
    const id = await begin();
    const as = { token: eve.token };
    expect(await cli.door.call('GET', `/pipeline-promotions/${id}`, as)).toMatchObject({
      ...{ status: 404, body: { resource: 'pipeline_promotion' } },
    });
    const own = cli.door.world.deployed('own', eve.actor);
    const body = {
      ...{ pipeline: { id: 'shop' }, source: { app: { id: 'shop-staging' } } },
      targets: [{ app: { id: own.app.id } }],
    };
    expect(await cli.door.call('POST', '/pipeline-promotions', { ...as, body })).toMatchObject({
      ...{ status: 404, body: { resource: 'app' } },
    });
  });
});
