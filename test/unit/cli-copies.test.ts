import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Attach } from '../../cli/command.ts';
import { run, runOrThrow } from '../../lib/child.ts';
import { sendWhenAsked } from '../support/command-calls.ts';
import { instanceOf } from '../support/fake-app.ts';
import { sampleKey } from '../support/sample-keys.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const ON = ['-a', 'demo'];
const patient = new AbortController().signal;

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const local = (name: string) => readFile(join(cli.home, name), 'utf8');

describe('ps:copy', () => {
  const asked = async (file: string, signal = patient) => {
    const call = cli.gantry(['ps:copy', file, ...ON], { signal });
    await vi.waitFor(() => expect(cli.door.world.runs.processes).toHaveLength(1));
    const [process] = cli.door.world.runs.processes;
    if (process === undefined) throw new Error('nothing was started');
    const command = cli.door.world.runs.execs[0]?.argv.at(-1) ?? '';
    return { call, process, command, mark: /[0-9a-f-]{36}/.exec(command)?.[0] ?? '' };
  };

  it('writes the bytes of the file, and only those', async () => {
    const { call, process, mark, command } = await asked("log/it's.log");
    expect(command).toBe(`/bin/echo ${mark} && exec cat -- 'log/it'\\''s.log'`);
    // A profile of the app talks before the command begins, and chunks are cut anywhere.
    process.print(`hello from .profile\n${mark.slice(0, 10)}`);
    process.print(`${mark.slice(10)}\nfirst\n`);
    process.print('second');
    process.finish(0);
    expect(await call).toMatchObject({
      code: 0,
      out: "it's.log\n",
      err: matching(/Copied log\/it's\.log of web\.1: 12 B\./),
    });
    expect(await local("it's.log")).toBe('first\nsecond');
  });

  it('takes another instance, another name, and a file that is empty', async () => {
    const demo = cli.door.world.apps.get('demo');
    demo?.instances.push(instanceOf(demo.app.id, 'web', 2, 2));
    sendWhenAsked(cli, '');
    const done = await cli.gantry(['ps:copy', '/tmp/a', '-d', 'web.2', '-o', 'b', '-j', ...ON]);
    expect(JSON.parse(done.out)).toEqual({
      dyno: 'web.2',
      file: '/tmp/a',
      output: join(cli.home, 'b'),
      bytes: 0,
    });
    expect(await local('b')).toBe('');
  });

  it('says why it could not, and leaves nothing behind', async () => {
    const { call, process, mark } = await asked('none');
    process.print(`${mark}\n`);
    process.print('cat: none: No such file or directory\n', 'err');
    process.finish(1);
    expect(await call).toMatchObject({
      code: 1,
      out: '',
      err: matching(/Error: web\.1 could not send it: cat: none: No such file or directory\n$/),
    });
    expect(await readdir(cli.home)).toEqual([]);
  });

  it('leaves nothing behind when it is interrupted', async () => {
    const interrupt = new AbortController();
    const { call, process, mark } = await asked('big', interrupt.signal);
    process.print(`${mark}\nhalf of `);
    await vi.waitFor(async () => expect(await readdir(cli.home)).toEqual([matching(/^big\..*part$/)]));
    interrupt.abort(new Error('interrupted'));
    expect(await call).toMatchObject({ code: 130, out: '' });
    expect(await readdir(cli.home)).toEqual([]);
  });

  it('never writes over a file, and asks nothing of the platform then', async () => {
    await writeFile(join(cli.home, 'a'), 'mine');
    expect(await cli.gantry(['ps:copy', '/app/a', ...ON])).toMatchObject({
      code: 1,
      err: matching(/is there already and was left alone/),
    });
    for (const file of ['..', '/', '/app/..'])
      expect(await cli.gantry(['ps:copy', file, ...ON])).toMatchObject({ code: 2 });
    expect(await local('a')).toBe('mine');
    expect(cli.door.world.runs.execs).toEqual([]);
  });

  it('knows which instances there are', async () => {
    expect(await cli.gantry(['ps:copy', 'a', '-d', 'web.9', ...ON])).toMatchObject({
      code: 1,
      err: matching(/web\.9/),
    });
    expect(await readdir(cli.home)).toEqual([]);
  });
});

describe('git:clone', () => {
  /** Git, for which the address of the platform leads to a repository beside; what it says is not ours. */
  const git =
    (from: string, to: string): Attach =>
    async (program, args, env) => {
      const settings = ['-c', `url.${to}.insteadOf=${from}`, '-c', 'protocol.file.allow=always'];
      const around = { ...env, PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1' };
      return (await run(program, [...settings, ...args], { env: around }, patient)).code ?? -1;
    };
  const source = async (): Promise<string> => {
    const path = join(cli.home, 'source');
    const inside = (...args: string[]) => runOrThrow('git', ['-C', path, ...args], {}, patient);
    await runOrThrow('git', ['init', '-q', '-b', 'main', path], {}, patient);
    await inside(
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@example.com',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'one',
    );
    return path;
  };
  const said = async (folder: string, ...args: string[]) =>
    (await runOrThrow('git', ['-C', join(cli.home, folder), ...args], {}, patient)).trim();

  it('makes a folder of the name of the app, whose remote gantry leads back to it', async () => {
    const instead = git('ssh://git@localhost:2222/demo.git', await source());
    const done = await cli.gantry(['git:clone', 'demo'], { attach: instead });
    expect(done).toMatchObject({ code: 0, out: `${join(cli.home, 'demo')}\n` });
    expect(await said('demo', 'log', '--format=%s')).toBe('one');
    expect(await said('demo', 'config', 'remote.gantry.url')).toBe('ssh://git@localhost:2222/demo.git');
  });

  it('takes another folder, another name of the remote, and the words of heroku', async () => {
    const instead = git('ssh://git@localhost:2222/demo.git', await source());
    const one = await cli.gantry(['git:clone', 'demo', 'copy', '-r', 'staging', '-j'], { attach: instead });
    expect(JSON.parse(one.out)).toEqual({
      directory: join(cli.home, 'copy'),
      remote: 'staging',
      url: 'ssh://git@localhost:2222/demo.git',
    });
    expect((await cli.gantry(['git:clone', '-a', 'demo', 'other'], { attach: instead })).code).toBe(0);
    expect(await said('copy', 'remote')).toBe('staging');
    expect(await said('other', 'remote')).toBe('gantry');
  });

  it('over HTTP tells the new repository, and nobody else, where the password comes from', async () => {
    const url = `${cli.door.url}/demo.git`;
    const instead = git(url, await source());
    expect((await cli.gantry(['git:clone', 'demo', '--https'], { attach: instead })).code).toBe(0);
    expect(await said('demo', 'config', '--local', '--get-all', `credential.${url}.helper`)).toBe(
      '!gantry git:credentials',
    );
    expect(await said('demo', 'config', 'remote.gantry.url')).toBe(url);
  });

  it('ends as git does, and asks for no app twice', async () => {
    const refuse: Attach = () => Promise.resolve(128);
    expect(await cli.gantry(['git:clone', 'demo'], { attach: refuse })).toMatchObject({ code: 128, out: '' });
    expect(await cli.gantry(['git:clone', 'demo', 'x', '-a', 'demo'])).toMatchObject({ code: 2 });
    expect(await cli.gantry(['git:clone'])).toMatchObject({
      code: 2,
      err: matching(/gantry git:clone hello/),
    });
    expect(await cli.gantry(['git:clone', 'nope'])).toMatchObject({ code: 1, err: matching(/nope/) });
    expect(await cli.gantry(['git:clone', 'demo', '-r', '-x'])).toMatchObject({ code: 2 });
  });
});

describe('keys:clear', () => {
  it('removes all keys, each with a line, and says so where there are none', async () => {
    for (const seed of ['first', 'second']) await cli.gantry(['keys:add', '-'], { input: sampleKey(seed) });
    const cleared = await cli.gantry(['keys:clear', '-j']);
    expect(
      cleared.err.match(/^Removed the key me@laptop \(SHA256:\S+\); it may push no longer\.$/gm),
    ).toHaveLength(2);
    expect(JSON.parse(cleared.out)).toHaveLength(2);
    expect(await cli.gantry(['keys:clear'])).toMatchObject({
      code: 0,
      out: '',
      err: 'You have no SSH keys here.\n',
    });
    expect((await cli.gantry(['keys', '-j'])).out).toBe('[]\n');
  });
});

it('pipelines:open says where a pipeline is shown', async () => {
  expect(await cli.gantry(['pipelines:open', 'shop'])).toMatchObject({
    code: 1,
    out: '',
    err: 'Error: There is no page of a pipeline to open on this platform; gantry pipelines:info shop shows it here.\n',
  });
});
