import { R13, R16, type Run, type RunSignal } from './run.ts';

/** How a run is being ended, and how far that has come. */
export interface Ending {
  readonly why: 'left' | 'stopped' | 'time';
  /** Signals sent so far. */
  readonly times: number;
  readonly lastMs: number;
}

export type Care =
  | { readonly do: 'nothing' }
  | { readonly do: 'signal'; readonly name: RunSignal; readonly ending: Ending; readonly note: string | null }
  | { readonly do: 'remove'; readonly note: string | null };

/** What is known about a run beside its state. */
export interface Circumstances {
  readonly nowMs: number;
  /** Somebody has a connection to it. */
  readonly attended: boolean;
  /** Somebody wants it stopped. */
  readonly stopped: boolean;
  readonly ending: Ending | null;
}

/** Nobody has come for it in this time: nobody will (as Heroku). */
export const CONNECT_MS = 30_000;
/** An ended one stays for whoever is asking how it ended just now. */
const LINGER_MS = 3_000;

interface Rung {
  readonly afterMs: number;
  readonly name: RunSignal;
  readonly note: string | null;
}

const FIRST = { afterMs: 0, note: null };

const LADDERS: Readonly<Record<Ending['why'], readonly Rung[]>> = {
  left: [
    { ...FIRST, name: 'SIGHUP' },
    { afterMs: 5_000, name: 'SIGHUP', note: null },
    { afterMs: 5_000, name: 'SIGHUP', note: null },
    { afterMs: 5_000, name: 'SIGKILL', note: R16 },
  ],
  stopped: [
    { ...FIRST, name: 'SIGTERM' },
    { afterMs: 30_000, name: 'SIGKILL', note: 'Stopping process with SIGKILL' },
  ],
  time: [
    { ...FIRST, name: 'SIGTERM', note: 'The time limit of this run is over: stopping with SIGTERM' },
    { afterMs: 30_000, name: 'SIGKILL', note: 'Stopping process with SIGKILL' },
  ],
};

/**
 * What a run needs now. Asked again and again: after a restart of the server nothing is known of how far an ending
 * had come, and it begins anew.
 */
export function careFor(run: Run, about: Circumstances): Care {
  const { nowMs } = about;
  if (run.state === 'ended') {
    const over = (run.endedAt ?? run.createdAt).getTime() + LINGER_MS <= nowMs;
    return over && !about.attended ? { do: 'remove', note: null } : { do: 'nothing' };
  }
  if (run.state === 'created') {
    if (about.stopped) return { do: 'remove', note: null };
    const late = run.createdAt.getTime() + CONNECT_MS <= nowMs;
    return late && !about.attended ? { do: 'remove', note: run.attached ? R13 : null } : { do: 'nothing' };
  }
  const why = reasonToEnd(run, about);
  return why === null ? { do: 'nothing' } : climb(why, about);
}

function reasonToEnd(run: Run, { nowMs, attended, stopped }: Circumstances): Ending['why'] | null {
  if (stopped) return 'stopped';
  if (run.endsAt.getTime() <= nowMs) return 'time';
  return run.attached && !attended ? 'left' : null;
}

function climb(why: Ending['why'], { nowMs, ending }: Circumstances): Care {
  const ladder = LADDERS[why];
  const before = ending?.why === why ? ending : { why, times: 0, lastMs: Number.NEGATIVE_INFINITY };
  // A killed process ends; should the engine have lost the signal, it is sent again.
  const rung = ladder[Math.min(before.times, ladder.length - 1)];
  if (rung === undefined || before.lastMs + rung.afterMs > nowMs) return { do: 'nothing' };
  const note = before.times < ladder.length ? rung.note : null;
  return { do: 'signal', name: rung.name, note, ending: { why, times: before.times + 1, lastMs: nowMs } };
}
