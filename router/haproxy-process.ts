import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../lib/child.ts';
import { pause, withDeadline } from '../lib/deadline.ts';
import { haproxyProcess } from './contract.ts';
import { RouterError } from './errors.ts';
import { ask } from './haproxy-socket.ts';
import { bindsPort } from './render.ts';

/** One run of one HAProxy process. */
export interface Proc {
  readonly pid: number;
  /** Start time in clock ticks since boot: with it a pid is not mistaken for a later process of the same number. */
  readonly started: string;
  readonly slot: number;
  readonly generation: number;
  readonly socket: string;
}

/** Where things are on this machine. */
export interface Where {
  readonly generationDir: (generation: number) => string;
  readonly socketOf: (slot: number, generation: number) => string;
  readonly logFile: string;
  /** The users a process of ours may run as. */
  readonly uids: readonly number[];
}

const START_TIMEOUT_MS = 20_000;
/** HAProxy is started quietly, or it would log every change of a server; some reasons are lost with that. */
const SILENT_END = 'without a reason; is its port taken, or its limit of open files too low?';
const MAX_LOG_BYTES = 1_000_000;

/** Names one run of a process, for counters and mirrors. */
export function runOf(proc: Proc): string {
  return `${proc.pid}-${proc.started}`;
}

function startedAt(pid: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // no such process
  }
  // The second field is the program's name in parentheses and may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

/** Whether this very process still runs; one that ended and waits for its parent to notice does not. */
export function isAlive(proc: Proc): boolean {
  return startedAt(proc.pid) === proc.started;
}

/** Sends a signal to this very process; nothing when it has gone. */
export function signalTo(proc: Proc, name: NodeJS.Signals): void {
  if (!isAlive(proc)) return;
  try {
    process.kill(proc.pid, name);
  } catch {
    // it ended between the look and the signal
  }
}

/** `haproxyProcess` knows a process by these. */
function argumentsOf(where: Where, slot: number, generation: number): string[] {
  return ['-q', '-C', where.generationDir(generation), '-f', `process-${slot}.cfg`, '-f', 'pool'];
}

/** The version of the HAProxy that would be started now. */
export async function installedVersion(signal: AbortSignal): Promise<string> {
  const done = await withDeadline(START_TIMEOUT_MS, signal, (inner) => run('haproxy', ['-v'], {}, inner));
  const version = /^HAProxy version ([\w.+~-]{1,60})\s/.exec(done.stdout)?.[1];
  if (version === undefined)
    throw new Error(`haproxy -v does not say its version: ${lastAlert(done.stdout)}`);
  return version;
}

/** Whether the process was started to listen on a port, for HTTP or over TLS. */
export async function listensOn(proc: Proc, port: number, where: Where): Promise<boolean> {
  const file = join(where.generationDir(proc.generation), `process-${proc.slot}.cfg`);
  return bindsPort(await readFile(file, 'utf8').catch(() => ''), port); // without its file nobody can tell
}

/** Lets HAProxy read a generation without running it; throws `bad_configuration` with its reason. */
export async function checkGeneration(where: Where, generation: number, signal: AbortSignal): Promise<void> {
  for (const slot of [0, 1]) {
    const args = ['-c', ...argumentsOf(where, slot, generation)];
    const done = await withDeadline(START_TIMEOUT_MS, signal, (inner) => run('haproxy', args, {}, inner));
    if (done.code !== 0) throw RouterError.of('bad_configuration', { reason: lastAlert(done.stderr) });
  }
}

function lastAlert(text: string): string {
  const lines = text.trim().split('\n');
  return (lines.find((line) => line.includes('[ALERT]')) ?? lines.at(-1) ?? 'no reason given').slice(0, 300);
}

/**
 * Starts one process from the files of a generation and resolves once it answers, which is after it listens.
 * It outlives us. With `from`, it takes over the listening sockets of the process behind that command socket, so
 * that no connection waiting on them is lost; both accept until the old one is told to stop.
 */
export async function startProcess(
  where: Where,
  slot: number,
  generation: number,
  from: string | undefined,
  signal: AbortSignal,
): Promise<Proc> {
  const socket = where.socketOf(slot, generation);
  const takeOver = from === undefined ? [] : ['-x', from];
  const log = await open(where.logFile, 'a', 0o600);
  const before = (await log.stat()).size;
  if (before > MAX_LOG_BYTES) await truncate(where.logFile);
  const child = spawn('haproxy', [...argumentsOf(where, slot, generation), ...takeOver], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    cwd: '/',
  });
  await log.close();
  child.unref();
  let ended: string | undefined;
  child.on('error', (err) => (ended = err.message));
  child.on('exit', (code, name) => (ended ??= `ended with ${code ?? name ?? 'no code'}`));

  const starting = withDeadline(START_TIMEOUT_MS, signal, async (inner) => {
    for (;;) {
      const started = child.pid === undefined ? undefined : startedAt(child.pid);
      if (ended !== undefined) {
        const said = (await readFile(where.logFile, 'utf8')).slice(before > MAX_LOG_BYTES ? 0 : before);
        throw RouterError.of('process_down', {
          slot,
          reason: said === '' ? `${ended} ${SILENT_END}` : lastAlert(said),
        });
      }
      if (child.pid !== undefined && started !== undefined && (await pidBehind(socket, inner)) === child.pid)
        return { pid: child.pid, started, slot, generation, socket };
      await pause(5, inner);
    }
  });
  return starting.catch((err: unknown) => {
    child.kill('SIGKILL'); // one that came up later would share the port, and nobody would tell it anything
    throw err;
  });
}

async function pidBehind(socket: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    return infoOf((await ask(socket, ['show info'], signal))[0] ?? '').pid;
  } catch (err) {
    if (signal.aborted) throw err;
    return undefined; // nobody listens there yet, or not any more
  }
}

/** The few facts we need of `show info`. */
export function infoOf(answer: string): { pid: number; stopping: boolean; connections: number } {
  const field = (name: string): number =>
    Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(answer)?.[1] ?? NaN);
  return { pid: field('Pid'), stopping: field('Stopping') !== 0, connections: field('CurrConns') };
}

/** Whether the process still takes connections: one that was told to stop refuses on its command socket. */
export async function isAccepting(proc: Proc, signal: AbortSignal): Promise<boolean> {
  return (await pidBehind(proc.socket, signal)) === proc.pid;
}

/** Every process of ours that runs, found by what it was started with: true also when whoever started it is gone. */
export async function findProcesses(routerDir: string, where: Where): Promise<Proc[]> {
  const found: Proc[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const what = haproxyProcess((await readFile(`/proc/${name}/cmdline`, 'utf8')).split('\0'), routerDir);
      const started = startedAt(Number(name));
      // Anybody can start a program with such arguments.
      if (!what || started === undefined || !where.uids.includes((await stat(`/proc/${name}`)).uid)) continue;
      found.push({ pid: Number(name), started, ...what, socket: where.socketOf(what.slot, what.generation) });
    } catch {
      // it ended while we looked
    }
  }
  return found;
}

/** Removes the command socket that a process left behind. */
export async function forget(proc: Proc): Promise<void> {
  await rm(proc.socket, { force: true });
}
