import { randomInt } from 'node:crypto';
import type { App } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { SMALL } from '../domain/instance.ts';
import type { Release } from '../domain/release.ts';
import { MOST_RUNS, RUN_NUMBERS, onTerminal, runArgv, runName, type Run } from '../domain/run.ts';
import type { Releases } from '../ports/releases.ts';
import type { RunEngine, TerminalSize } from '../ports/runs.ts';

/** What is known of a run before it has a number. */
interface RunPlan {
  readonly command: string;
  readonly tty: boolean;
  /** Of the terminal, if there is one and it is known. */
  readonly size: TerminalSize | null;
  readonly env: ReadonlyMap<string, string>;
  readonly attach: boolean;
  readonly image: NonNullable<Release['image']>;
  readonly config: Awaited<ReturnType<Releases['configOf']>>;
  readonly release: number;
  readonly endsAt: Date;
}

/** A number that is taken is tried again with another. */
const NUMBER_TRIES = 20;

export interface RunOrders {
  /** The runs of an app that have not ended. */
  living(app: App, signal: AbortSignal): Promise<readonly Run[]>;
  /** A run that is not started. Throws `too_many_runs`. */
  create(
    app: App,
    plan: RunPlan,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly number: number }>;
}

/** Creates runs, one after the other for each app, so that two which come together are not both its last. */
export function createRunOrders(engine: Pick<RunEngine, 'findRuns' | 'createRun'>): RunOrders {
  /** The last order of each app: two that come together must not both be the fifth. */
  const orders = new Map<string, Promise<unknown>>();

  async function inTurn<T>(appId: string, work: () => Promise<T>): Promise<T> {
    const mine = (orders.get(appId) ?? Promise.resolve()).then(work, work);
    const settled = mine.catch(() => undefined);
    orders.set(appId, settled);
    void settled.then(() => {
      if (orders.get(appId) === settled) orders.delete(appId);
    });
    return mine;
  }

  const living = async (app: App, signal: AbortSignal): Promise<Run[]> =>
    (await engine.findRuns(signal, app.id)).filter((run) => run.state !== 'ended');

  async function makeOne(
    app: App,
    order: RunPlan,
    signal: AbortSignal,
  ): Promise<{ id: string; number: number }> {
    if ((await living(app, signal)).length >= MOST_RUNS)
      throw PlatformError.of('too_many_runs', { app: app.name, limit: MOST_RUNS, what: 'runs' });
    for (let tries = 0; tries < NUMBER_TRIES; tries += 1) {
      const number = randomInt(RUN_NUMBERS.from, RUN_NUMBERS.below);
      const id = await engine.createRun(specOf(app, order, number), signal);
      if (id !== undefined) return { id, number };
    }
    throw PlatformError.of('too_many_runs', { app: app.name, limit: MOST_RUNS, what: 'runs' });
  }

  return { living, create: (app, plan, signal) => inTurn(app.id, () => makeOne(app, plan, signal)) };
}

function specOf(app: App, order: RunPlan, number: number): Parameters<RunEngine['createRun']>[0] {
  const { image, config, release, endsAt, command, env, tty } = order;
  return {
    ...{ app, release, number, image, command, config, env, tty, endsAt },
    argv: onTerminal(runArgv(image, command), order.size),
    platformEnv: new Map([
      ['DYNO', runName({ number })],
      ['GANTRY_APP_NAME', app.name],
      ['GANTRY_RELEASE_VERSION', `v${release}`],
    ]),
    attached: order.attach,
    size: SMALL,
  };
}
