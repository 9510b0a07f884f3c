import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../cli/catalogue.ts';
import { openTestDoor } from '../support/fake-door.ts';
import { sampleKey } from '../support/sample-keys.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

/** A regular expression alone matches anything inside `toMatchObject`. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let cli: TestCli;

beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

describe('keys', () => {
  const KEY = `${sampleKey('me')}\n`;

  it('are added from the usual place, and adding one again is no failure', async () => {
    expect(await cli.gantry(['keys:add'])).toMatchObject({ code: 1, err: matching(/ssh-keygen/) });
    await mkdir(join(cli.home, '.ssh'));
    await writeFile(join(cli.home, '.ssh', 'id_ed25519.pub'), KEY);
    expect(await cli.gantry(['keys:add'])).toMatchObject({
      code: 0,
      err: matching(/Added the key me@laptop/),
    });
    expect(await cli.gantry(['keys:add'])).toMatchObject({ code: 0, err: matching(/yours already/) });
    expect((await cli.gantry(['keys'])).out).toContain('me@laptop');
    expect((await cli.gantry(['keys', '-l'])).out).toBe(KEY);
    expect(await cli.gantry(['keys:remove', 'me@laptop'])).toEqual(expect.objectContaining({ code: 0 }));
    expect(await cli.gantry(['keys:remove', 'me@laptop'])).toMatchObject({ code: 1 });
  });

  it('that are private never leave the machine', async () => {
    const file = join(cli.home, 'id');
    await writeFile(file, '-----BEGIN OPENSSH PRIVATE KEY-----\n');
    expect(await cli.gantry(['keys:add', file])).toMatchObject({ code: 1, err: matching(/private key/) });
    expect(cli.door.world.writes).toEqual([]);
  });

  it.each(['/dev/zero', '/dev/urandom'])('are not read from %s to its end', async (file) => {
    expect(await cli.gantry(['keys:add', file])).toMatchObject({
      code: 1,
      err: matching(/^Error: \/dev\/\w+ is (?:not a|too long for a) public key; name a \.pub file\.\n$/),
    });
  });
});

describe('credentials', () => {
  const file = () => join(cli.home, '.config', 'gantry', 'credentials.json');

  it('are kept by login, readable by their owner only, and forgotten by logout', async () => {
    const input = cli.door.world.adminToken;
    expect(await cli.gantry(['login', '--url', cli.door.url], { env: {}, input })).toMatchObject({
      code: 0,
      err: matching(/Logged in to .* as admin@example\.com/),
    });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await cli.gantry(['whoami'], { env: {} })).toMatchObject({ code: 0, out: 'admin@example.com\n' });
    expect(await cli.gantry(['logout'], { env: {} })).toEqual(expect.objectContaining({ code: 0 }));
    expect(await cli.gantry(['whoami'], { env: {} })).toMatchObject({
      code: 1,
      err: matching(/not logged in/),
    });
  });

  it('that open nothing are not kept', async () => {
    const called = await cli.gantry(['login', '--url', cli.door.url], { env: {}, input: 'wrong' });
    expect(called).toMatchObject({ code: 1, err: matching(/does not know this token/) });
    await expect(readFile(file())).rejects.toThrow('ENOENT');
  });

  it('are the admin token on the server itself', async () => {
    await mkdir(join(cli.home, 'state'));
    await writeFile(join(cli.home, 'state', 'admin-token'), `${cli.door.world.adminToken}\n`);
    const env = { GANTRY_API_PORT: new URL(cli.door.url).port };
    expect(await cli.gantry(['whoami'], { env })).toMatchObject({ code: 0, out: 'admin@example.com\n' });
  });

  it('are never sent to another server than theirs', async () => {
    await cli.gantry(['login', '--url', cli.door.url], { env: {}, input: cli.door.world.adminToken });
    const elsewhere = await openTestDoor();
    const called = await cli.gantry(['whoami'], { env: { GANTRY_API_URL: elsewhere.url } });
    await elsewhere[Symbol.asyncDispose]();
    expect(called).toMatchObject({ code: 1, err: matching(/not logged in/) });
  });
});

describe('called wrongly', () => {
  it.each([
    [['ps:scal'], /Did you mean ps:scale/],
    [['ps', '--bogus'], /unknown option/],
    [['domains', 'surplus', '-a', 'demo'], /too many arguments/],
    [['config:set'], /missing required argument/],
    [['ps'], /Which app\?/],
    [['ps:scale', 'web=many', '-a', 'demo'], /not a change/],
    [['ps', '-r', 'a b'], /cannot be the name/],
    [
      ['ps:restart', '', '-a', 'demo'],
      /^Error: The argument process is empty; give it a value or leave it out\.\n$/,
    ],
    [['config:unset', 'A', '', '-a', 'demo'], /The argument key is empty/],
    [['ps', '-a', ''], /--app is empty/],
  ])('%j exits with 2 and says why on standard error', async (args, says) => {
    expect(await cli.gantry(args)).toMatchObject({ code: 2, out: '', err: matching(says) });
  });

  it.each(['gantry_admin\n', 'a b', 'schlüssel'])(
    'refuses the token %j, which nobody was given',
    async (key) => {
      const env = { GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: key };
      expect(await cli.gantry(['apps'], { env })).toMatchObject({
        code: 2,
        err: matching(/^Error: GANTRY_API_KEY holds characters that no token has.*\.\n$/),
      });
    },
  );

  it('exits with 1 when the server refuses', async () => {
    expect(await cli.gantry(['apps:info', 'nothing'])).toMatchObject({
      code: 1,
      out: '',
      err: matching(/^Error: Couldn't find/),
    });
  });

  it('says in one sentence what to do when no server answers', async () => {
    const env = { GANTRY_API_URL: 'http://127.0.0.1:9', GANTRY_API_KEY: 'x' };
    const { code, err } = await cli.gantry(['apps'], { env });
    expect(code).toBe(1);
    expect(err).toMatch(/^Error: No Gantry server answers at http:\/\/127\.0\.0\.1:9: .*script\/server.*\n$/);
  });

  it('says so when something else answers', async () => {
    const env = { GANTRY_API_URL: cli.door.url.replace('127.0.0.1', 'api.localhost'), GANTRY_API_KEY: 'x' };
    expect(await cli.gantry(['apps'], { env })).toMatchObject({
      code: 1,
      err: matching(/No valid credentials/),
    });
  });
});

describe('help', () => {
  const commands = CATALOGUE.flatMap((topic) => topic.commands);

  it('names every command', async () => {
    const { code, out } = await cli.gantry([]);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(name);
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    'of %s says how to call it, with examples, and there is a command behind it',
    async (name, command) => {
      const { code, out } = await cli.gantry([name, '--help']);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: gantry ${name}`);
      for (const example of command.examples) expect(example).toMatch(new RegExp(`^gantry ${name}\\b`));
      expect(await command.load()).toHaveProperty('run');
    },
  );

  it('of a topic shows what belongs to it', async () => {
    expect((await cli.gantry(['help', 'ps'])).out).toContain('ps:restart');
  });
});

it('answers every --json with JSON alone on standard output', async () => {
  const calls = [
    ['apps'],
    ['apps:create', 'hello'],
    ['apps:info', '-a', 'demo'],
    ['config', '-a', 'demo'],
    ['config:get', 'LANG', '-a', 'demo'],
    ['config:set', 'A=1', '-a', 'demo'],
    ['config:unset', 'A', '-a', 'demo'],
    ['ps', '-a', 'demo'],
    ['ps:scale', 'web=2', '-a', 'demo'],
    ['ps:restart', '-a', 'demo'],
    ['releases', '-a', 'demo'],
    ['releases:info', '-a', 'demo'],
    ['rollback', '-a', 'demo'],
    ['open', '-a', 'demo'],
    ['whoami'],
    ['keys'],
    ['version'],
    ['logout'],
    ['apps:destroy', 'hello', '--confirm', 'hello'],
  ];
  for (const call of calls) {
    const { code, out } = await cli.gantry([...call, '--json']);
    expect([call, code]).toEqual([call, 0]);
    expect(() => JSON.parse(out) as unknown).not.toThrow();
  }
});
