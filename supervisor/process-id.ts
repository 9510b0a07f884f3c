import { readdir, readFile, readlink } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { pause } from '../lib/deadline.ts';
import { isSystemError } from '../lib/errors.ts';
import { forget, writeAtomically } from './home.ts';

/** One process for all time: a pid is recycled, a pid with its start time and boot is not. */
const processId = z.object({
  pid: z.int().positive(),
  /** Start in clock ticks since boot (field 22 of /proc/<pid>/stat). */
  start: z.string(),
  boot: z.string(),
});
export type ProcessId = z.infer<typeof processId>;

const pidFile = processId.extend({
  /** What it was started with; another fingerprint means that the part has to be started anew. */
  fingerprint: z.string(),
});
export type PidFile = z.infer<typeof pidFile>;

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

interface Stat {
  readonly state: string;
  readonly start: string;
}

/** State and start time from the text of /proc/<pid>/stat. The name may hold spaces and parentheses: fields count from the last one. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', start: fields[19] ?? '' };
}

function readStat(pid: number): Stat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (err) {
    if (isSystemError(err, 'ENOENT') || isSystemError(err, 'ESRCH')) return undefined;
    throw err;
  }
}

/** The identity of a running process, or undefined when it is gone (a zombie is gone). */
export function identify(pid: number): ProcessId | undefined {
  const stat = readStat(pid);
  return stat && stat.state !== 'Z' && stat.state !== 'X'
    ? { pid, start: stat.start, boot: bootId() }
    : undefined;
}

/** True while exactly this process runs. */
export function isAlive(id: ProcessId): boolean {
  const now = identify(id.pid);
  return now?.start === id.start && now.boot === id.boot;
}

/** The pid file's process when it runs; undefined when there is no file, it is damaged, or the process is gone. */
export async function readPidFile(path: string): Promise<PidFile | undefined> {
  try {
    const parsed = pidFile.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success && isAlive(parsed.data) ? parsed.data : undefined;
  } catch (err) {
    if (isSystemError(err, 'ENOENT') || err instanceof SyntaxError) return undefined;
    throw err;
  }
}

export async function writePidFile(path: string, file: PidFile): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(file)}\n`, 0o600);
}

/** Sends a signal to exactly this process, or to its whole process group; does nothing when it is gone. */
export function signalProcess(id: ProcessId, name: NodeJS.Signals, whole?: 'group'): void {
  if (!isAlive(id)) return;
  try {
    process.kill(whole ? -id.pid : id.pid, name);
  } catch (err) {
    if (!isSystemError(err, 'ESRCH')) throw err;
  }
}

/** Resolves true when the process has ended, false when it has not within `ms`. */
export async function ended(id: ProcessId, ms: number, signal: AbortSignal): Promise<boolean> {
  const until = Date.now() + ms;
  while (isAlive(id)) {
    if (Date.now() >= until) return false;
    await pause(20, signal);
  }
  return true;
}

/** Asks a process to end, waits, then kills it and its group. Removes the pid file. Idempotent. */
export async function endProcess(
  id: ProcessId,
  how: { readonly signal: NodeJS.Signals; readonly graceMs: number; readonly pidFile?: string },
  signal: AbortSignal,
): Promise<'gone' | 'killed'> {
  signalProcess(id, how.signal);
  const graceful = await ended(id, how.graceMs, signal);
  if (!graceful) {
    signalProcess(id, 'SIGKILL', 'group');
    await ended(id, 5_000, signal);
  }
  if (how.pidFile !== undefined) await forget(how.pidFile);
  return graceful ? 'gone' : 'killed';
}

interface Seen {
  readonly env: readonly string[];
  readonly argv: readonly string[];
}

/**
 * Every running process for which `match` is true of its environment and command line; the answer has its environment too.
 * Only `here`, unless `anywhere` is said: in a container a tenant gives processes the names and environments he likes.
 */
export async function findProcesses(
  match: (process: Seen) => boolean,
  where: 'here' | 'anywhere' = 'here',
): Promise<(ProcessId & Pick<Seen, 'env'>)[]> {
  const found: (ProcessId & Pick<Seen, 'env'>)[] = [];
  const here = await namespaceOf('self');
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const [env, argv] = await Promise.all([
      nulSeparated(`/proc/${name}/environ`),
      nulSeparated(`/proc/${name}/cmdline`),
    ]);
    if (!match({ env, argv })) continue;
    const id =
      where === 'anywhere' || (await namespaceOf(name)) === here ? identify(Number(name)) : undefined;
    if (id) found.push({ ...id, env });
  }
  return found;
}

/** Of processes; containers have their own. Of one that ended while we looked there is none. */
function namespaceOf(pid: string): Promise<string | undefined> {
  return readlink(`/proc/${pid}/ns/pid`).catch(() => undefined);
}

async function nulSeparated(path: string): Promise<string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\0').slice(0, -1);
  } catch {
    return []; // it ended while we looked, or is a kernel thread
  }
}
