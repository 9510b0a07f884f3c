import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { pause, withDeadline } from '../lib/deadline.ts';
import { messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { startLoop } from '../lib/loop.ts';
import type { Home } from './home.ts';
import { lastWords } from './part-log.ts';
import { REFUSES, type Part, type PartState, type PartStatus } from './part.ts';
import { endProcess, identify, isAlive, readPidFile, writePidFile, type ProcessId } from './process-id.ts';

/** Keeps one part running until it is let go. */
export interface Keeper extends AsyncDisposable {
  readonly part: Part;
  status(): PartStatus;
}

export interface KeeperDeps {
  readonly home: Home;
  readonly log: Logger;
  /** Resolves when every part this one needs is ready. */
  readonly needsReady: (signal: AbortSignal) => Promise<void>;
  /** Called after each change of state. */
  readonly changed: (status: PartStatus) => void;
}

const PROBE_MS = 5_000;
const WATCH_MS = 250; // an adopted process is not our child: nobody tells us when it ends
const HEALTH_EVERY = 20; // watch rounds between two health checks
const HUNG_AFTER = 3; // failed health checks in a row

/** Pause before start number `attempt` (1 = first restart): 100 ms, doubling, at most 10 s. */
export function backoffMs(attempt: number): number {
  return attempt <= 0 ? 0 : Math.min(10_000, 100 * 2 ** (attempt - 1));
}

export function fingerprintOf(part: Part): string {
  const told = [part.command, part.args, Object.entries(part.env).sort(), part.user ?? null, part.version];
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 16);
}

export const pidFileOf = (home: Home, name: string): string => join(home.run, `${name}.pid`);
export const logFileOf = (home: Home, name: string): string => join(home.logs, `${name}.log`);

/**
 * Adopts the part when it runs already and was started the same way, else starts it; starts it again whenever it
 * ends or hangs. Disposal lets go of the process without touching it: stopping is somebody else's decision.
 */
export function keep(part: Part, deps: KeeperDeps): Keeper {
  const fingerprint = fingerprintOf(part);
  const pidFile = pidFileOf(deps.home, part.name);
  let running: ProcessId | undefined;
  let origin: PartStatus['origin'] = 'none';
  let state: PartState = 'waiting';
  let problem: string | null = null;
  let restarts = 0;
  let failures = 0; // starts in a row that did not become ready

  function become(next: PartState, why: string | null = null): void {
    if (next === state && why === problem) return;
    state = next;
    problem = why;
    deps.changed(status());
  }
  const status = (): PartStatus => ({
    name: part.name,
    title: part.title,
    state,
    origin,
    pid: running?.pid ?? null,
    restarts,
    problem,
  });

  async function probe(signal: AbortSignal): Promise<string | null> {
    try {
      await withDeadline(PROBE_MS, signal, part.probe);
      return null;
    } catch (err) {
      signal.throwIfAborted();
      return messageOf(err);
    }
  }

  async function adoptOrStart(signal: AbortSignal): Promise<ProcessId> {
    const found = await readPidFile(pidFile);
    if (found?.fingerprint === fingerprint) {
      origin = 'adopted';
      return found;
    }
    if (found) await endProcess(found, { ...part.stop, pidFile }, signal);
    await part.prepare?.(failures, signal);
    const id = await start();
    await writePidFile(pidFile, { ...id, fingerprint });
    origin = 'started';
    return id;
  }

  /** From running to ready. False when it ended, refused or took too long. */
  async function becomeReady(id: ProcessId, signal: AbortSignal): Promise<boolean> {
    const until = Date.now() + part.readyMs;
    let why: string | null = 'no answer yet';
    while (isAlive(id)) {
      why = await probe(signal);
      if (why === null) {
        await part.complete?.(signal);
        return true;
      }
      if (Date.now() > until) {
        // Too slow is treated like dead, so that the next start has a clean machine.
        await endProcess(id, { ...part.stop, pidFile }, signal);
        become('failing', `not ready after ${Math.round(part.readyMs / 1000)} s (${why})`);
        return false;
      }
      await pause(50, signal);
    }
    await pause(20, signal); // a process is seen to be gone a moment before its exit code is told
    const said = await lastWords(logFileOf(deps.home, part.name));
    become(
      exitCodes.get(id.pid) === REFUSES ? 'refused' : 'failing',
      said === '' ? 'it ended at once' : said,
    );
    return false;
  }

  /** Until it ends, or was ended because it hung. */
  async function watch(id: ProcessId, signal: AbortSignal): Promise<void> {
    let failed = 0;
    for (let round = 1; isAlive(id); round += 1) {
      await pause(WATCH_MS, signal);
      if (round % HEALTH_EVERY !== 0) continue;
      const why = await probe(signal);
      failed = why === null ? 0 : failed + 1;
      if (why === null) become('ready');
      else if (failed >= 2) become('failing', why);
      if (failed >= HUNG_AFTER && part.whenHung === 'restart' && isAlive(id)) {
        deps.log.error({ part: part.name, why }, 'part hangs and is started again');
        await endProcess(id, { signal: 'SIGKILL', graceMs: 5_000, pidFile }, signal);
      }
    }
    become('failing', 'it ended');
  }

  async function life(signal: AbortSignal): Promise<void> {
    await pause(backoffMs(failures), signal);
    await deps.needsReady(signal);
    if (state !== 'failing') become('starting');
    running = await adoptOrStart(signal);
    if (await becomeReady(running, signal)) {
      failures = 0;
      become('ready');
      await watch(running, signal);
      deps.log.warn({ part: part.name }, 'part ended and is started again');
    }
    running = undefined;
    restarts += 1;
    failures += 1;
  }

  const exitCodes = new Map<number, number>();
  async function start(): Promise<ProcessId> {
    const child = spawnInto(part, logFileOf(deps.home, part.name));
    const failed = new Promise<Error>((resolve) => child.once('error', resolve));
    child.once('exit', (code) => {
      if (child.pid !== undefined && code !== null) exitCodes.set(child.pid, code);
    });
    child.unref();
    if (child.pid === undefined) throw await failed;
    exitCodes.delete(child.pid);
    return identify(child.pid) ?? { pid: child.pid, start: '', boot: '' }; // ended already: an identity nobody has
  }

  const loop = startLoop(
    async (signal) => {
      while (!signal.aborted && state !== 'refused') {
        try {
          await life(signal);
        } catch (err) {
          if (signal.aborted) return;
          failures += 1;
          become('failing', messageOf(err));
          deps.log.error({ err, part: part.name }, 'part could not be started');
        }
      }
    },
    { name: part.name, log: deps.log, everyMs: 60_000 },
  );

  return { part, status, [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose]() };
}

/** In a session of its own, writing to its log: it outlives us, and signals of our terminal do not reach it. */
function spawnInto(part: Part, log: string): ChildProcess {
  const out = openSync(log, 'a', 0o600);
  try {
    return spawn(part.command, [...part.args], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', out, out],
      env: { ...part.env },
      ...(part.user && { uid: part.user.uid, gid: part.user.gid }),
    });
  } finally {
    closeSync(out);
  }
}
