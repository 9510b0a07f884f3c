import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withDeadline } from '../lib/deadline.ts';
import { messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { startLoop } from '../lib/loop.ts';
import { setupErrors } from './errors.ts';
import type { Home } from './home.ts';
import { keep, logFileOf, type Keeper } from './keeper.ts';
import { capLog } from './part-log.ts';
import type { GivenPart, Part, PartStatus } from './part.ts';

/** All parts of a platform, kept running. Disposal lets go of them; they run on. */
export interface Supervision extends AsyncDisposable {
  statuses(): readonly PartStatus[];
  /** Resolves when every part is ready; throws `part_refuses`, `part_not_ready` or `given_part_away`. */
  ready(signal: AbortSignal): Promise<void>;
}

export interface SupervisionDeps {
  readonly home: Home;
  readonly log: Logger;
  readonly changed: (status: PartStatus) => void;
  /** What else has to be looked after from time to time. Idempotent. */
  readonly upkeep: (signal: AbortSignal) => Promise<void>;
}

const UPKEEP_MS = 30_000;
const GIVEN_MS = 5_000;

/** Starts or adopts every part, each as soon as those it needs are ready. */
export function supervise(
  parts: readonly Part[],
  given: readonly GivenPart[],
  deps: SupervisionDeps,
): Supervision {
  const waiting = new Set<() => void>();
  const latest = new Map<string, PartStatus>();
  const changed = (status: PartStatus): void => {
    latest.set(status.name, status);
    deps.changed(status);
    for (const rouse of waiting) rouse();
  };
  const until = (settled: () => boolean, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (): void => {
        waiting.delete(look);
        signal.removeEventListener('abort', giveUp);
      };
      const giveUp = (): void => {
        done();
        reject(signal.reason as Error);
      };
      const look = (): void => {
        if (!settled()) return;
        done();
        resolve();
      };
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      waiting.add(look);
      look();
    });

  const isReady = (name: string): boolean => latest.get(name)?.state === 'ready';
  const keepers: Keeper[] = parts.map((part) =>
    keep(part, {
      home: deps.home,
      log: deps.log,
      changed,
      needsReady: (signal) => until(() => part.needs.every(isReady), signal),
    }),
  );
  const watchers = given.map((part) => watchGiven(part, deps.log, changed));
  const upkeep = startLoop(
    async (signal) => {
      for (const file of await readdir(deps.home.logs)) {
        if (file.endsWith('.log')) await capLog(join(deps.home.logs, file));
      }
      await deps.upkeep(signal);
    },
    { name: 'upkeep', log: deps.log, everyMs: UPKEEP_MS },
  );

  const all = [...parts, ...given].map((part) => part.name);
  const limitMs = Math.max(15_000, ...parts.map((part) => part.readyMs)) + 30_000; // two rounds of needs
  return {
    statuses: () => all.flatMap((name) => latest.get(name) ?? []),
    async ready(signal) {
      const refused = (): PartStatus | undefined =>
        [...latest.values()].find((status) => status.state === 'refused');
      try {
        await withDeadline(limitMs, signal, (inner) =>
          until(() => all.every(isReady) || refused() !== undefined, inner),
        );
      } catch (err) {
        signal.throwIfAborted();
        throw notReady(err);
      }
      const no = refused();
      if (no)
        throw setupErrors.of('part_refuses', { part: no.title, said: no.problem ?? 'it gave no reason' });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([upkeep, ...watchers, ...keepers].map((one) => one[Symbol.asyncDispose]()));
    },
  };

  function notReady(cause: unknown): Error {
    const away = given.find((part) => !isReady(part.name));
    if (away) {
      const { title, address, setting } = away;
      const why = latest.get(away.name)?.problem ?? 'no answer';
      return setupErrors.of(
        'given_part_away',
        { part: title, address: withoutPassword(address), setting, why },
        cause,
      );
    }
    // The first in the order of needs is the one that holds up the others.
    const late = parts.find((part) => !isReady(part.name) && part.needs.every(isReady)) ?? parts[0];
    const name = late?.name ?? '';
    const said = latest.get(name)?.problem ?? 'no reason known';
    const log = logFileOf(deps.home, name);
    return setupErrors.of(
      'part_not_ready',
      { part: late?.title ?? name, seconds: Math.round(limitMs / 1000), said, log },
      cause,
    );
  }
}

function watchGiven(part: GivenPart, log: Logger, changed: (status: PartStatus) => void): AsyncDisposable {
  let state: PartStatus['state'] = 'waiting';
  return startLoop(
    async (signal) => {
      const problem = await withDeadline(GIVEN_MS, signal, part.probe).then(
        () => null,
        (err: unknown) => messageOf(err),
      );
      signal.throwIfAborted();
      const next = problem === null ? 'ready' : 'failing';
      if (next === state) return;
      state = next;
      changed({
        name: part.name,
        title: part.title,
        state,
        origin: 'given',
        pid: null,
        restarts: 0,
        problem,
      });
    },
    { name: part.name, log, everyMs: GIVEN_MS },
  );
}

/** An address that may be shown: without user and password. */
export function withoutPassword(address: string): string {
  return address.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}
