import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOrThrow } from '../../lib/child.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

const never = new AbortController().signal;

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
  await runOrThrow('git', ['init', '-q', cli.home], {}, never);
});
afterEach(() => cli[Symbol.asyncDispose]());

const git = async (...args: string[]) => (await runOrThrow('git', args, { cwd: cli.home }, never)).trim();
const helpers = (url: string) => git('config', '--local', '--get-all', `credential.${url}.helper`);

describe('a git remote over HTTP', () => {
  it('leads to the address of the API, and git is told who knows the password', async () => {
    const url = `${cli.door.url}/demo.git`;
    const set = await cli.gantry(['git:remote', '-a', 'demo', '--https', '--json']);
    expect(set).toEqual(expect.objectContaining({ code: 0 }));
    expect(JSON.parse(set.out)).toEqual({ remote: 'gantry', url });
    expect(await git('remote', 'get-url', 'gantry')).toBe(url);
    expect(await helpers(url)).toBe('!gantry git:credentials');
    // The remote names the app, as one over SSH does.
    expect((await cli.gantry(['apps:info'])).out).toContain('demo');
  });

  it('is what an app is created with when that is asked for', async () => {
    const url = `${cli.door.url}/hello.git`;
    const made = await cli.gantry(['apps:create', 'hello', '--https']);
    expect(made).toMatchObject({ code: 0, out: `http://hello.localhost:8080/ | ${url}\n` });
    expect(await git('remote', 'get-url', 'gantry')).toBe(url);
    expect(await helpers(url)).toBe('!gantry git:credentials');
    const second = await cli.gantry(['apps:create', 'second', '--https']);
    expect(second.err).toContain('gantry git:remote -a second -r gantry --https changes it');
    expect(await git('remote', 'get-url', 'gantry')).toBe(url);
  });

  it('gives way to one over SSH', async () => {
    await cli.gantry(['git:remote', '-a', 'demo', '--https']);
    await cli.gantry(['git:remote', '-a', 'demo']);
    expect(await git('remote', 'get-url', 'gantry')).toBe('ssh://git@localhost:2222/demo.git');
  });
});

describe('the password that git asks for', () => {
  const ask = (action: string, input: string) => cli.gantry(['git:credentials', action], { input });
  const about = (host: string, protocol = 'http') => `protocol=${protocol}\nhost=${host}\npath=demo.git\n\n`;

  it('is the token, for this server alone', async () => {
    const { host } = new URL(cli.door.url);
    expect(await ask('get', about(host))).toMatchObject({
      code: 0,
      out: `username=gantry\npassword=${cli.door.world.adminToken}\n`,
    });
    for (const other of [about('github.com', 'https'), about(host, 'https'), about('127.0.0.1:1'), 'x\n', ''])
      expect(await ask('get', other)).toMatchObject({ code: 0, out: '' });
  });

  it('is not stored anew, and its refusal is explained', async () => {
    const { host } = new URL(cli.door.url);
    expect(await ask('store', about(host))).toMatchObject({ code: 0, out: '', err: '' });
    expect(await ask('unheard-of', about(host))).toMatchObject({ code: 0, out: '', err: '' });
    const erased = await ask('erase', about(host));
    expect(erased).toMatchObject({ code: 0, out: '' });
    expect(erased.err).toContain('did not take the token; run gantry login');
  });

  it('is missing when nobody is logged in, and git is told so', async () => {
    const asked = await cli.gantry(['git:credentials', 'get'], {
      input: about('127.0.0.1:1'),
      env: { GANTRY_API_URL: 'http://127.0.0.1:1' },
    });
    expect(asked).toMatchObject({ code: 1, out: '' });
    expect(asked.err).toContain('gantry login');
  });
});
