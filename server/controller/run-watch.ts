import type { Logger } from '../../lib/log.ts';
import { startLoop, type Loop } from '../../lib/loop.ts';
import { PlatformError } from '../domain/errors.ts';
import { careFor, type Ending } from '../domain/run-care.ts';
import { runName, type Run } from '../domain/run.ts';
import type { RunEngine } from '../ports/runs.ts';

/**
 * Looks after runs, whoever started them: ends those that have been left, were stopped or had their time, and removes
 * those that are over. Level-triggered, and with no memory but of endings under way: what a server that died has left
 * behind is found by the next one.
 */
export interface RunWatch extends AsyncDisposable {
  /** Asks for a look soon. */
  wake(): void;
  /** From now on this run is being stopped. */
  stop(runId: string): void;
}

export interface RunWatchDeps {
  readonly engine: Pick<RunEngine, 'findRuns' | 'signalRun' | 'noteRun' | 'remove'>;
  /** Whether somebody has a connection to this run. */
  readonly attended: (runId: string) => boolean;
  /** Those of these runs that are to stay, because somebody has yet to read how they ended. */
  readonly needed?: (runIds: readonly string[], signal: AbortSignal) => Promise<ReadonlySet<string>>;
  readonly nowMs: () => number;
  readonly log: Logger;
}

const LOOK_MS = 1_000;

export function startRunWatch(deps: RunWatchDeps): RunWatch {
  const look = createRunCare(deps);
  const loop: Loop = startLoop((signal) => look.round(signal), {
    name: 'runs',
    log: deps.log,
    everyMs: LOOK_MS,
  });
  return {
    wake: () => loop.wake(),
    stop(runId) {
      look.stop(runId);
      loop.wake();
    },
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}

/** The rounds without the clockwork, for tests. */
export function createRunCare({ engine, attended, needed, nowMs, log }: RunWatchDeps) {
  const endings = new Map<string, Ending>();
  const stopped = new Set<string>();

  /** Asked only of those that could go, and of none when the database is away: they go later then. */
  async function stayers(runs: readonly Run[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const ids = runs.filter(({ state, attached }) => state !== 'up' && !attached).map(({ id }) => id);
    if (needed === undefined || ids.length === 0) return new Set();
    return needed(ids, signal).catch(() => new Set(ids));
  }

  async function tend(run: Run, stays: boolean, signal: AbortSignal): Promise<void> {
    const { id } = run;
    const care = careFor(run, {
      nowMs: nowMs(),
      attended: attended(id),
      stopped: stopped.has(id),
      ending: endings.get(id) ?? null,
    });
    if (care.do === 'nothing' || (care.do === 'remove' && stays)) return;
    if (care.note !== null) engine.noteRun(id, care.note);
    if (care.do === 'remove') {
      await engine.remove(id, signal);
      return;
    }
    log.info(
      { app: run.appId, run: runName(run), name: care.name, why: care.ending.why },
      'run is told to end',
    );
    await engine.signalRun(id, care.name, signal);
    endings.set(id, care.ending);
  }

  return {
    stop: (runId: string): void => void stopped.add(runId),
    async round(signal: AbortSignal): Promise<void> {
      const runs = await engine.findRuns(signal);
      const there = new Set(runs.map(({ id }) => id));
      for (const id of endings.keys()) if (!there.has(id)) endings.delete(id);
      for (const id of stopped) if (!there.has(id)) stopped.delete(id);
      const stay = await stayers(runs, signal);
      const tended = await Promise.allSettled(runs.map((run) => tend(run, stay.has(run.id), signal)));
      for (const [at, result] of tended.entries()) {
        if (result.status === 'fulfilled' || signal.aborted) continue;
        if (PlatformError.is(result.reason, 'engine_away')) throw result.reason;
        // One run's trouble is its own; it is looked at again in a second.
        log.warn({ err: result.reason as unknown, run: runs[at]?.id }, 'a run could not be looked after');
      }
    },
  };
}
