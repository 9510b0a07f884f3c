import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pause, withDeadline } from '../lib/deadline.ts';
import { messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { startLoop } from '../lib/loop.ts';
import type { Home } from './home.ts';
import { lastWords } from './part-log.ts';
import { REFUSES, type Part, type PartStatus } from './part.ts';
import { endProcess, isAlive, readPidFile, writePidFile, type ProcessId } from './process-id.ts';
import { createSpawner } from './spawner.ts';
import { findStrays, STARTED_AS } from './strays.ts';

/** Keeps one part running until it is let go. */
export interface Keeper extends AsyncDisposable {
  readonly part: Part;
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
const STEADY_MS = 30_000;
const HUNG_AFTER = 3; // failed health checks in a row

/** Pause before start number `attempt` (1 = first restart): 100 ms, doubling, at most 10 s. */
export function backoffMs(attempt: number): number {
  return attempt <= 0 ? 0 : Math.min(10_000, 100 * 2 ** (attempt - 1));
}

/** What a part is started with, in short: a process with another fingerprint is not the part that is wanted now. */
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
  const record = createRecord(part, deps.changed);
  const process = createProcess(part, deps);
  let failures = 0; // starts in a row that did not become ready

  async function life(signal: AbortSignal): Promise<void> {
    await pause(backoffMs(failures), signal);
    await deps.needsReady(signal);
    if (record.state() !== 'failing') record.become('starting');
    const { id, origin } = await process.adoptOrStart(failures, signal);
    record.runs(id, origin);
    const why = await process.becomeReady(id, signal);
    if (why === null) {
      record.become('ready');
      const since = Date.now();
      await process.watch(id, record, signal);
      // One that dies soon after each start is not cured by having been ready: its pauses grow.
      if (Date.now() - since > STEADY_MS) failures = 0;
      record.become('failing', 'it ended');
      deps.log.warn({ part: part.name }, 'part ended and is started again');
    } else record.become(why.refuses ? 'refused' : 'failing', why.said);
    record.ended();
    failures += 1;
  }

  const loop = startLoop(
    async (signal) => {
      while (record.state() !== 'refused') {
        try {
          await life(signal);
        } catch (err) {
          signal.throwIfAborted();
          failures += 1;
          record.become('failing', messageOf(err));
          deps.log.error({ err, part: part.name }, 'part could not be started');
        }
      }
    },
    { name: part.name, log: deps.log, everyMs: 60_000 },
  );
  return { part, [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose]() };
}

interface Record {
  state(): PartStatus['state'];
  become(state: PartStatus['state'], problem?: string): void;
  runs(id: ProcessId, origin: 'adopted' | 'started'): void;
  ended(): void;
}

/** What is known about the part; every change of state or reason is told, a repetition is not. */
function createRecord(part: Part, changed: KeeperDeps['changed']): Record {
  let now: PartStatus = {
    name: part.name,
    title: part.title,
    state: 'waiting',
    origin: 'none',
    pid: null,
    restarts: 0,
    problem: null,
  };
  return {
    state: () => now.state,
    become(state, problem) {
      const why = problem ?? null;
      if (state === now.state && why === now.problem) return;
      now = { ...now, state, problem: why };
      changed(now);
    },
    runs(id, origin) {
      now = { ...now, pid: id.pid, origin };
    },
    ended() {
      now = { ...now, pid: null, restarts: now.restarts + 1 };
    },
  };
}

type NotReady = { readonly said: string; readonly refuses: boolean } | null;

interface PartProcess {
  adoptOrStart(
    attempt: number,
    signal: AbortSignal,
  ): Promise<{ id: ProcessId; origin: 'adopted' | 'started' }>;
  /** From running to ready: null, or why not. A process that takes too long is ended, so that the next start has a clean machine. */
  becomeReady(id: ProcessId, signal: AbortSignal): Promise<NotReady>;
  /** Resolves when it has ended, be it that it hung and was killed. */
  watch(id: ProcessId, record: Record, signal: AbortSignal): Promise<void>;
}

function createProcess(part: Part, { home, log }: Pick<KeeperDeps, 'home' | 'log'>): PartProcess {
  const fingerprint = fingerprintOf(part);
  const pidFile = pidFileOf(home, part.name);
  const logFile = logFileOf(home, part.name);
  const spawner = createSpawner();

  async function probe(signal: AbortSignal): Promise<string | null> {
    try {
      await withDeadline(PROBE_MS, signal, part.probe);
      return null;
    } catch (err) {
      signal.throwIfAborted();
      return messageOf(err);
    }
  }

  /** Two of a part, on one data directory or port, would be worse than none: one stays at most. */
  async function adoptStray(signal: AbortSignal): Promise<ProcessId | undefined> {
    let adopted: ProcessId | undefined;
    for (const stray of await findStrays(part)) {
      const fits = stray.fingerprint === fingerprint && adopted === undefined;
      log.warn({ part: part.name, pid: stray.id.pid, adopted: fits }, 'part runs without a pid file');
      if (fits) adopted = stray.id;
      else await endProcess(stray.id, part.stop, signal);
    }
    if (adopted) await writePidFile(pidFile, { ...adopted, fingerprint });
    return adopted;
  }

  return {
    async adoptOrStart(attempt, signal) {
      const found = await readPidFile(pidFile);
      if (found?.fingerprint === fingerprint) return { id: found, origin: 'adopted' };
      if (found) await endProcess(found, { ...part.stop, pidFile }, signal);
      const stray = await adoptStray(signal);
      if (stray) return { id: stray, origin: 'adopted' };
      await part.prepare?.(attempt, signal);
      const env = { ...part.env, [STARTED_AS]: fingerprint };
      const id = await spawner.start({ ...part, env }, logFile);
      await writePidFile(pidFile, { ...id, fingerprint });
      return { id, origin: 'started' };
    },

    async becomeReady(id, signal) {
      const until = Date.now() + part.readyMs;
      while (isAlive(id)) {
        const why = await probe(signal);
        // An answer from somebody else, in the place of one that has just died, is not its answer.
        if (why === null && isAlive(id)) return null;
        if (Date.now() > until) {
          await endProcess(id, { ...part.stop, pidFile }, signal);
          return {
            said: `not ready after ${Math.round(part.readyMs / 1000)} s (${why ?? 'it ended'})`,
            refuses: false,
          };
        }
        await pause(50, signal);
      }
      await pause(20, signal); // a process is seen to be gone a moment before its exit code is told
      const said = await lastWords(logFile);
      return { said: said === '' ? 'it ended at once' : said, refuses: spawner.exitCode(id) === REFUSES };
    },

    async watch(id, record, signal) {
      let failed = 0;
      for (let round = 1; isAlive(id); round += 1) {
        await pause(WATCH_MS, signal);
        if (round % HEALTH_EVERY !== 0) continue;
        const why = await probe(signal);
        failed = why === null ? 0 : failed + 1;
        if (why === null) record.become('ready');
        else if (failed >= 2) record.become('failing', why);
        if (failed < HUNG_AFTER || part.whenHung === 'report') continue;
        log.error({ part: part.name, why }, 'part hangs and is started again');
        await endProcess(id, { signal: 'SIGKILL', graceMs: 5_000, pidFile }, signal);
      }
    },
  };
}
