import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quietLog } from '../lib/log.ts';
import { SUPERVISED } from './context.ts';
import { directory, type Home } from './home.ts';
import { backoffMs, fingerprintOf, keep, pidFileOf, type Keeper } from './keeper.ts';
import type { Part, PartStatus } from './part.ts';
import { endProcess, identify, isAlive, readPidFile, type PidFile, type ProcessId } from './process-id.ts';
import { STARTED_AS } from './strays.ts';

const patient = new AbortController().signal;
let home: Home;
let seen: PartStatus[];
const keepers: Keeper[] = [];
/** To be ended after the test, whatever becomes of them in it. */
const strays: ProcessId[] = [];

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'keeper-'));
  home = {
    id: 'abc123',
    root,
    run: join(root, 'run'),
    logs: join(root, 'logs'),
    secrets: root,
    volatile: root,
  };
  await directory(home.run, 0o700);
  await directory(home.logs, 0o700);
  seen = [];
});
afterEach(async () => {
  for (const keeper of keepers.splice(0)) await keeper[Symbol.asyncDispose]();
  const left = await readPidFile(pidFileOf(home, 'sleeper'));
  if (left) await endProcess(left, { signal: 'SIGKILL', graceMs: 2_000 }, patient);
  for (const stray of strays.splice(0)) if (isAlive(stray)) process.kill(stray.pid, 'SIGKILL');
  await rm(home.root, { recursive: true });
});

function spawnSleeper(
  env: Record<string, string>,
  [program, ...args]: readonly [string, ...string[]] = ['/bin/sleep', '60'],
): ProcessId {
  const id = identify(spawn(program, args, { env, stdio: 'ignore', detached: true }).pid ?? 0);
  if (!id) throw new Error('it does not run');
  strays.push(id);
  return id;
}

const sleeper = (over: Partial<Part> = {}): Part => ({
  name: 'sleeper',
  title: 'sleeper',
  needs: [],
  command: '/bin/sleep',
  args: ['60'],
  env: {},
  probe: () => Promise.resolve(),
  stop: { signal: 'SIGTERM', graceMs: 2_000 },
  readyMs: 2_000,
  whenHung: 'restart',
  version: '1',
  ...over,
});
const silent = (): Promise<void> => Promise.reject(new Error('no answer'));
const start = (part: Part): Keeper => {
  const keeper = keep(part, {
    home,
    log: quietLog(),
    needsReady: () => Promise.resolve(),
    changed: (now) => seen.push(now),
  });
  keepers.push(keeper);
  return keeper;
};
const until = (state: PartStatus['state'], times = 1): Promise<void> =>
  expect
    .poll(() => seen.filter((status) => status.state === state).length, { timeout: 5_000, interval: 10 })
    .toBeGreaterThanOrEqual(times);
const running = async (): Promise<PidFile> => {
  const found = await readPidFile(pidFileOf(home, 'sleeper'));
  if (!found) throw new Error('nothing runs');
  return found;
};

describe('keeping a part running', () => {
  it('starts it, and starts it again when it was killed', async () => {
    start(sleeper());
    await until('ready');
    const { pid } = await running();
    process.kill(pid, 'SIGKILL');
    await until('ready', 2);
    expect((await running()).pid).not.toBe(pid);
  });

  it('lets go of it without ending it, and adopts it the next time', async () => {
    start(sleeper());
    await until('ready');
    const { pid } = await running();
    for (const keeper of keepers.splice(0)) await keeper[Symbol.asyncDispose]();
    expect((await running()).pid).toBe(pid);

    seen = [];
    start(sleeper());
    await until('ready');
    expect(seen.at(-1)).toMatchObject({ origin: 'adopted', pid });
  });

  it('does not adopt what was started differently: that one is ended first', async () => {
    start(sleeper());
    await until('ready');
    const before = await running();
    for (const keeper of keepers.splice(0)) await keeper[Symbol.asyncDispose]();
    seen = [];
    start(sleeper({ version: '2' }));
    await until('ready');
    expect(seen.at(-1)).toMatchObject({ origin: 'started' });
    expect((await running()).pid).not.toBe(before.pid);
  });

  describe('that runs without a pid file, as its supervisor was killed before it wrote one', () => {
    const marked = (over: Partial<Part> = {}): Part =>
      sleeper({ env: { [SUPERVISED]: `${home.id}/sleeper` }, ...over });

    /** Leaves the part running as such a supervisor does. */
    async function abandon(part: Part): Promise<PidFile> {
      start(part);
      await until('ready');
      const left = await running();
      for (const keeper of keepers.splice(0)) await keeper[Symbol.asyncDispose]();
      await rm(pidFileOf(home, 'sleeper'));
      strays.push(left);
      seen = [];
      return left;
    }

    it('adopts it, and knows it from then on', async () => {
      const { pid } = await abandon(marked());
      start(marked());
      await until('ready');
      expect(seen.at(-1)).toMatchObject({ origin: 'adopted', pid });
      expect((await running()).pid).toBe(pid);
    });

    it('ends it first when it was started differently', async () => {
      const left = await abandon(marked({ args: ['61'] }));
      start(marked());
      await until('ready');
      expect(seen.at(-1)).toMatchObject({ origin: 'started' });
      expect([isAlive(left), isAlive(await running())]).toEqual([false, true]);
    });

    it('keeps one when there are two', async () => {
      const first = await abandon(marked());
      const other = spawnSleeper({ ...marked().env, [STARTED_AS]: fingerprintOf(marked()) });
      start(marked());
      await until('ready');
      expect([isAlive(first), isAlive(other)].filter(Boolean)).toHaveLength(1);
      expect(isAlive(await running())).toBe(true);
    });

    it('leaves alone what belongs to another platform or part, and what a part started itself', async () => {
      const others = [
        spawnSleeper({ [SUPERVISED]: 'zzzzzz/sleeper' }),
        spawnSleeper({ [SUPERVISED]: `${home.id}/other` }),
        spawnSleeper({ [SUPERVISED]: `${home.id}/sleeper` }, ['/usr/bin/tail', '-f', '/dev/null']),
      ];
      start(marked());
      await until('ready');
      expect(seen.at(-1)).toMatchObject({ origin: 'started' });
      expect(others.map(isAlive)).toEqual([true, true, true]);
    });
  });

  it('says what a part said last when it ends at once, and tries again', async () => {
    start(sleeper({ command: '/bin/sh', args: ['-c', 'echo no room left >&2; exit 1'], probe: silent }));
    await until('failing');
    expect(seen.at(-1)?.problem).toBe('no room left');
  });

  it('does not try again when the part says that it can only fail', async () => {
    start(
      sleeper({ command: '/bin/sh', args: ['-c', 'echo the database is newer >&2; exit 78'], probe: silent }),
    );
    await until('refused');
    expect(seen.at(-1)).toMatchObject({ state: 'refused', problem: 'the database is newer' });
  });

  it('ends what does not become ready in its time', async () => {
    start(sleeper({ readyMs: 100, probe: () => Promise.reject(new Error('not yet')) }));
    await until('failing');
    expect(seen.at(-1)?.problem).toContain('not yet');
    expect(await readPidFile(pidFileOf(home, 'sleeper'))).toBeUndefined();
  });

  it('says so when the program does not exist', async () => {
    start(sleeper({ command: '/there/is/no/such/program' }));
    await until('failing');
    expect(seen.at(-1)?.problem).toContain('ENOENT');
  });
});

it('waits longer after each failure, from 100 ms up to 10 s', () => {
  expect([0, 1, 2, 3, 8, 100].map(backoffMs)).toEqual([0, 100, 200, 400, 10_000, 10_000]);
});

it('knows a part by everything it is started with', () => {
  const prints = [
    sleeper(),
    sleeper({ args: ['61'] }),
    sleeper({ env: { A: '1' } }),
    sleeper({ version: '2' }),
  ].map(fingerprintOf);
  expect(new Set(prints).size).toBe(4);
  expect(fingerprintOf(sleeper({ env: { A: '1', B: '2' } }))).toBe(
    fingerprintOf(sleeper({ env: { B: '2', A: '1' } })),
  );
});
