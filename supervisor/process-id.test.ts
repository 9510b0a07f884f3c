import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  endProcess,
  findProcesses,
  identify,
  isAlive,
  parseStat,
  readPidFile,
  signalProcess,
  writePidFile,
} from './process-id.ts';

const patient = new AbortController().signal;

it('finds state and start of a process whose name looks like more fields', () => {
  const after = Array.from({ length: 30 }, (_, at) => String(at + 4));
  expect(parseStat(`42 (a) b (c) S 1 ${after.slice(1).join(' ')}`)).toMatchObject({
    state: 'S',
    start: '22',
  });
});

it('knows itself, and takes another start time under the same pid for another process', () => {
  const own = identify(process.pid);
  expect(own && isAlive(own)).toBe(true);
  expect(own && isAlive({ ...own, start: '1' })).toBe(false);
  expect(own && isAlive({ ...own, boot: 'another boot' })).toBe(false);
});

it('never signals a process that got the pid of a dead one', () => {
  const own = identify(process.pid);
  if (!own) throw new Error('this process does not run');
  signalProcess({ ...own, start: '1' }, 'SIGKILL'); // would end this test
  expect(isAlive(own)).toBe(true);
});

it('ends a process that ignores the polite signal', async () => {
  const child = spawn('/bin/sh', ['-c', 'trap "" TERM; echo up; while :; do sleep 1; done'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const id = identify(child.pid ?? 0);
  if (!id) throw new Error('it does not run');
  expect(await endProcess(id, { signal: 'SIGTERM', graceMs: 100 }, patient)).toBe('killed');
  expect(isAlive(id)).toBe(false);
});

it('reads no process out of an absent, damaged or outdated pid file', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'pid-'));
  const file = join(dir, 'x.pid');
  expect(await readPidFile(file)).toBeUndefined();
  await writeFile(file, '{"pid": 12');
  expect(await readPidFile(file)).toBeUndefined();
  await writePidFile(file, { pid: process.pid, start: '1', boot: 'x', fingerprint: 'f' });
  expect(await readPidFile(file)).toBeUndefined();
  await rm(dir, { recursive: true });
});

it('takes no process of a container for one of ours, whatever it says of itself', async () => {
  const mark = `GANTRY_TEST_MARK=${process.pid}`;
  const marked = (where?: 'anywhere') =>
    findProcesses(({ env, argv }) => env.includes(mark) && argv[0] === 'sleep', where);
  const env = { PATH: '/usr/bin:/bin', GANTRY_TEST_MARK: String(process.pid) };
  const own = spawn('sleep', ['100'], { env, stdio: 'ignore' });
  const tenant = spawn('unshare', ['--pid', '--fork', '--kill-child', 'sleep', '100'], {
    env,
    stdio: 'ignore',
  });
  try {
    await expect.poll(async () => (await marked('anywhere')).length, { timeout: 5_000 }).toBe(2);
    expect((await marked()).map(({ pid }) => pid)).toEqual([own.pid]);
  } finally {
    own.kill('SIGKILL');
    tenant.kill('SIGKILL');
  }
});
