import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withDeadline } from '../lib/deadline.ts';
import { messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { startLoop } from '../lib/loop.ts';
import { createBoard, type Board } from './board.ts';
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
const HOPELESS_MISSES = 4; // questions without an answer to a part that is not ours
const HOPELESS_RESTARTS = 8; // with the pauses between them half a minute: longer than any part needs to recover

/** Starts or adopts every part, each as soon as those it needs are ready. */
export function supervise(
  parts: readonly Part[],
  given: readonly GivenPart[],
  deps: SupervisionDeps,
): Supervision {
  const board = createBoard();
  const changed = (status: PartStatus): void => {
    board.post(status);
    deps.changed(status);
  };
  const keepers: Keeper[] = parts.map((part) =>
    keep(part, {
      home: deps.home,
      log: deps.log,
      changed,
      needsReady: (signal) => board.until(() => part.needs.every(board.isReady), signal),
    }),
  );
  const watchers = given.map((part) => watchGiven(part, deps.log, changed));
  const names = [...parts, ...given].map((part) => part.name);
  const upkeep = startLoop(
    async (signal) => {
      for (const file of await readdir(deps.home.logs)) {
        if (file.endsWith('.log')) await capLog(join(deps.home.logs, file));
      }
      // A part that is being prepared may be making what upkeep would repair.
      if (names.every(board.isReady)) await deps.upkeep(signal);
    },
    { name: 'upkeep', log: deps.log, everyMs: UPKEEP_MS },
  );

  const limitMs = Math.max(15_000, ...parts.map((part) => part.readyMs)) + 30_000; // two rounds of needs
  return {
    statuses: () => board.all(),
    async ready(signal) {
      const refused = (): PartStatus | undefined => board.all().find((status) => status.state === 'refused');
      const hopeless = (): boolean =>
        board.all().some((status) => status.state === 'failing' && status.restarts >= HOPELESS_RESTARTS);
      const settled = (): boolean => names.every(board.isReady) || refused() !== undefined || hopeless();
      try {
        await withDeadline(limitMs, signal, (inner) => board.until(settled, inner));
      } catch (err) {
        signal.throwIfAborted();
        throw notReady({ parts, given, board, home: deps.home }, err);
      }
      if (hopeless()) throw notReady({ parts, given, board, home: deps.home }, undefined);
      const no = refused();
      if (no)
        throw setupErrors.of('part_refuses', { part: no.title, said: no.problem ?? 'it gave no reason' });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([upkeep, ...watchers, ...keepers].map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

/** The error of a start that took too long, about the part that holds up the others. */
function notReady(
  start: { parts: readonly Part[]; given: readonly GivenPart[]; board: Board; home: Home },
  cause: unknown,
): Error {
  const { parts, given, board, home } = start;
  const away = given.find((part) => !board.isReady(part.name));
  if (away) {
    const { title, setting } = away;
    const why = board.of(away.name)?.problem ?? 'no answer';
    const address = withoutPassword(away.address);
    return setupErrors.of('given_part_away', { part: title, address, setting, why }, cause);
  }
  const crashing = parts.find((part) => (board.of(part.name)?.restarts ?? 0) >= HOPELESS_RESTARTS);
  const late =
    crashing ??
    parts.find((part) => !board.isReady(part.name) && part.needs.every(board.isReady)) ??
    parts[0];
  const name = late?.name ?? '';
  const said = board.of(name)?.problem ?? 'no reason known';
  return setupErrors.of(
    'part_not_ready',
    { part: late?.title ?? name, said, log: logFileOf(home, name) },
    cause,
  );
}

function watchGiven(part: GivenPart, log: Logger, changed: (status: PartStatus) => void): AsyncDisposable {
  let state: PartStatus['state'] = 'waiting';
  let misses = 0;
  return startLoop(
    async (signal) => {
      const problem = await withDeadline(GIVEN_MS, signal, part.probe).then(
        () => null,
        (err: unknown) => messageOf(err),
      );
      signal.throwIfAborted();
      const next = problem === null ? 'ready' : 'failing';
      misses = problem === null ? 0 : misses + 1;
      if (next === state && misses !== HOPELESS_MISSES) return;
      state = next;
      changed({
        name: part.name,
        title: part.title,
        state,
        origin: 'given',
        pid: null,
        restarts: misses >= HOPELESS_MISSES ? HOPELESS_RESTARTS : 0, // nobody restarts it: it counts as if it had been tried
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
