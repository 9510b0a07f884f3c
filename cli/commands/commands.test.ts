import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOrThrow } from '../../lib/child.ts';
import { openTestCli, type TestCli } from '../../test/support/test-cli.ts';
import { instanceOf } from '../../test/support/fake-app.ts';
import { sampleKey } from '../../test/support/sample-keys.ts';

const patient = new AbortController().signal;
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

describe('the app that is meant', () => {
  const env = () => ({ GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: cli.door.world.adminToken });
  const git = (...args: string[]) => runOrThrow('git', ['-C', cli.home, ...args], {}, patient);
  const meant = async (args: string[], more: NodeJS.ProcessEnv = {}) =>
    (await cli.gantry(['apps:info', ...args, '--json'], { env: { ...env(), ...more } })).out.match(
      /"name":"(\w+)"/,
    )?.[1];

  it('is the one that is named, else the remote that is named, else GANTRY_APP, else the usual remote', async () => {
    for (const name of ['named', 'remote', 'environment', 'usual']) cli.door.world.deployed(name);
    await git('init', '-q');
    await git('remote', 'add', 'gantry', 'ssh://git@localhost:2222/usual.git');
    await git('remote', 'add', 'staging', 'ssh://git@localhost:2222/remote.git');
    const app = { GANTRY_APP: 'environment' };
    expect(await meant(['-a', 'named', '-r', 'staging'], app)).toBe('named');
    expect(await meant(['-r', 'staging'], app)).toBe('remote');
    expect(await meant([], app)).toBe('environment');
    expect(await meant([])).toBe('usual');
  });

  it('is never guessed from a remote that names none', async () => {
    await git('init', '-q');
    await git('remote', 'add', 'origin', 'https://github.com/me/demo.git');
    expect(await cli.gantry(['ps', '-r', 'origin'])).toMatchObject({
      code: 2,
      err: matching(/names no app here/),
    });
  });
});

describe('names that would climb out of their place', () => {
  it.each([
    ['ps:restart', '..', '-a', 'demo'],
    ['ps:restart', '.', '-a', 'demo'],
    ['apps:destroy', '..', '--confirm', '..'],
    ['rollback', '-a', '..'],
    ['config:set', 'A=1', '-a', '..'],
    ['ps:scale', 'web=2', '-a', '.'],
  ])('change nothing: %j', async (...args) => {
    expect(await cli.gantry(args)).toMatchObject({
      code: 1,
      out: '',
      err: matching(/cannot be the name of anything/),
    });
    expect(cli.door.world.writes).toEqual([]);
    expect(cli.door.world.apps.has('demo')).toBe(true);
  });
});

describe('config --shell', () => {
  it('is read back by a shell as it was, whatever stands in it', async () => {
    const values = { A: `it's "$HOME" \`id\``, B: 'two\nlines', C: '', D: '-n *', E: 'naïve ☃' };
    await cli.gantry([
      'config:set',
      '-a',
      'demo',
      ...Object.entries(values).map(([key, value]) => `${key}=${value}`),
    ]);
    const file = join(cli.home, 'env.sh');
    await writeFile(file, (await cli.gantry(['config', '--shell', '-a', 'demo'])).out);
    const script = 'set -a; . "$1"; for name in A B C D E; do printenv "$name"; printf "\\0"; done';
    const said = await runOrThrow('/bin/sh', ['-c', script, 'sh', file], {}, patient);
    expect(said.split('\0').map((value) => value.replace(/\n$/, ''))).toEqual([...Object.values(values), '']);
  });
});

describe('opening', () => {
  it.each([
    ['/admin?x=1#top', 'http://demo.localhost:8080/admin?x=1#top'],
    ['admin', 'http://demo.localhost:8080/admin'],
    ['http://evil.example/', 'http://demo.localhost:8080/http://evil.example/'],
    ['@evil.example', 'http://demo.localhost:8080/@evil.example'],
    ['\\\\evil.example', 'http://demo.localhost:8080//evil.example'],
    ['?only=query', 'http://demo.localhost:8080/?only=query'],
  ])('%j stays with the app', async (path, url) => {
    expect((await cli.gantry(['open', path, '-a', 'demo'])).out).toBe(`${url}\n`);
  });
});

describe('what runs', () => {
  it('is also shown of a type that is gone, and in which state', async () => {
    const demo = cli.door.world.apps.get('demo');
    demo?.instances.push({ ...instanceOf(demo.app.id, 'clock', 1, 2), state: 'crashed' });
    const { out } = await cli.gantry(['ps', '-a', 'demo']);
    expect(out).toContain('=== clock (gone):');
    expect(out).toMatch(/clock\.1 {2}crashed {2}v2/);
  });

  it('is no one-off process that has ended', async () => {
    const { runs } = cli.door.world;
    for (const command of ['first', 'second'])
      await cli.gantry(['run:detached', '-a', 'demo', '--', command]);
    const [first] = runs.created;
    runs.end(first?.id ?? '', 0);
    const { out } = await cli.gantry(['ps', '-a', 'demo']);
    expect(out).toMatch(/^=== run: one-off processes\nrun\.\d+ .* second$/m);
    expect(out).not.toMatch(/gone|first/);
    const listed = JSON.parse((await cli.gantry(['ps', '-a', 'demo', '--json'])).out) as unknown;
    expect(listed).toHaveLength(2);
  });
});

describe('releases', () => {
  it('tell what a rollout cost, and why one failed', async () => {
    const demo = cli.door.world.apps.get('demo');
    cli.door.world.outcome = 'failed';
    await cli.gantry(['config:set', 'A=1', '-a', 'demo']);
    const [newest] = demo?.deployments ?? [];
    if (newest) newest.ledger = { bootMs: 800, switchMs: 3, requests: 12, dropped: 0 };
    const { out } = await cli.gantry(['releases:info', '-a', 'demo']);
    expect(out).toMatch(/Status +failed\nReason +web\.1 exited with status 1\.\n/);
    expect(out).toContain('boot 800 ms, switch 3 ms, 12 requests meanwhile, 0 dropped');
    expect((await cli.gantry(['releases', '-a', 'demo'])).out).toMatch(/^v3 {2}failed /);
    expect((await cli.gantry(['releases:info', 'v2', '-a', 'demo'])).out).toContain('v2 (current)');
  });
});

describe('login', () => {
  it.each([['api.example.com'], ['ftp://api.example.com'], ['file:///etc/passwd']])(
    'refuses %s',
    async (url) => {
      expect(await cli.gantry(['login', '--url', url], { env: {}, input: 't' })).toMatchObject({
        code: 2,
        err: matching(/is not a URL such as/),
      });
    },
  );

  it('needs a token, and keeps nothing of the URL but its origin', async () => {
    expect(await cli.gantry(['login', '--url', cli.door.url], { env: {}, input: '' })).toMatchObject({
      code: 2,
    });
    const input = cli.door.world.adminToken;
    await cli.gantry(['login', '--url', `${cli.door.url}/path?x`], { env: {}, input });
    const kept = await readFile(join(cli.home, '.config', 'gantry', 'credentials.json'), 'utf8');
    expect(JSON.parse(kept)).toEqual({ url: cli.door.url, token: input });
  });
});

describe('keys', () => {
  it('that cannot be told apart by their comment are not removed', async () => {
    for (const seed of ['first', 'second']) {
      const file = join(cli.home, 'k.pub');
      await writeFile(file, `${sampleKey(seed)}\n`);
      await cli.gantry(['keys:add', file]);
    }
    expect(await cli.gantry(['keys:remove', 'me@laptop'])).toMatchObject({
      code: 2,
      err: matching(/2 of your keys are called me@laptop/),
    });
    expect((await cli.gantry(['keys'])).out.match(/me@laptop/g)).toHaveLength(2);
  });

  it('are read from a file that is there, is one, and is not too long', async () => {
    const file = join(cli.home, 'k.pub');
    await writeFile(file, `ssh-ed25519 ${'A'.repeat(20_000)}`);
    for (const [name, says] of [
      [file, /k\.pub is too long for a public key/],
      [join(cli.home, 'none.pub'), /There is no file/],
      [cli.home, /is a directory, not a file/],
    ] as const)
      expect(await cli.gantry(['keys:add', name])).toMatchObject({ code: 1, err: matching(says) });
    expect(cli.door.world.writes).toEqual([]);
  });
});
