import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attach } from '../../cli/programs.ts';
import { instanceOf, TIME } from '../support/fake-app.ts';
import { createFakeTerminal } from '../support/fake-terminal.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const ON = ['-a', 'demo'];

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const demo = () => {
  const found = cli.door.world.apps.get('demo');
  if (found === undefined) throw new Error('demo is gone');
  return found;
};

describe('run', () => {
  it('takes a process type that is there, and refuses another before anything runs', async () => {
    expect((await cli.gantry(['run:detached', '--type', 'web', ...ON, '--', 'true'])).code).toBe(0);
    for (const verb of ['run', 'run:detached'])
      expect(await cli.gantry([verb, '--type', 'clock', ...ON, '--', 'true'])).toMatchObject({
        code: 2,
        err: 'Error: demo has no process type clock; it has web, worker.\n',
      });
    expect(cli.door.world.runs.created).toHaveLength(1);
  });

  it('takes what scripts say to heroku, and means the same', async () => {
    const words = ['run:detached', '--no-launcher', '-s', 'small', '-j', ...ON, '--', 'true'];
    expect(JSON.parse((await cli.gantry(words)).out)).toMatchObject({ command: 'true', size: 'small' });
    // A flag after the command is the command's.
    expect((await cli.gantry(['run:detached', ...ON, 'ls', '-t'])).code).toBe(0);
    expect(cli.door.world.runs.created.at(-1)?.spec.command).toBe('ls -t');
  });

  it('detached with --tail shows what is printed until the process has ended', async () => {
    const terminal = createFakeTerminal('');
    const call = cli.gantry(['run:detached', '-t', ...ON, '--', 'work'], { terminal });
    await vi.waitFor(() => expect(terminal.err()).toMatch(/as run\.\d+\.$/m));
    const name = /run\.\d+/.exec(terminal.err())?.[0] ?? '';
    demo().lines.push({ at: TIME, source: 'app', instance: name, text: 'at work' });
    await vi.waitFor(() => expect(terminal.out()).toContain('at work'), { timeout: 5_000 });
    // What the process says of itself is not what the platform says of it.
    for (const [source, instance, status] of [
      ['app', name, 1],
      ['gantry', 'run.1', 2],
      ['gantry', name, 7],
    ] as const)
      demo().lines.push({ at: TIME, source, instance, text: `Process exited with status ${status}` });
    const { code, out, err } = await call;
    expect([code, out]).toEqual([
      7,
      matching(/: at work\n.* status 1\n.*heroku\[run\.\d+\]: .* status 7\n$/),
    ]);
    expect(err).not.toContain('Error');
    expect(await cli.gantry(['run:detached', '-t', '-j', ...ON, '--', 'work'])).toMatchObject({ code: 2 });
  });

  it('detached with --tail shows all of a process that was over before its log came', async () => {
    const terminal = createFakeTerminal('');
    const call = cli.gantry(['run:detached', '-t', ...ON, '--', 'work'], { terminal });
    await vi.waitFor(() => expect(terminal.err()).toMatch(/as run\.\d+\.$/m));
    const instance = /run\.\d+/.exec(terminal.err())?.[0] ?? '';
    const said = (source: 'app' | 'gantry', text: string) => ({ at: TIME, source, instance, text });
    demo().lines.push(said('app', 'first'));
    await vi.waitFor(() => expect(terminal.out()).toContain('first'), { timeout: 5_000 });
    // The end is seen before the last lines.
    cli.door.world.runs.end(cli.door.world.runs.created[0]?.id ?? '', 4);
    demo().lines.push(said('app', 'last'), said('gantry', 'Process exited with status 4'));
    const { code, out } = await call;
    expect([code, out.match(/first|last|status 4/g)]).toEqual([4, ['first', 'last', 'status 4']]);
  });

  it('detached with --tail says so where nobody knows how it ended, and shows no process of the past', async () => {
    const terminal = createFakeTerminal('');
    const call = cli.gantry(['run:detached', '-t', ...ON, '--', 'work'], { terminal });
    await vi.waitFor(() => expect(terminal.err()).toMatch(/as run\.\d+\.$/m));
    const instance = /run\.\d+/.exec(terminal.err())?.[0] ?? '';
    const at = new Date(TIME.getTime() - 61_000);
    demo().lines.push({ at, source: 'gantry', instance, text: 'Process exited with status 0' });
    cli.door.world.runs.end(cli.door.world.runs.created[0]?.id ?? '', 0);
    expect(await call).toMatchObject({ code: 1, out: '', err: matching(/how it ended is not known; see/) });
  });

  it('detached with --tail can be left, which does not end the process', async () => {
    const leave = new AbortController();
    const terminal = createFakeTerminal('');
    const given = { terminal, signal: leave.signal };
    const call = cli.gantry(['run:detached', '-t', ...ON, '--', 'work'], given);
    await vi.waitFor(() => expect(terminal.err()).toMatch(/as run\.\d+\.$/m));
    leave.abort(new Error('interrupted'));
    expect((await call).code).toBe(130);
    expect(cli.door.world.runs.signals).toEqual([]);
  });
});

describe('ps', () => {
  it('shows only the types that are named', async () => {
    expect((await cli.gantry(['ps', 'worker', ...ON])).out).toBe('=== worker (small): node worker.js (0)\n');
    expect(JSON.parse((await cli.gantry(['ps', 'worker', '-j', ...ON])).out)).toEqual([]);
    expect(await cli.gantry(['ps', 'clock', ...ON])).toMatchObject({
      code: 1,
      err: 'Error: demo has no processes of the type clock; it has web, worker.\n',
    });
  });

  it('are at most as many as fit, which is told to who wants more than can be counted, too', async () => {
    expect(await cli.gantry(['ps:scale', 'web=99999999999999999999', ...ON])).toMatchObject({
      code: 1,
      err: matching(/^Error: demo would have a million or more instances; at most 28 /),
    });
  });

  it('shortens nothing with --no-wrap', async () => {
    const at = (...more: string[]) =>
      cli.gantry(['ps', ...ON, ...more], { terminal: { ...createFakeTerminal(''), columns: 40 } });
    expect((await at()).out).toContain('web.1  up  v2  2026/11/21 10:00:00 +0000\n');
    expect((await at('--no-wrap')).out).toContain('web.1  up  v2  2026/11/21 10:00:00 +0000 (~ 0s ago)\n');
  });

  it('waits for one-off processes of older releases when asked to', async () => {
    await cli.gantry(['run:detached', ...ON, '--', 'old']);
    await cli.gantry(['config:set', 'A=1', ...ON]);
    expect((await cli.gantry(['ps:wait', ...ON])).code).toBe(0);
    const terminal = createFakeTerminal('');
    const call = cli.gantry(['ps:wait', '-R', '-w', '1', ...ON], { terminal });
    await vi.waitFor(() => expect(terminal.err()).toContain('Waiting for one-off processes'));
    expect(terminal.err()).not.toContain('is up');
    cli.door.world.runs.end(cli.door.world.runs.created[0]?.id ?? '', 0);
    expect(await call).toMatchObject({ code: 0, err: matching(/is up\.\n$/) });
    expect(await cli.gantry(['ps:wait', '-R', '-t', 'web', ...ON])).toMatchObject({ code: 2 });
    expect(await cli.gantry(['ps:wait', '-w', 'soon', ...ON])).toMatchObject({
      code: 2,
      err: matching(/--wait-interval must be/),
    });
  });

  it('says which processes can be entered', async () => {
    demo().instances.push({ ...instanceOf(demo().app.id, 'worker', 1, 2), state: 'crashed' });
    const shown = await cli.gantry(['ps:exec', '--status', ...ON]);
    expect(shown.out).toMatch(/^Process +State +Can be entered\nweb\.1 +up +yes\nworker\.1 +crashed +no\n$/);
    expect(cli.door.world.runs.execs).toEqual([]);
  });

  it('takes the name of a process for a slip where a command belongs', async () => {
    for (const [words, says] of [
      [['web.1'], /web\.1 is a process, not a command; name it with -d: gantry ps:exec -d web\.1\n/],
      [['worker.2', 'ls'], /gantry ps:exec -d worker\.2 -- …\n/],
    ] as const)
      expect(await cli.gantry(['ps:exec', ...ON, ...words])).toMatchObject({ code: 2, err: matching(says) });
    expect(cli.door.world.runs.execs).toEqual([]);
  });
});

describe('releases:info', () => {
  it('prints the config vars of a release for a shell', async () => {
    await cli.gantry(['config:set', "MOTD=it's new", ...ON]);
    expect((await cli.gantry(['releases:info', '-s', ...ON])).out).toBe(
      "LANG=C.UTF-8\nMOTD='it'\\''s new'\n",
    );
    expect((await cli.gantry(['releases:info', 'v2', '--shell', ...ON])).out).toBe('LANG=C.UTF-8\n');
  });
});

describe('logs', () => {
  it('are in colours when forced to, and what an app printed is still not sent to the screen', async () => {
    demo().lines.push({ at: TIME, source: 'app', instance: 'web.1', text: 'two\u001b[2J' });
    expect((await cli.gantry(['logs', '--force-colors', ...ON])).out).toMatch(
      // eslint-disable-next-line no-control-regex -- colours are what this is about
      /^\u001b\[3\dm\S+ app\[web\.1\]:\u001b\[39m two␛\[2J\n$/,
    );
    expect((await cli.gantry(['logs', '--no-color', ...ON])).out).toMatch(/ app\[web\.1\]: two␛\[2J\n$/);
  });
});

describe('buildpacks', () => {
  it('are removed by their place', async () => {
    for (const name of ['heroku/nodejs', 'heroku/ruby']) await cli.gantry(['buildpacks:add', name, ...ON]);
    expect(await cli.gantry(['buildpacks:remove', '-i', '3', ...ON])).toMatchObject({
      code: 1,
      err: 'Error: demo has no buildpack at place 3; it has 2.\n',
    });
    for (const args of [[], ['heroku/ruby', '-i', '1']])
      expect(await cli.gantry(['buildpacks:remove', ...args, ...ON])).toMatchObject({ code: 2 });
    expect((await cli.gantry(['buildpacks:remove', '-i', '1', ...ON])).code).toBe(0);
    expect((await cli.gantry(['buildpacks', ...ON])).out).toContain('heroku/ruby');
    expect((await cli.gantry(['buildpacks', ...ON])).out).not.toContain('heroku/nodejs');
  });

  it('are searched by what is known of them', async () => {
    const found = async (...args: string[]) =>
      (
        JSON.parse((await cli.gantry(['buildpacks:search', '-j', ...args])).out) as { full_name: string }[]
      ).map((one) => one.full_name);
    const all = await found();
    expect(await found('--namespace', 'heroku', '--name', 'nodejs, ruby')).toEqual(
      all.filter((name) => ['heroku/nodejs', 'heroku/ruby'].includes(name)),
    );
    expect(await found('--namespace', 'nobody')).toEqual([]);
    expect((await found('--description', 'NODE')).length).toBeLessThan(all.length);
  });
});

describe('regions', () => {
  it('are those of the kind that is asked for', async () => {
    const all = (await cli.gantry(['regions'])).out;
    expect((await cli.gantry(['regions', '--common'])).out).toBe(all);
    expect(await cli.gantry(['regions', '--private'])).toMatchObject({
      out: '',
      err: matching(/no such region/),
    });
    expect(await cli.gantry(['regions', '--private', '--common'])).toMatchObject({ code: 2 });
  });
});

describe('apps:diff', () => {
  it('tells what two apps do not have in common, and values only when asked', async () => {
    cli.door.world.deployed('other');
    expect(await cli.gantry(['apps:diff', 'demo', 'other'])).toMatchObject({
      out: '',
      err: 'Nothing differs.\n',
    });
    await cli.gantry(['config:set', 'ONLY=here', 'LANG=C', ...ON]);
    await cli.gantry(['features:enable', 'preboot', ...ON]);
    await cli.gantry(['buildpacks:add', 'heroku/ruby', '-a', 'other']);
    const hidden = await cli.gantry(['apps:diff', 'demo', 'other', '-j']);
    expect(JSON.parse(hidden.out)).toEqual(
      expect.arrayContaining([
        { property: 'config LANG', first: '••••••', second: '••••••' },
        { property: 'config ONLY', first: '••••••', second: null },
        { property: 'buildpack 1', first: null, second: 'heroku/ruby' },
      ]),
    );
    expect(hidden.out).not.toMatch(/here|C\.UTF-8/);
    expect((await cli.gantry(['apps:diff', 'demo', 'other', '--values'])).out).toMatch(
      /^Property +demo +other\n[^]*config ONLY +here$/m,
    );
    expect(await cli.gantry(['apps:diff', 'demo', 'nope'])).toMatchObject({ code: 1, err: matching(/nope/) });
  });
});

describe('keys:add where there is no key', () => {
  const folder = () => join(cli.home, '.ssh');

  it('makes one when told to, and never over one that is there', async () => {
    const made = await cli.gantry(['keys:add', '-y'], { attach });
    expect(made).toMatchObject({
      code: 0,
      err: matching(/^Made the SSH key .*id_ed25519\.\nAdded the key /),
    });
    expect((await stat(folder())).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder(), 'id_ed25519'))).mode & 0o777).toBe(0o600);
    const before = await readFile(join(folder(), 'id_ed25519.pub'), 'utf8');
    expect((await cli.gantry(['keys:add', '-y'])).code).toBe(0); // no program may be started here
    expect(await readFile(join(folder(), 'id_ed25519.pub'), 'utf8')).toBe(before);
  });

  it('asks on a terminal, and makes none without a yes', async () => {
    const asked: string[] = [];
    const question = (text: string): Promise<string> => {
      asked.push(text);
      return Promise.resolve('n');
    };
    const terminal = { ...createFakeTerminal(''), question };
    for (const given of [{ terminal }, {}])
      expect(await cli.gantry(['keys:add'], given)).toMatchObject({
        code: 1,
        err: matching(/There is no SSH key/),
      });
    expect(asked).toEqual([matching(/Make one, without a passphrase\? \[Y\/n\]/)]);
  });

  it('tells when it could not be made', async () => {
    await mkdir(folder());
    await writeFile(join(cli.home, 'x'), '');
    expect(await cli.gantry(['keys:add', '-y'], { attach: () => Promise.resolve(1) })).toMatchObject({
      code: 1,
      err: matching(/mkdir ended with exit code 1/),
    });
  });
});

describe('login --expires-in', () => {
  it.each([
    [['-e', '60'], /with --interactive only/],
    [['-i', '-e', '0'], /--expires-in must be/],
    [['-i', '-e', 'x'], /--expires-in must be/],
  ])('is refused in %j', async (args, says) => {
    const given = { env: { GANTRY_API_URL: cli.door.url }, input: 'a@example.com\npw' };
    expect(await cli.gantry(['login', ...args], given)).toMatchObject({ code: 2, err: matching(says) });
  });
});
