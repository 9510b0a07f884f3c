import { pause } from '../../lib/deadline.ts';
import { PlatformError } from '../domain/errors.ts';
import { more, type Counts, type Sample } from '../domain/sample.ts';
import type { Clock } from '../ports/clock.ts';
import type { AppUsage, Usage } from '../ports/engine.ts';
import type { BackendReport, Router } from '../ports/router.ts';

export interface Samples {
  /** What an app does and takes: at once, then every ten seconds. While the engine or the router is away nothing is told. */
  follow(appId: string, signal: AbortSignal): AsyncIterable<Sample>;
}

export interface SamplesDeps {
  readonly engine: AppUsage;
  readonly router: Pick<Router, 'backends'>;
  readonly clock: Clock;
  /** Default: 10 s. */
  readonly everyMs?: number;
}

interface Reading {
  readonly at: Date;
  readonly reports: readonly BackendReport[];
  readonly instances: readonly Usage[];
}

const EVERY_MS = 10_000;

export function createSamples({ engine, router, clock, everyMs = EVERY_MS }: SamplesDeps): Samples {
  /** Whoever asks within half the time gets the same: many who watch one app cost what one does. */
  const fresh = new Map<string, { readonly at: number; readonly reading: Promise<Reading> }>();

  async function ask(appId: string, signal: AbortSignal): Promise<Reading> {
    const [reports, instances] = await Promise.all([
      router.backends([appId], signal),
      engine.usage(appId, signal),
    ]);
    return { at: clock.now(), reports, instances };
  }

  function read(appId: string, signal: AbortSignal): Promise<Reading> {
    const at = performance.now();
    for (const [id, known] of fresh) if (at - known.at > everyMs / 2) fresh.delete(id);
    const known = fresh.get(appId);
    if (known !== undefined) return known.reading;
    const reading = ask(appId, signal);
    fresh.set(appId, { at, reading });
    // What failed for one who left is asked again by the next.
    reading.catch(() => fresh.delete(appId));
    return reading;
  }

  return {
    async *follow(appId, signal) {
      let last: Reading | undefined;
      for (;;) {
        try {
          const now = await read(appId, signal);
          yield sampleOf(now, last);
          last = now;
        } catch (err) {
          signal.throwIfAborted();
          if (!isAway(err)) throw err;
        }
        await pause(everyMs, signal);
      }
    },
  };
}

/** Whoever reads for others may also leave in the middle of it. */
function isAway(err: unknown): boolean {
  const left = err instanceof Error && err.name === 'AbortError';
  return left || PlatformError.is(err, 'engine_away') || PlatformError.is(err, 'router_away');
}

function sampleOf({ at, reports, instances }: Reading, last: Reading | undefined): Sample {
  const since = last ?? { at, reports };
  return {
    at,
    seconds: (at.getTime() - since.at.getTime()) / 1_000,
    ...more(countsOf(since.reports), countsOf(reports)),
    sessions: reports.reduce((sum, one) => sum + one.sessions, 0),
    instances,
  };
}

function countsOf(reports: readonly BackendReport[]): Counts {
  return new Map(reports.map(({ key, requests, dropped }) => [key, { requests, dropped }]));
}
