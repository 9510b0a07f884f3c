import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../lib/child.ts';
import { createConsole } from '../../server/console.ts';
import type { Console } from '../../server/ports/console.ts';
import { createSessionTokens, withSessionTokens } from '../../server/services/session-tokens.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';
import { createWorld, type World } from '../support/world.ts';
import { openGitDoor, type GitDoor } from '../support/git-door.ts';

const patient = new AbortController().signal;
const ALICE = 'alice@example.com';

let world: World;
let api: TestDoor;
let door: GitDoor;
let key: string;
/** What the commands of the last call were given to stop them. */
let signals: AbortSignal[];

beforeAll(async () => {
  world = createWorld();
  world.deployed('demo');
  const tokens = createSessionTokens();
  const accounts = withSessionTokens(
    { ...world.services.accounts, authenticateKey: () => Promise.resolve(world.admin) },
    tokens,
  );
  api = await openTestDoor({ services: { ...world.services, accounts } });
  const real = createConsole({ tokens, apiPort: Number(new URL(api.url).port) });
  signals = [];
  const console: Console = {
    run(caller, line, screen, signal) {
      signals.push(signal);
      return real.run(caller, line, screen, signal);
    },
  };
  door = await openGitDoor({ console, limits: { commandsPerKey: 2 } });
  key = await door.addKey(ALICE);
});
afterAll(async () => {
  await door[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

const ssh = (...args: string[]) => door.ssh(key, ['git@127.0.0.1', ...args]);
/** As with a terminal: the client asks for a pty though it has none itself. */
const sshOnTerminal = (...args: string[]) =>
  run('env', ['TERM=xterm', 'ssh', '-tt', ...door.sshArgs(key), 'git@127.0.0.1', ...args], {}, patient);

describe('a command over ssh', () => {
  it('answers on standard output, explains on standard error, and ends with its own code', async () => {
    expect(await ssh('apps')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^demo {2}/) as unknown,
    });
    const created = await ssh('apps:create', 'other-app', '--json');
    expect(created).toMatchObject({ code: 0, stderr: 'Created other-app.\n' });
    expect(JSON.parse(created.stdout)).toMatchObject({ name: 'other-app' });
    expect(await ssh('config:get', 'NOPE', '-a', 'demo')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: NOPE is not set for demo.\n',
    });
    expect(await ssh('nonsense')).toMatchObject({ code: 2, stdout: '' });
    expect(await ssh('config')).toMatchObject({
      code: 2,
      stderr: 'Error: Which app? Name it with --app NAME.\n',
    });
  });

  it('shows what there is when none is named', async () => {
    const { code, stdout } = await ssh();
    expect(code).toBe(0);
    expect(stdout).toContain('apps:create');
  });

  it('takes words as a shell would have them, and expands nothing', async () => {
    await ssh('config:set', '-a', 'demo', '--no-wait', `'A=a  b'`, `'B=$(id) * ~'`);
    expect((await ssh('config:get', 'A', '-a', 'demo')).stdout).toBe('a  b\n');
    expect((await ssh('config:get', 'B', '-a', 'demo')).stdout).toBe('$(id) * ~\n');
    expect(await ssh(`"config:get`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('never closed') as unknown,
    });
    expect((await ssh('apps;id')).stdout).toBe('');
  });

  it('speaks as Dokku does to those who call it so', async () => {
    const dokku = (...args: string[]) => door.ssh(key, ['dokku@127.0.0.1', '--', ...args]);
    expect((await dokku('--app', 'demo', 'config:get', 'A')).stdout).toBe('a  b\n');
    expect((await dokku('config:show', 'demo')).stdout).toContain('A:');
    expect((await door.ssh(key, ['deis@127.0.0.1', 'apps:list'])).stdout).toContain('demo');
    expect((await ssh('config:show', 'demo')).code).toBe(2);
    expect(await dokku('apps:exists', 'demo')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await dokku('apps:exists', 'nowhere')).toMatchObject({ code: 1, stdout: '' });
    expect((await dokku('config:export', 'demo')).stdout).toContain("export A='a  b'\n");
    expect((await dokku('urls', 'demo')).stdout).toMatch(/^http:.*demo\S*\n$/);
    expect(await dokku('config:set', '--no-restart', 'demo', 'C=1', '--no-wait')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('--no-restart cannot be so here') as unknown,
    });
    expect(await dokku('ps:rebuild', 'demo')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Of Dokku, not of gantry') as unknown,
    });
  });

  it('has colours on a terminal only, and one stream there', async () => {
    expect((await ssh('ps', '-a', 'demo')).stdout).not.toContain('\u001b');
    const shown = await sshOnTerminal('ps', '-a', 'demo');
    expect(shown.stdout).toContain('\u001b[36mweb');
    expect(shown.stdout).toMatch(/\r\n$/);
    expect(shown.stdout).not.toMatch(/[^\r]\n/);
    const failed = await sshOnTerminal('config:get', 'NOPE', '-a', 'demo');
    expect([failed.code, failed.stdout]).toEqual([1, 'Error: NOPE is not set for demo.\r\n']);
  });

  it('reads what is sent to it, and no file of the server', async () => {
    const text = await publicKey();
    const added = spawnSsh('keys:add');
    added.child.stdin.end(text);
    expect(await added.done).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Added the key') as unknown,
    });
    const refused = await ssh('keys:add', '/etc/passwd');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(
      '/etc/passwd is a file on your own machine, which cannot be read from here',
    );
  });

  it.each(['login', 'logout', 'open -a demo', 'git:remote -a demo', 'heroku -- apps'])(
    'is refused with a sentence when it is about a machine: %s',
    async (line) => {
      expect(await ssh(line)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('works on your own machine only') as unknown,
      });
    },
  );

  it('ends when its client goes away', async () => {
    const { child, signal } = await tail();
    child.kill('SIGKILL');
    await expect.poll(() => signal.aborted, { timeout: 5_000 }).toBe(true);
  });

  it('is interrupted by Ctrl-C on a terminal', async () => {
    const { child, done } = await tail('-tt');
    child.stdin.write('\u0003');
    expect((await done).code).toBe(130);
  });

  it('waits its turn when its key runs enough already', async () => {
    const open = [await tail(), await tail()];
    expect(await ssh('apps')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('runs 2 commands already') as unknown,
    });
    for (const { child } of open) child.kill('SIGTERM');
    await expect.poll(async () => (await ssh('apps')).code, { timeout: 5_000 }).toBe(0);
  });
});

async function publicKey(): Promise<string> {
  await run(
    'ssh-keygen',
    ['-q', '-t', 'ed25519', '-N', '', '-C', 'extra', '-f', `${door.home}/extra`],
    {},
    patient,
  );
  return readFile(`${door.home}/extra.pub`, 'utf8');
}

/** A command that goes on until it is stopped. */
async function tail(...options: string[]) {
  const before = signals.length;
  const running = spawnSsh(...options, 'logs', '-t', '-a', 'demo');
  await expect.poll(() => signals.length, { timeout: 5_000 }).toBe(before + 1);
  const signal = signals.at(-1);
  if (signal === undefined) throw new Error('no command has begun');
  expect(signal.aborted).toBe(false);
  return { ...running, signal };
}

function spawnSsh(...args: string[]) {
  const options = args.filter((word) => word === '-tt');
  const words = args.filter((word) => word !== '-tt');
  const child = spawn('ssh', [...options, ...door.sshArgs(key), 'git@127.0.0.1', ...words], {
    stdio: 'pipe',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const done = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, done };
}
