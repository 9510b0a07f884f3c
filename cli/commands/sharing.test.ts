import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestCli, type TestCli } from '../../test/support/test-cli.ts';

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const OTHER = 'other@example.com';
const ON = ['-a', 'demo'];

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const ok = async (...args: string[]) => {
  const { code, out, err } = await cli.gantry(args);
  expect(`${code} ${err}`).toMatch(/^0/);
  return { out, err };
};
/** As somebody else, to whom nothing belongs. */
const other = (...args: string[]) =>
  cli.gantry(args, { env: { GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: cli.door.world.otherToken } });

describe('access', () => {
  it('is given, changed and taken away, and says what may be done', async () => {
    expect((await ok('access', ...ON)).out).toBe(
      'Who                Role   Permissions\nadmin@example.com  owner\n',
    );
    expect((await ok('access:add', OTHER, ...ON)).err).toBe(`${OTHER} may operate demo now.\n`);
    expect((await ok('access', ...ON)).out).toMatch(
      /^other@example\.com {2}operate {2}view, deploy, operate$/m,
    );
    expect((await other('config:set', 'A=1', '--no-wait', ...ON)).code).toBe(0);
    expect((await ok('access:update', OTHER, '-p', 'view', ...ON)).err).toContain('may view demo now');
    expect(await other('config:set', 'A=2', '--no-wait', ...ON)).toMatchObject({ code: 1 });
    await ok('access:remove', OTHER, ...ON);
    expect(await other('apps:info', ...ON)).toMatchObject({
      code: 1,
      err: matching(/Couldn't find that app/),
    });
  });

  it('takes several permissions at once, and the highest of them counts', async () => {
    await ok('access:add', OTHER, '-p', 'view, deploy', ...ON);
    expect((await ok('access', ...ON)).out).toMatch(/^other@example\.com {2}deploy {2}view, deploy$/m);
  });

  it.each([
    [['access:add', 'nobody@example.com'], 1, /nobody@example\.com/],
    [['access:add', OTHER, '-p', 'fly'], 1, /must be among view, deploy, operate and manage/],
    [['access:update', OTHER], 2, /--permissions view/],
    [['access:remove', 'nobody@example.com'], 1, /Couldn't find that collaborator/],
  ])('%j is told in a sentence', async (args, code, says) => {
    expect(await cli.gantry([...args, ...ON])).toMatchObject({ code, out: '', err: matching(says) });
  });

  it('is given up by leaving', async () => {
    await ok('access:add', OTHER, ...ON);
    expect(await other('apps:leave', ...ON)).toMatchObject({ code: 0, err: 'You have left demo.\n' });
    expect(await other('apps:info', ...ON)).toMatchObject({ code: 1 });
  });
});

describe('teams', () => {
  it('have members in roles, and apps of theirs', async () => {
    expect((await ok('teams')).err).toContain('You are in no team');
    await ok('teams:create', 'acme');
    expect((await ok('members:add', OTHER, '-t', 'acme')).err).toBe(`${OTHER} is member in acme now.\n`);
    await ok('members:set', OTHER, '-t', 'acme', '-r', 'viewer');
    expect((await ok('members', '-t', 'acme')).out).toMatch(
      /^admin@.* admin\nother@example\.com {2}viewer\n$/m,
    );
    expect((await ok('members', '-t', 'acme', '-r', 'admin')).out).not.toContain(OTHER);
    expect((await ok('members', '-t', 'acme', '--pending', '--json')).out).toBe('[]\n');
    await ok('apps:create', 'shop', '-t', 'acme', '--no-remote');
    expect((await ok('teams:info', 'acme')).out).toMatch(
      /Members +admin@\S+ \(admin\), other@.*\nApps +shop\n/,
    );
    expect((await ok('teams')).out).toBe('Team  Your role\nacme  admin\n');
    await ok('members:remove', OTHER, '-t', 'acme');
    expect((await other('teams')).out).toBe('');
  });

  it('are renamed, and removed when the name is said again and they have no apps', async () => {
    await ok('teams:create', 'acme');
    await ok('teams:rename', 'acme', 'globex');
    await ok('apps:transfer', 'globex', ...ON);
    expect(await cli.gantry(['teams:destroy', 'globex'])).toMatchObject({ code: 2 });
    expect(await cli.gantry(['teams:destroy', 'globex', '--confirm', 'globex'])).toMatchObject({ code: 1 });
    await ok('apps:destroy', 'demo', '--confirm', 'demo');
    await ok('teams:destroy', 'globex', '--confirm', 'globex');
    expect((await ok('teams', '--json')).out).toBe('[]\n');
  });

  it.each([
    [['members'], /Which team\?/],
    [['members:add', OTHER, '-t', 'acme', '-r', 'king'], /king is not a role in a team/],
    [['members:set', OTHER, '-t', 'acme'], /--role admin/],
    [['apps:create', 'x', '--locked'], /name the team with --team/],
    [['apps', '--all', '--team', 'acme'], /exclude each other/],
  ])('%j is refused before anything is asked', async (args, says) => {
    expect(await cli.gantry(args)).toMatchObject({ code: 2, out: '', err: matching(says) });
    expect(cli.door.world.writes).toEqual([]);
  });
});

describe('an app of a team', () => {
  beforeEach(async () => {
    await ok('teams:create', 'acme');
    await ok('members:add', OTHER, '-t', 'acme');
    expect((await ok('apps:transfer', 'acme', ...ON)).err).toBe('demo belongs to acme now.\n');
  });

  it('is joined by its members, unless it is locked', async () => {
    expect((await other('apps')).out).toBe('');
    expect((await other('apps', '--all')).out).toContain('demo');
    expect((await other('apps', '-t', 'acme')).out).toContain('demo');
    expect((await ok('apps:lock', ...ON)).err).toBe('Members of acme may not join demo.\n');
    expect((await other('apps:join', ...ON)).code).toBe(1);
    await ok('apps:unlock', ...ON);
    expect(await other('apps:join', ...ON)).toMatchObject({ code: 0, err: matching(/may operate it/) });
    expect((await other('apps')).out).toMatch(/^demo .*acme@localhost$/m);
    expect((await other('apps', '--personal')).out).toBe('');
    expect((await ok('access', ...ON)).out).toMatch(/^admin@example\.com +admin +by their team$/m);
  });

  it('is shown with its team, and given to one of its members only by whoever says its name', async () => {
    await ok('apps:lock', ...ON);
    expect((await ok('apps:info', ...ON)).out).toMatch(/^Owner +team acme \(locked\)$/m);
    expect((await ok('apps', '--all')).out).toMatch(/locked$/m);
    expect(await cli.gantry(['apps:transfer', OTHER, ...ON])).toMatchObject({
      code: 2,
      err: matching(/--confirm demo/),
    });
    expect((await ok('apps:transfer', OTHER, '--confirm', 'demo', ...ON)).err).toContain(OTHER);
    expect((await other('apps')).out).toContain('demo');
  });
});

describe('an app that is offered', () => {
  const offer = () => ok('apps:transfer', OTHER, ...ON);

  it('belongs to whoever accepts it', async () => {
    expect((await offer()).err).toContain('gantry apps:transfers:accept demo');
    expect((await other('apps:transfers')).out).toMatch(/^demo {2}admin@example\.com {2}other.* pending /m);
    expect(await other('apps:transfers:accept', 'demo')).toMatchObject({ code: 0 });
    expect((await other('apps:info', ...ON)).out).toMatch(/^Owner +other@example\.com$/m);
    expect(await other('apps:transfers:accept', 'demo')).toMatchObject({ code: 1 });
  });

  it('stays where it is when it is declined or taken back', async () => {
    await offer();
    expect((await other('apps:transfers:decline', 'demo')).code).toBe(0);
    await offer();
    await ok('apps:transfers:cancel', 'demo');
    expect((await other('apps:transfers:accept', 'demo')).code).toBe(1);
    expect((await ok('apps:info', ...ON)).out).toMatch(/^Owner +admin@example\.com$/m);
  });
});

describe('an app', () => {
  it('is created in the place, on the stack and with the buildpack that are asked for', async () => {
    const args = [
      'apps:create',
      'full',
      '--stack',
      'gantry',
      '--region',
      'local',
      '-b',
      'heroku/nodejs',
      '-n',
    ];
    expect((await ok(...args)).err).toBe('Created full.\nIts builds use heroku/nodejs.\n');
    expect((await ok('buildpacks', '-a', 'full')).out).toBe('heroku/nodejs\n');
    for (const wrong of [
      ['--stack', 'heroku-24'],
      ['--region', 'eu'],
      ['--team', 'nope'],
    ])
      expect(await cli.gantry(['apps:create', 'other', ...wrong])).toMatchObject({ code: 1, out: '' });
    expect(cli.door.world.apps.has('other')).toBe(false);
  });

  it('is shown with all of it, also to a shell', async () => {
    await ok('domains:add', 'www.example.com', ...ON);
    await ok('access:add', OTHER, ...ON);
    await ok('maintenance:on', ...ON);
    const { out } = await ok('apps:info', ...ON);
    for (const line of [
      /^Domains +www\.example\.com$/m,
      /^Branch +main or master$/m,
      /^Shared +other@example\.com \(operate\)$/m,
      /^Processes +web=1 worker=0$/m,
      /^Stack +gantry$/m,
      /^Region +local$/m,
      /^Maintenance +on/m,
    ])
      expect(out).toMatch(line);
    const shell = (await ok('apps:info', '-s', ...ON)).out;
    expect(shell).toMatch(/^name=demo\nid=[0-9a-f-]{36}\nowner=admin@example\.com\n/);
    expect(shell).toContain('\ndynos={"web":1,"worker":0}\n');
  });
});
