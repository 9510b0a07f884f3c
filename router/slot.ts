import { pause } from '../lib/deadline.ts';
import { messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import {
  forget,
  infoOf,
  isAccepting,
  isAlive,
  signalTo,
  startProcess,
  type Proc,
  type Where,
} from './haproxy-process.ts';
import { openLine, type Line } from './haproxy-socket.ts';

/** A process that was told to stop and still carries connections. Without a line nobody can know how many. */
export interface Retiring {
  readonly proc: Proc;
  line: Line | null;
}

/** One of the two places for a HAProxy process: the one that serves, and those that it replaced and that still finish. */
export interface Slot {
  readonly index: number;
  current: Proc | null;
  retiring: Retiring[];
  restarts: number;
  /** Starts that failed in a row, and when the next is due. */
  failures: number;
  nextTryAt: number;
  lastProblem: string;
  /** One start or replacement at a time. */
  busy: boolean;
}

export interface SlotDeps {
  readonly where: Where;
  readonly log: Logger;
  /** Called when a process was started after a death: it may have read files that were being written. */
  readonly onRestart: (slot: number) => void;
}

const ADOPT_WITHIN_MS = 1_000;
const MAX_BACKOFF_MS = 2_000;

export function emptySlot(index: number): Slot {
  return {
    index,
    current: null,
    retiring: [],
    restarts: 0,
    failures: 0,
    nextTryAt: 0,
    lastProblem: 'not started yet',
    busy: false,
  };
}

/** Does the work when nobody else starts or replaces a process of this slot. */
export async function exclusively<T>(slot: Slot, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  while (slot.busy) await pause(10, signal);
  slot.busy = true;
  try {
    return await work();
  } finally {
    slot.busy = false;
  }
}

/** Takes note of a death. */
export function bury(slot: Slot, log: Logger): void {
  if (!slot.current || isAlive(slot.current)) return;
  log.warn({ slot: slot.index, pid: slot.current.pid }, 'router process died; starting it again from disk');
  slot.current = null;
  slot.restarts += 1;
}

/** Starts the process that is missing; a failure is remembered and tried again later, ever less often. */
export async function startMissing(
  slot: Slot,
  generation: number,
  deps: SlotDeps,
  signal: AbortSignal,
): Promise<void> {
  if (slot.current) return;
  try {
    slot.current = await startProcess(deps.where, slot.index, generation, undefined, signal);
    slot.failures = 0;
    deps.log.info({ slot: slot.index, pid: slot.current.pid, generation }, 'router process started');
    deps.onRestart(slot.index);
  } catch (err) {
    if (signal.aborted) throw err;
    slot.lastProblem = messageOf(err);
    if (slot.failures === 0)
      deps.log.error({ err, slot: slot.index }, 'router process does not start; will try again');
    slot.failures += 1;
    slot.nextTryAt = Date.now() + Math.min(MAX_BACKOFF_MS, 50 * 2 ** slot.failures);
  }
}

/** How a slot gets a new process. */
export interface Replacement {
  readonly generation: number;
  /** Looks at the new process before the old one is told to stop; when it throws, the old one goes on. */
  readonly check: (proc: Proc) => Promise<void>;
}

/** Makes the slot run a generation; the sockets go from the old process to the new one, so nothing is refused. */
export async function replace(
  slot: Slot,
  by: Replacement,
  deps: SlotDeps,
  signal: AbortSignal,
): Promise<void> {
  bury(slot, deps.log);
  const old = slot.current;
  if (old?.generation === by.generation) return;
  const fresh = await startProcess(deps.where, slot.index, by.generation, old?.socket, signal);
  try {
    await by.check(fresh);
  } catch (err) {
    signalTo(fresh, 'SIGTERM');
    throw err;
  }
  slot.current = fresh;
  slot.failures = 0;
  const { generation } = by;
  deps.log.info(
    { slot: slot.index, pid: fresh.pid, generation, was: old?.pid },
    'router process runs a new generation',
  );
  if (old) await retire(slot, old, signal);
}

async function retire(slot: Slot, proc: Proc, signal: AbortSignal): Promise<void> {
  const old: Retiring = { proc, line: null };
  slot.retiring.push(old);
  try {
    old.line = await openLine(proc.socket, signal);
    // A signal that arrives while a process starts is lost: told is only who says so.
    for (let told = false; !told;) {
      signalTo(proc, 'SIGUSR1');
      await pause(20, signal);
      told = infoOf(await old.line.ask('show info', signal)).stopping;
    }
  } catch (err) {
    if (signal.aborted) throw err;
    signalTo(proc, 'SIGUSR1'); // it may have gone already, with nothing left to carry
  }
}

/** Forgets retiring processes that have ended, and lets those end that carry nothing any more. */
export async function lookAtRetiring(slot: Slot, signal: AbortSignal): Promise<void> {
  for (const gone of slot.retiring.filter((r) => !isAlive(r.proc))) await forget(gone.proc);
  slot.retiring = slot.retiring.filter((r) => isAlive(r.proc));
  for (const old of slot.retiring) {
    if (!old.line) {
      signalTo(old.proc, 'SIGUSR1'); // again and again: one that was starting has not heard it
      continue;
    }
    try {
      // Our line keeps it alive: with no connection but ours left, hang up and it ends.
      if (infoOf(await old.line.ask('show info', signal)).connections > 0) continue;
    } catch {
      // a line that does not work is closed too
    }
    old.line.close();
    old.line = null;
  }
}

/** Sorts the processes of this slot that a former router left: the newest that serves is the current one, the others finish. */
export async function adoptInto(
  slot: Slot,
  found: readonly Proc[],
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const mine = found.filter((p) => p.slot === slot.index).toSorted((a, b) => b.generation - a.generation);
  for (const proc of mine) {
    const accepts = await acceptsSoon(proc, signal);
    if (accepts && !slot.current) slot.current = proc;
    else if (accepts) await retire(slot, proc, signal);
    else slot.retiring.push({ proc, line: null });
  }
  if (slot.current) log.info({ slot: slot.index, pid: slot.current.pid }, 'adopted a running router process');
}

/** A process that was only just started does not answer yet; one that stops never will. */
async function acceptsSoon(proc: Proc, signal: AbortSignal): Promise<boolean> {
  for (let waited = 0; waited <= ADOPT_WITHIN_MS && isAlive(proc); waited += 50) {
    if (await isAccepting(proc, signal)) return true;
    await pause(50, signal);
  }
  return false;
}
