import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeTerminal } from '../support/fake-terminal.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

/** A regular expression alone matches anything inside `toMatchObject`. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
  cli.door.world.deployed('shop-staging');
  cli.door.world.deployed('shop');
});
afterEach(() => cli[Symbol.asyncDispose]());

async function ok(...args: string[]): Promise<string> {
  const done = await cli.gantry(args);
  expect(done, done.err).toEqual(expect.objectContaining({ code: 0 }));
  return done.out;
}

describe('pipelines', () => {
  it('are made, shown, changed and destroyed', async () => {
    expect(await cli.gantry(['pipelines'])).toMatchObject({ code: 0, err: matching(/no pipelines/) });
    expect(await cli.gantry(['pipelines:create', '-a', 'shop-staging'])).toMatchObject({
      ...{ code: 0, out: '', err: 'Made pipeline shop with shop-staging in staging.\n' },
    });
    await ok('pipelines:add', 'shop', '-a', 'shop', '-s', 'production');
    expect(await ok('pipelines')).toBe('shop\n');
    expect(await ok('pipelines:info', 'shop', '--with-owners')).toBe(
      [
        'shop (of admin@example.com)',
        'shop-staging  staging     admin@example.com',
        'shop          production  admin@example.com\n',
      ].join('\n'),
    );
    await ok('pipelines:update', '-a', 'shop-staging', '-s', 'development');
    expect(await ok('pipelines:info', 'shop')).toMatch(/shop-staging +development/);
    const terminal = { ...createFakeTerminal(''), columns: 20 };
    expect((await cli.gantry(['pipelines:info', 'shop'], { terminal })).out).toMatch(
      /^=== shop-staging\nStage +development$/m,
    );
    await ok('pipelines:remove', '-a', 'shop-staging');
    await ok('pipelines:rename', 'shop', 'store');
    const shown = JSON.parse(await ok('pipelines:info', 'store', '--json')) as unknown;
    expect(shown).toMatchObject({ pipeline: { name: 'store' }, apps: [{ app: { name: 'shop' } }] });
    expect(await cli.gantry(['pipelines:destroy', 'store'])).toMatchObject({
      ...{ code: 2, err: matching(/--confirm store/) },
    });
    await ok('pipelines:destroy', 'store', '--confirm', 'store');
    expect(await ok('pipelines')).toBe('');
  });

  it('are shown with whose they are, as far as one may know', async () => {
    const { world, url } = cli.door;
    const eve = world.addUser('eve@example.com');
    const shown = async (): Promise<string | undefined> => {
      const env = { GANTRY_API_URL: url, GANTRY_API_KEY: eve.token };
      return (await cli.gantry(['pipelines:info', 'shop'], { env })).out.split('\n')[0];
    };
    await ok('pipelines:create', 'shop', '-a', 'shop', '-s', 'production');
    await ok('access:add', 'eve@example.com', '-a', 'shop');
    expect(await shown()).toBe('shop (of admin@example.com)');
    await ok('pipelines:transfer', 'other@example.com', '-p', 'shop', '-c', 'shop');
    expect(await shown()).toBe('shop (of somebody else)');
    await ok('teams:create', 'acme');
    await ok('pipelines:transfer', 'acme', '-p', 'shop', '-c', 'shop');
    expect(await shown()).toBe('shop (of a team you are not in)');
    expect(await ok('pipelines:info', 'shop')).toMatch(/^shop \(of team acme\)/);
    await ok('pipelines:transfer', 'eve@example.com', '-p', 'shop', '-c', 'shop');
    expect(await shown()).toBe('shop (of eve@example.com)');
  });

  it('are shown with their apps', async () => {
    expect(await ok('apps:info', 'shop')).not.toContain('Pipeline');
    expect(JSON.parse(await ok('apps:info', 'shop', '--json'))).toMatchObject({ coupling: null });
    await ok('pipelines:create', 'shop', '-a', 'shop', '-s', 'production');
    expect(await ok('apps:info', 'shop')).toMatch(/Pipeline +shop \(production\)/);
    expect(await ok('apps:info', 'shop', '-s')).toContain('pipeline=shop:production\n');
  });

  it('are given away once the name is said again', async () => {
    await ok('pipelines:create', 'shop', '-a', 'shop', '-s', 'production');
    const give = ['pipelines:transfer', 'other@example.com', '-p', 'shop'];
    expect(await cli.gantry([...give, '-c', 'shopp'])).toMatchObject({ code: 2 });
    expect(await cli.gantry(['pipelines:transfer', 'other@example.com'])).toMatchObject({ code: 2 });
    expect(await cli.gantry([...give, '-c', 'shop'])).toMatchObject({
      ...{ code: 0, err: 'shop belongs to other@example.com now.\n' },
    });
  });

  it('need a stage that there is', async () => {
    expect(await cli.gantry(['pipelines:create', '-a', 'shop', '-s', 'moon'])).toMatchObject({
      ...{ code: 2, err: matching(/moon is no stage/) },
    });
    expect(await cli.gantry(['pipelines:update', '-a', 'shop'])).toMatchObject({ code: 2 });
  });

  it('tell whether the next stage runs the same', async () => {
    await ok('pipelines:create', '-a', 'shop-staging');
    expect(await cli.gantry(['pipelines:diff', '-a', 'shop-staging'])).toMatchObject({
      ...{ code: 1, err: matching(/no app in production/) },
    });
    await ok('pipelines:add', 'shop', '-a', 'shop');
    expect(await ok('pipelines:diff', '-a', 'shop-staging')).toMatch(
      /shop +production +v2 +1a2b3c4 +up to date/,
    );
    expect(await cli.gantry(['pipelines:diff', '-a', 'shop'])).toMatchObject({
      ...{ code: 1, err: matching(/nothing is promoted/) },
    });
  });

  it('that are not there are named', async () => {
    expect(await cli.gantry(['pipelines:info', 'nope'])).toMatchObject({
      ...{ code: 1, err: matching(/find that pipeline: nope/) },
    });
  });
});
