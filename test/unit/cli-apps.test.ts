import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runOrThrow } from '../../lib/child.ts';
import { release } from '../../server/contract/resources.ts';
import { createFakeTerminal } from '../support/fake-terminal.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

/** A regular expression alone matches anything inside `toMatchObject`. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let cli: TestCli;
const never = new AbortController().signal;
const WAIT = { timeout: 5_000, interval: 10 };

beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

describe('apps', () => {
  it('are listed with their URLs', async () => {
    expect(await cli.gantry(['apps'])).toMatchObject({
      code: 0,
      out: 'demo  http://demo.localhost:8080/  admin@example.com\n',
      err: '',
    });
  });

  it('are created with a name of their own, or one the platform chooses', async () => {
    const named = await cli.gantry(['apps:create', 'hello']);
    const unnamed = await cli.gantry(['create', '--json']);
    expect(named).toMatchObject({
      code: 0,
      out: 'http://hello.localhost:8080/ | ssh://git@localhost:2222/hello.git\n',
    });
    expect(JSON.parse(unnamed.out)).toMatchObject({ name: matching(/^[a-z]+-[a-z]+-\d+$/) });
  });

  it('are not made when their buildpack is a slip of the pen', async () => {
    const refused = await cli.gantry(['apps:create', 'hello', '--buildpack', 'not a buildpack']);
    expect(refused).toMatchObject({ code: 2, out: '', err: matching(/takes a name such as heroku\/nodejs/) });
    expect((await cli.gantry(['apps'])).out).not.toContain('hello');
    for (const [name, buildpack] of Object.entries({
      one: 'heroku/nodejs',
      two: 'urn:buildpack:heroku/nodejs',
      three: 'https://example.com/pack.tgz',
    }))
      expect((await cli.gantry(['apps:create', name, '--buildpack', buildpack])).code, name).toBe(0);
  });

  it('get a git remote inside a repository, but never take over one that leads elsewhere', async () => {
    await runOrThrow('git', ['init', '-q', cli.home], {}, never);
    const url = async () =>
      (await runOrThrow('git', ['remote', 'get-url', 'gantry'], { cwd: cli.home }, never)).trim();
    expect((await cli.gantry(['apps:create', 'hello'])).err).toContain('git push gantry main');
    expect(await url()).toBe('ssh://git@localhost:2222/hello.git');
    expect((await cli.gantry(['apps:create', 'second'])).err).toContain('was left alone');
    expect(await url()).toBe('ssh://git@localhost:2222/hello.git');
    expect(await cli.gantry(['git:remote', '-a', 'second'])).toEqual(expect.objectContaining({ code: 0 }));
    expect(await url()).toBe('ssh://git@localhost:2222/second.git');
    expect((await cli.gantry(['apps:info'])).out).toContain('second');
  });

  it('show how large their image and their repository are, once there are any', async () => {
    expect((await cli.gantry(['apps:info', '-a', 'demo'])).out).toMatch(/Slug size +1 B\nRepo size +2 B\n/);
    const shell = await cli.gantry(['apps:info', '-a', 'demo', '--shell']);
    expect(shell.out).toMatch(/^slug_size=1 B\nrepo_size=2 B$/m);
    await cli.gantry(['apps:create', 'hello', '--no-remote']);
    expect((await cli.gantry(['apps:info', '-a', 'hello'])).out).not.toMatch(/size/);
  });

  it('deploy the branch that is set, and say which it is', async () => {
    const shown = async (...args: string[]) => {
      const { code, out } = await cli.gantry(['git:deploy-branch', '-a', 'demo', ...args]);
      return [code, out];
    };
    expect(await shown()).toEqual([0, 'main or master, whichever is deployed first\n']);
    expect(await shown('live')).toEqual([0, 'live\n']);
    expect(await shown('--json')).toEqual([0, '{"branch":"live"}\n']);
    expect(await shown('--unset')).toEqual([0, 'main or master, whichever is deployed first\n']);
    expect(await cli.gantry(['git:deploy-branch', '-a', 'demo', 'a..b'])).toMatchObject({
      code: 1,
      err: matching(/branch must be the name of a branch/),
    });
    expect(await cli.gantry(['git:deploy-branch', '-a', 'demo', 'x', '--unset'])).toMatchObject({ code: 2 });
  });

  it('get no git remote when none is wanted', async () => {
    await runOrThrow('git', ['init', '-q', cli.home], {}, never);
    await cli.gantry(['apps:create', 'hello', '--no-remote']);
    expect(await runOrThrow('git', ['remote'], { cwd: cli.home }, never)).toBe('');
  });

  it('are destroyed only when their name is given twice', async () => {
    expect(await cli.gantry(['apps:destroy', 'demo'])).toMatchObject({
      code: 2,
      err: matching(/--confirm demo/),
    });
    expect(await cli.gantry(['apps:destroy', 'demo', '--confirm', 'dem'])).toMatchObject({ code: 2 });
    expect(cli.door.world.writes).toEqual([]);
    expect(await cli.gantry(['apps:destroy', 'demo', '--confirm', 'demo'])).toMatchObject({
      code: 0,
      out: '',
    });
    expect(cli.door.world.apps.has('demo')).toBe(false);
  });

  it('are opened in a browser where there is one, else their URL is the result', async () => {
    const without = await cli.gantry(['open', '-a', 'demo', '//evil.example/x?y=1']);
    expect(without).toMatchObject({ out: 'http://demo.localhost:8080//evil.example/x?y=1\n', launched: [] });
    const env = { GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: cli.door.world.adminToken, DISPLAY: ':0' };
    expect(await cli.gantry(['open', '-a', 'demo'], { env })).toMatchObject({
      out: '',
      launched: ['xdg-open http://demo.localhost:8080/'],
    });
  });
});

describe('config', () => {
  it('is shown, and printed so that a shell can read it', async () => {
    await cli.gantry(['config:set', '-a', 'demo', "QUOTE=it's", 'LINES=a\nb']);
    expect((await cli.gantry(['config', '-a', 'demo'])).out).toBe(
      "LANG:   C.UTF-8\nLINES:  a\\nb\nQUOTE:  it's\n",
    );
    expect((await cli.gantry(['config', '-a', 'demo', '--shell'])).out).toBe(
      "LANG=C.UTF-8\nLINES='a\nb'\nQUOTE='it'\\''s'\n",
    );
  });

  it('prints one value and nothing else, and fails for one that is not set', async () => {
    expect(await cli.gantry(['config:get', 'LANG', '-a', 'demo'])).toMatchObject({
      code: 0,
      out: 'C.UTF-8\n',
      err: '',
    });
    expect(await cli.gantry(['config:get', 'constructor', '-a', 'demo'])).toMatchObject({ code: 1, out: '' });
    await cli.gantry(['config:set', "QUOTE=it's", '-a', 'demo']);
    expect(await cli.gantry(['config:get', 'QUOTE', '-s', '-a', 'demo'])).toMatchObject({
      out: "QUOTE='it'\\''s'\n",
    });
  });

  it('is set, and the command stays until the new release is live', async () => {
    cli.door.world.outcome = 'never';
    const terminal = createFakeTerminal('');
    const call = cli.gantry(['config:set', 'A=1=2', '-a', 'demo'], { terminal });
    await vi.waitFor(() => expect(terminal.err()).toContain('Starting v3'), WAIT);
    const demo = cli.door.world.apps.get('demo');
    const [running] = demo?.deployments ?? [];
    if (demo && running) cli.door.world.decide(demo, running, 'succeeded', null);
    const called = await call;
    expect(called).toMatchObject({ code: 0, out: 'A:  1=2\n' });
    expect(called.err).toMatch(/v3\.\nStarting v3 …\nLive\.\nv3 is live\.\n$/);
  });

  it('fails with the reason when the new release does not come up', async () => {
    cli.door.world.outcome = 'failed';
    expect(await cli.gantry(['config:set', 'A=1', '-a', 'demo'])).toMatchObject({
      code: 1,
      out: '',
      err: matching(
        /Error: v3 was not deployed: web\.1 exited with status 1\. What ran before was not touched\./,
      ),
    });
  });

  it('does not wait when told so', async () => {
    cli.door.world.outcome = 'never';
    expect(await cli.gantry(['config:set', 'A=1', '-a', 'demo', '--no-wait'])).toEqual(
      expect.objectContaining({ code: 0 }),
    );
  });

  it('says so when nothing changes', async () => {
    const called = await cli.gantry(['config:set', 'LANG=C.UTF-8', '-a', 'demo']);
    expect(called).toMatchObject({
      code: 0,
      err: 'Nothing changed: LANG has this value for demo already.\n',
    });
    expect(cli.door.world.writes).toEqual([]);
  });

  it('says of a removal that there was nothing to remove, and never that it changed', async () => {
    expect((await cli.gantry(['config:unset', 'NOPE', '-a', 'demo'])).err).toBe(
      'Nothing to remove: NOPE is not set for demo.\n',
    );
    expect((await cli.gantry(['config:unset', 'LANG', 'NOPE', '-a', 'demo'])).err).toMatch(
      /^Changed LANG for demo: v3\.\nNothing to remove: NOPE is not set for demo\.\n/,
    );
  });

  it('is removed', async () => {
    await cli.gantry(['config:unset', 'LANG', '-a', 'demo']);
    expect((await cli.gantry(['config', '-a', 'demo', '--json'])).out).toBe('{}\n');
  });

  it('refuses what is not KEY=value', async () => {
    expect(await cli.gantry(['config:set', 'A', '-a', 'demo'])).toMatchObject({
      code: 2,
      err: matching(/KEY=value/),
    });
  });
});

describe('processes', () => {
  it('are shown by type', async () => {
    expect((await cli.gantry(['ps', '-a', 'demo'])).out).toBe(
      [
        '=== web (small): node server.js (1)',
        'web.1  up  v2  2026/11/21 10:00:00 +0000 (~ 0s ago)',
        '=== worker (small): node worker.js (0)\n',
      ].join('\n'),
    );
  });

  it('are scaled, absolutely and relatively', async () => {
    const called = await cli.gantry(['ps:scale', 'web=2', 'worker+1', '-a', 'demo']);
    expect(called).toMatchObject({ code: 0, out: 'web=2:small worker=1:small\n' });
    expect((await cli.gantry(['ps:scale', 'web-1', '-a', 'demo'])).out).toBe('web=1:small worker=1:small\n');
    expect((await cli.gantry(['ps:scale', '-a', 'demo'])).out).toBe('web=1:small worker=1:small\n');
  });

  it('make the command fail when one crashes while it waits', async () => {
    const demo = cli.door.world.apps.get('demo');
    const { formations } = cli.door.world.services;
    const scale = formations.scale.bind(formations);
    Object.assign(formations, {
      async scale(...args: Parameters<typeof scale>) {
        const counts = await scale(...args);
        if (demo)
          demo.instances = demo.instances.map((one) =>
            one.number === 2 ? { ...one, state: 'starting' } : one,
          );
        setTimeout(() => {
          if (demo)
            demo.instances = demo.instances.map((one) =>
              one.number === 2 ? { ...one, state: 'crashed' } : one,
            );
        }, 100);
        return counts;
      },
    });
    expect(await cli.gantry(['ps:scale', 'web=2', '-a', 'demo'])).toMatchObject({
      code: 1,
      err: matching(/web\.2 crashed/),
    });
  });

  it('are at most as many as fit, which the refusal says', async () => {
    expect(await cli.gantry(['ps:scale', 'web=99999', '-a', 'demo'])).toMatchObject({
      code: 1,
      err: matching(/^Error: demo would have 99999 instances; at most 28 /),
    });
  });

  it('that do not run cannot be restarted, and those that do are named', async () => {
    expect(await cli.gantry(['ps:restart', 'foo', '-a', 'demo'])).toMatchObject({
      code: 1,
      err: 'Error: No foo runs: the processes of demo are web.1.\n',
    });
    for (const option of ['-d', '--dyno-name', '-p', '--process-type'])
      expect(await cli.gantry(['ps:restart', option, 'foo', '-a', 'demo']), option).toMatchObject({
        err: 'Error: No foo runs: the processes of demo are web.1.\n',
      });
    for (const twice of [
      ['web.1', '-d', 'web.1'],
      ['-d', 'web.1', '-p', 'web'],
    ])
      expect(await cli.gantry(['ps:restart', ...twice, '-a', 'demo'])).toMatchObject({ code: 2 });
  });

  it('are stopped as clients of Heroku say it', async () => {
    for (const words of [
      ['ps:stop', '-d', 'web.1'],
      ['ps:kill', 'web.1'],
      ['ps:stop', '-p', 'web'],
    ])
      expect(await cli.gantry([...words, '-a', 'demo']), words.join(' ')).toEqual(
        expect.objectContaining({ code: 0 }),
      );
  });

  it('are restarted, and the outcome is told', async () => {
    expect(await cli.gantry(['ps:restart', '-a', 'demo'])).toMatchObject({
      code: 0,
      err: matching(/Restarted demo\.\n$/),
    });
    cli.door.world.outcome = 'failed';
    expect(await cli.gantry(['ps:restart', 'web.1', '-a', 'demo'])).toMatchObject({
      code: 1,
      err: matching(/The restart failed/),
    });
  });

  it('that are not deployed yet are said to be so', async () => {
    await cli.gantry(['apps:create', 'empty']);
    expect(await cli.gantry(['ps', '-a', 'empty'])).toMatchObject({
      code: 0,
      out: '',
      err: matching(/Nothing is deployed/),
    });
    expect(await cli.gantry(['ps:restart', '-a', 'empty'])).toMatchObject({
      code: 0,
      err: matching(/nothing to restart/),
    });
  });
});

describe('while another deployment is under way', () => {
  it('a change waits for its end and says so once', async () => {
    const demo = cli.door.world.apps.get('demo');
    cli.door.world.outcome = 'never';
    await cli.gantry(['ps:restart', '-a', 'demo', '--no-wait']);
    cli.door.world.outcome = 'succeeded';
    const terminal = createFakeTerminal('');
    const call = cli.gantry(['config:set', 'A=1', '-a', 'demo'], { terminal });
    await vi.waitFor(() => expect(terminal.err()).toContain('still being deployed'), WAIT);
    const [running] = demo?.deployments ?? [];
    if (demo && running) cli.door.world.decide(demo, running, 'succeeded', null);
    const called = await call;
    expect(called.code).toBe(0);
    expect(called.err.match(/still being deployed/g)).toHaveLength(1);
  });
});

describe('releases', () => {
  it('are listed, newest first', async () => {
    const { out } = await cli.gantry(['releases', '-a', 'demo']);
    expect(out.split('\n').map((line) => line.split(/\s{2,}/).slice(0, 3))).toEqual([
      ['v2', 'current', 'Deploy 1a2b3c4'],
      ['v1', 'Initial release', 'admin@example.com'],
      [''],
    ]);
    const json = await cli.gantry(['releases', '-a', 'demo', '-n', '1', '--json']);
    expect(release.array().parse(JSON.parse(json.out))).toHaveLength(1);
  });

  it('are rolled back, and the command tells when that is live', async () => {
    await cli.gantry(['config:set', 'A=1', '-a', 'demo']);
    expect(await cli.gantry(['rollback', '-a', 'demo'])).toMatchObject({
      code: 0,
      err: matching(/Rollback to v2[^]*v4 is live/),
    });
    expect((await cli.gantry(['config', '-a', 'demo', '--json'])).out).toBe('{"LANG":"C.UTF-8"}\n');
    expect(await cli.gantry(['rollback', 'v1', '-a', 'demo'])).toMatchObject({
      code: 1,
      err: matching(/cannot be rolled back/),
    });
  });
});
