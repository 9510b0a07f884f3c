import { abortController } from './abort.ts';
import type { Logger } from './log.ts';

/** A round that is repeated until disposal: at once after a wake, else after the interval. */
export interface Loop extends AsyncDisposable {
  /** Asks for another round soon. Safe to call at any time, from anywhere; wakes during a round are not lost. */
  wake(): void;
}

export interface LoopOptions {
  readonly name: string;
  readonly log: Logger;
  /** The longest wait between two rounds, in milliseconds: a lost wake-up costs this much, never correctness. */
  readonly everyMs: number;
}

/**
 * Starts a level-triggered loop. A round that throws is logged and tried again at the next wake or interval.
 * Disposal aborts the signal handed to the round, waits for it to end, and resolves.
 */
export function startLoop(round: (signal: AbortSignal) => Promise<void>, options: LoopOptions): Loop {
  const stop = abortController();
  const stopped = (): boolean => stop.signal.aborted;
  let wakes = 0;
  let rouse: (() => void) | undefined;

  const sleep = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, options.everyMs);
      function done(): void {
        clearTimeout(timer);
        rouse = undefined;
        resolve();
      }
      rouse = done;
    });

  async function run(): Promise<void> {
    while (!stopped()) {
      // Counted before the round: a wake during it asks about state the round may not have seen.
      const seen = wakes;
      try {
        await round(stop.signal);
      } catch (err) {
        if (!stopped()) options.log.error({ err, loop: options.name }, 'round failed; will try again');
      }
      if (wakes === seen && !stopped()) await sleep();
    }
  }

  const running = run();
  return {
    wake() {
      wakes += 1;
      rouse?.();
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error(`${options.name} is shutting down`));
      rouse?.();
      await running;
    },
  };
}
