import { tmpdir } from 'node:os';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gone, run, runOrThrow } from './child.ts';

const patient = new AbortController().signal;
const node = (script: string, ...args: string[]): [string, string[]] => [
  process.execPath,
  ['-e', script, '--', ...args],
];

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // nobody there
  }
}

describe('running a program', () => {
  it('collects what it says on both streams, and how it ended', async () => {
    const [command, args] = node('console.log("out"); console.error("err"); process.exitCode = 3');
    expect(await run(command, args, {}, patient)).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('has no shell between: an argument stays one argument, whatever stands in it [S-INJ-01]', async () => {
    const hostile = `$(id) ; rm -rf / "quo'ted" * \n`;
    const [command, args] = node('process.stdout.write(process.argv[1])', hostile);
    expect((await run(command, args, {}, patient)).stdout).toBe(hostile);
  });

  it('gives the child exactly the environment and the directory it was told', async () => {
    const [command, args] = node('console.log(JSON.stringify([process.env, process.cwd()]))');
    const { stdout } = await run(command, args, { env: { ONLY: 'this' }, cwd: tmpdir() }, patient);
    expect(JSON.parse(stdout)).toEqual([{ ONLY: 'this' }, await realpath(tmpdir())]);
  });

  it('passes input, and survives a child that does not read it', async () => {
    const [cat, args] = node('process.stdin.pipe(process.stdout)');
    expect((await run(cat, args, { input: 'héllo' }, patient)).stdout).toBe('héllo');
    expect((await run('/bin/true', [], { input: 'x'.repeat(1_000_000) }, patient)).code).toBe(0);
  });

  it('keeps no more than it may, and still lets the child end', async () => {
    const [command, args] = node('process.stdout.write("abcdef".repeat(50_000))');
    const { code, stdout } = await run(command, args, { maxBytes: 10 }, patient);
    expect([code, stdout]).toEqual([0, 'abcdefabcd']);
  });

  it('answers null for one that a signal ended', async () => {
    expect((await run(...node('process.kill(process.pid, "SIGKILL")'), {}, patient)).code).toBeNull();
  });

  it('rejects for a program that is not there', async () => {
    await expect(run('/no/such/program', [], {}, patient)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['with', true],
    ['without', undefined],
  ] as const)('ends, when the signal aborts, %s what it has started', async (_, group) => {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-group-'));
    const noted = join(folder, 'pid');
    const script = `const { pid } = require('node:child_process').spawn('sleep', ['60']);
      require('node:fs').writeFileSync(${JSON.stringify(noted)}, String(pid)); setInterval(() => {}, 1000);`;
    const stop = new AbortController();
    const running = run(...node(script), { ...(group && { group }) }, stop.signal);
    running.catch(() => undefined); // expected below
    const pidOf = async (): Promise<number> => Number(await readFile(noted, 'utf8').catch(() => '0'));
    await vi.waitFor(async () => expect(await pidOf()).toBeGreaterThan(0), { timeout: 20_000 });
    const pid = await pidOf();
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow();
    if (group) await vi.waitFor(() => expect(lives(pid)).toBe(false), { timeout: 10_000 });
    else {
      expect(lives(pid)).toBe(true);
      process.kill(pid, 'SIGKILL');
    }
    await rm(folder, { recursive: true });
  });

  it('kills it when the signal aborts, also one that ignores polite requests', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'child-'));
    const file = join(dir, 'pid');
    const stop = new AbortController();
    const script = 'trap "" TERM; echo $$ > "$1.new"; mv "$1.new" "$1"; exec sleep 30';
    const running = run('/bin/sh', ['-c', script, 'sh', file], {}, stop.signal);
    const aborted = expect(running).rejects.toThrow('abort');
    await expect.poll(() => readFile(file, 'utf8').catch(() => ''), { interval: 5 }).toMatch(/\d/);
    const pid = Number(await readFile(file, 'utf8'));
    stop.abort();
    await aborted;
    expect(lives(pid), 'whoever hears of the end may rely on it').toBe(false);
    await rm(dir, { recursive: true });
  });

  it('does not wait for what a killed child has started and left behind', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'child-'));
    const file = join(dir, 'pid');
    const stop = new AbortController();
    // The grandchild holds the pipes; it ends with its own file.
    const script = 'sleep 20 & echo $! > "$1.new"; mv "$1.new" "$1"; wait';
    const running = run('/bin/sh', ['-c', script, 'sh', file], {}, stop.signal);
    const aborted = expect(running).rejects.toThrow('abort');
    await expect.poll(() => readFile(file, 'utf8').catch(() => ''), { interval: 5 }).toMatch(/\d/);
    stop.abort();
    await aborted;
    process.kill(Number(await readFile(file, 'utf8')), 'SIGKILL');
    await rm(dir, { recursive: true });
  });

  it('does not begin when the signal has aborted already', async () => {
    await expect(run('/bin/true', [], {}, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
  });
});

describe('waiting for the end of a child', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A child as far as its end is concerned. */
  const childWith = (state: { pid?: number; exitCode?: number; signalCode?: NodeJS.Signals } = {}) =>
    Object.assign(new EventEmitter(), { pid: 7, exitCode: null, signalCode: null, ...state });
  const hasEnded = async (waiting: Promise<void>): Promise<boolean> => {
    let ended = false;
    void waiting.then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(0);
    return ended;
  };

  it('takes as long as the child does', async () => {
    const child = childWith();
    const waiting = gone(child, 1_000);
    expect(await hasEnded(waiting)).toBe(false);
    child.emit('exit', null, 'SIGKILL');
    expect(await hasEnded(waiting)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is over when it takes too long, whatever holds the child', async () => {
    const waiting = gone(childWith(), 1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(await hasEnded(waiting)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await hasEnded(waiting)).toBe(true);
  });

  it.each([{ exitCode: 0 }, { signalCode: 'SIGKILL' }, { pid: undefined }] as const)(
    'is over at once for a child with %j',
    async (state) => {
      const child = Object.assign(childWith(), state);
      expect(await hasEnded(gone(child, 1_000))).toBe(true);
    },
  );
});

describe('running a program that has to succeed', () => {
  it('answers its output', async () => {
    expect(await runOrThrow(...node('console.log("fine")'), {}, patient)).toBe('fine\n');
  });

  it('throws with the last thing it said', async () => {
    const script = 'console.error("first\\nno such table\\n"); process.exitCode = 2';
    await expect(runOrThrow(...node(script), {}, patient)).rejects.toThrow(
      /^\S*node\S* -e ended with 2: no such table$/,
    );
    const killed = runOrThrow(...node('process.kill(process.pid, "SIGKILL")'), {}, patient);
    await expect(killed).rejects.toThrow('ended with a signal');
  });
});
