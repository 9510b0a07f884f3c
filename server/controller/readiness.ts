import { pause } from '../../lib/deadline.ts';
import { BOOT_LIMIT_MS } from '../domain/plan.ts';
import type { FoundInstance } from '../ports/engine.ts';
import type { Health } from '../ports/health.ts';

/**
 * Which running instances are ready. The engine's "running" is an observation, never a fact about health: an instance
 * with a port is ready once it has answered, one without once it has stayed up for a moment. Ready stays ready until
 * the instance ends; this memory is lost with the process and found again by asking.
 */
export interface Readiness extends AsyncDisposable {
  /** Starts asking the instances that are new and forgets those that are gone. */
  watch(found: readonly FoundInstance[], checkOf: (instance: FoundInstance) => Check): void;
  /** Takes an instance for ready without asking: it served when we took over, and taking it out would drop requests. */
  trust(id: string): void;
  isReady(id: string): boolean;
  /** When it got ready, in milliseconds since the epoch. */
  readySince(id: string): number | undefined;
  /** Why it is not ready yet, as last heard. */
  reason(id: string): string | undefined;
}

export interface Check {
  readonly host: string;
  readonly path: string | null;
}

/** A process without a port counts as up after this long without exiting; long enough to see a wrong command fail. */
const SETTLE_MS = 1_500;
const ASK_FIRST_MS = 30;
const ASK_CAP_MS = 500;
const ANSWER_LEAST_MS = 5_000;

export function createReadiness(deps: {
  readonly health: Health;
  readonly nowMs: () => number;
  readonly changed: (instance: FoundInstance) => void;
}): Readiness {
  const ready = new Map<string, number>();
  const reasons = new Map<string, string>();
  const asking = new Map<string, { stop: AbortController; done: Promise<void> }>();

  async function ask(instance: FoundInstance, check: Check, signal: AbortSignal): Promise<void> {
    if (instance.port === null) {
      await pause(
        Math.max(0, (instance.startedAt?.getTime() ?? deps.nowMs()) + SETTLE_MS - deps.nowMs()),
        signal,
      );
    } else {
      for (let wait = ASK_FIRST_MS; ; wait = Math.min(wait * 1.5, ASK_CAP_MS)) {
        const target = {
          address: instance.address ?? '',
          port: instance.port,
          path: check.path,
          host: check.host,
        };
        const answer = await deps.health.check(target, patience(instance, check, deps.nowMs()), signal);
        if (answer.ready) break;
        reasons.set(instance.id, answer.reason);
        await pause(wait, signal);
      }
    }
    ready.set(instance.id, deps.nowMs());
    deps.changed(instance);
  }

  function forgetAllBut(here: ReadonlySet<string>): void {
    for (const [id, { stop }] of asking) if (!here.has(id)) stop.abort(new Error('the instance ended'));
    for (const memory of [ready, reasons])
      for (const id of memory.keys()) if (!here.has(id)) memory.delete(id);
  }

  return {
    watch(found, checkOf) {
      const running = found.filter((i) => i.state === 'starting');
      forgetAllBut(new Set(running.map((i) => i.id)));
      for (const instance of running) {
        if (ready.has(instance.id) || asking.has(instance.id)) continue;
        if (instance.port !== null && instance.address === null) continue;
        const stop = new AbortController();
        const done = ask(instance, checkOf(instance), stop.signal)
          .catch(() => undefined) // only the abort ends it otherwise
          .finally(() => asking.delete(instance.id));
        asking.set(instance.id, { stop, done });
      }
    },
    trust: (id) => void ready.set(id, deps.nowMs()),
    isReady: (id) => ready.has(id),
    readySince: (id) => ready.get(id),
    reason: (id) => reasons.get(id),
    async [Symbol.asyncDispose]() {
      const running = [...asking.values()];
      for (const { stop } of running) stop.abort(new Error('shutting down'));
      await Promise.all(running.map(({ done }) => done));
    },
  };
}

/**
 * How long an answer may take: half of what is left of the boot, which is enough for a slow first one and leaves time
 * to ask again if it got lost. A connection is made at once or, most likely, not at all.
 */
function patience({ startedAt }: FoundInstance, { path }: Check, nowMs: number): number {
  const leftMs = (startedAt?.getTime() ?? nowMs) + BOOT_LIMIT_MS - nowMs;
  return path === null ? ANSWER_LEAST_MS : Math.max(ANSWER_LEAST_MS, Math.round(leftMs / 2));
}
