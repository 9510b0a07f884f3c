import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import ssh2, { type ClientChannel, type PseudoTtyOptions } from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createConsole } from '../../server/console.ts';
import type { Actor } from '../../server/domain/actor.ts';
import { createSessionTokens, withSessionTokens } from '../../server/services/session-tokens.ts';
import type { FakeProcess } from '../support/fake-attachment.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';
import { openGitDoor, type GitDoor } from '../support/git-door.ts';
import { putCollaborator } from '../support/memory-membership.ts';
import { settled } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let api: TestDoor;
let door: GitDoor;
let key: string;
let caller: Actor;

beforeAll(async () => {
  world = createWorld();
  world.deployed('demo');
  caller = world.admin;
  const tokens = createSessionTokens();
  const authenticateKey = (): Promise<Actor> => Promise.resolve(caller);
  const accounts = withSessionTokens({ ...world.services.accounts, authenticateKey }, tokens);
  api = await openTestDoor({ services: { ...world.services, accounts } });
  door = await openGitDoor({ console: createConsole({ tokens, apiPort: Number(new URL(api.url).port) }) });
  key = await door.addKey('alice@example.com');
});
afterAll(async () => {
  await door[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

// The engine of these tests does not see a process end, and an app may have only a few runs.
afterEach(() => world.runs.created.forEach(({ id }) => world.runs.end(id, 0)));

interface Running {
  readonly child: ReturnType<typeof spawnSsh>['child'];
  readonly process: FakeProcess;
  readonly done: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Somebody with the real ssh who runs something, and the process that it became. */
async function running(line: string, options: readonly string[] = [], user = 'git'): Promise<Running> {
  const before = world.runs.processes.length;
  const { child, done } = spawnSsh([...options, ...door.sshArgs(key), `${user}@127.0.0.1`, '--', line]);
  await expect.poll(() => world.runs.processes.length, { timeout: 10_000 }).toBe(before + 1);
  const process = world.runs.processes[before] ?? expect.unreachable('it is there');
  return { child, process, done };
}

function spawnSsh(args: readonly string[]) {
  const child = spawn('ssh', args, { stdio: 'pipe', env: { ...process.env, TERM: 'xterm-256color' } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const done = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, done };
}

const lastSpec = () => world.runs.created.at(-1)?.spec;
const TERMINAL = ['-tt'];

describe('a process over ssh', () => {
  it('reads what is piped in, prints on two streams, and its exit code is that of ssh', async () => {
    const { child, process, done } = await running(`run -a demo "cat; exit 7"`);
    expect(lastSpec()).toMatchObject({ command: 'cat; exit 7', tty: false });
    child.stdin.end('a\u0003\u0004b');
    await expect.poll(() => process.said.inputEnded).toBe(true);
    expect(process.input().toString()).toBe('a\u0003\u0004b');
    process.print('one\n');
    process.print('two\n', 'err');
    process.finish(7);
    const { code, stdout, stderr } = await done;
    expect({ code, stdout }).toEqual({ code: 7, stdout: 'one\n' });
    expect(stderr).toMatch(/^Running cat; exit 7 on demo as run\.\d+\.\ntwo\n$/);
  });

  it('has a terminal with ssh -t, whose keys are all its own, Ctrl-C too', async () => {
    const { child, process, done } = await running('run -a demo bash', TERMINAL);
    expect(lastSpec()).toMatchObject({ command: 'bash', tty: true });
    expect(lastSpec()?.env.get('TERM')).toBe('xterm-256color');
    child.stdin.write('ls\r\u0003\u0004');
    await expect.poll(() => process.input().toString()).toBe('ls\r\u0003\u0004');
    process.print('\u001b[1mbold\u001b[0m\n');
    process.finish(130);
    const { code, stdout } = await done;
    expect(code).toBe(130);
    expect(stdout).toMatch(/on demo as run\.\d+\.\r\n/);
    expect(stdout.endsWith('\u001b[1mbold\u001b[0m\n')).toBe(true);
  });

  it('gets everything of a large input, however slowly it reads', async () => {
    const { child, process, done } = await running('run -a demo import', TERMINAL);
    process.stall(true);
    child.stdin.write(Buffer.alloc(3_000_000, 'x'));
    await expect.poll(() => process.holds()).toBe(true);
    await settled(() => child.stdin.writableLength, 10_000);
    process.stall(false);
    await expect.poll(() => process.input().length, { timeout: 10_000 }).toBe(3_000_000);
    process.finish(0);
    expect((await done).code).toBe(0);
  });

  it('is let go when its client leaves', async () => {
    for (const options of [[], TERMINAL]) {
      const { child, process } = await running('run -a demo bash', options);
      child.kill('SIGKILL');
      await expect.poll(() => process.said.letGo, { timeout: 5_000 }).toBe(true);
    }
  });

  it('may be one inside an instance', async () => {
    const { process, done } = await running('ps:exec -a demo ls -l', TERMINAL);
    expect(world.runs.execs.at(-1)?.argv.join(' ')).toContain('ls -l');
    process.finish(2);
    expect((await done).code).toBe(2);
  });

  it.each([
    ['dokku', 'run demo worker one'],
    ['dokku', '--app demo run worker one'],
    ['deis', 'run -a demo worker one'],
    ['git', 'run worker one -a demo'],
  ])('is called as %s calls it: %s', async (user, line) => {
    const { process, done } = await running(line, [], user);
    expect(lastSpec()?.command).toBe('worker one');
    process.finish(0);
    expect((await done).code).toBe(0);
  });

  it('is entered as Dokku enters it', async () => {
    const { process, done } = await running('enter demo web', TERMINAL, 'dokku');
    expect(world.runs.execs.at(-1)?.argv.join(' ')).toContain('exec bash');
    process.finish(0);
    expect((await done).code).toBe(0);
  });

  it('is refused to those who may not run commands in the app', async () => {
    const before = world.runs.created.length;
    const { actor } = world.addUser('viewer@example.com');
    const lines = [
      'run -a demo bash',
      'ps:exec -a demo',
      'run:inside -a demo web.1 ls',
      'run:detached -a demo ls',
    ];
    const told = async (line: string) =>
      (await spawnSsh([...door.sshArgs(key), 'git@127.0.0.1', line]).done).stderr;
    try {
      caller = actor;
      for (const line of lines)
        expect(await told(line), line).toMatch(/^Error: Couldn't find that app: demo/);
      putCollaborator(world.memory, world.apps.get('demo')?.app.id ?? '', actor.userId, 'view');
      for (const line of lines)
        expect(await told(line), line).toMatch(/does not include running commands in it/);
    } finally {
      caller = world.admin;
    }
    expect(world.runs.created).toHaveLength(before);
    expect(world.runs.execs).toHaveLength(2);
  });
});

describe('a terminal over ssh', () => {
  const window = (cols: number, rows: number): PseudoTtyOptions => ({
    cols,
    rows,
    width: 0,
    height: 0,
    term: 'vt100',
  });

  async function open(line: string, pty: PseudoTtyOptions | undefined) {
    const before = world.runs.processes.length;
    const client = new ssh2.Client();
    await new Promise<void>((resolve, reject) => {
      void readFile(key, 'utf8').then((privateKey) =>
        client
          .once('ready', resolve)
          .once('error', reject)
          .connect({ host: '127.0.0.1', port: door.port, username: 'git', privateKey }),
      );
    });
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.exec(line, pty === undefined ? {} : { pty }, (err, made) => (err ? reject(err) : resolve(made))),
    );
    channel.resume();
    await expect.poll(() => world.runs.processes.length).toBe(before + 1);
    return { client, channel, process: world.runs.processes[before] ?? expect.unreachable('it is there') };
  }

  it('has the size of the window, and hears when it changes', async () => {
    const { client, channel, process } = await open('run -a demo bash', window(100, 40));
    await expect.poll(() => process.said.sizes.at(-1)).toEqual({ columns: 100, rows: 40 });
    channel.setWindow(50, 132, 0, 0);
    await expect.poll(() => process.said.sizes.at(-1)).toEqual({ columns: 132, rows: 50 });
    channel.setWindow(4_000_000_000, 0, 0, 0);
    await expect.poll(() => process.said.sizes.at(-1)).toEqual({ columns: 80, rows: 9_999 });
    process.finish(0);
    client.end();
  });

  it('passes signals on to the process, and none that is not ours to send', async () => {
    for (const pty of [undefined, window(80, 24)]) {
      const { client, channel, process } = await open('run -a demo bash', pty);
      channel.signal('ALRM');
      channel.signal('INT');
      channel.signal('TERM');
      await expect.poll(() => process.said.signals).toEqual(['SIGINT', 'SIGTERM']);
      process.finish(0);
      client.end();
    }
  });
});
