import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import type { App } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { instanceName, SMALL, type Instance } from '../domain/instance.ts';
import type { BuiltImage, Release } from '../domain/release.ts';
import { MOST_EXECS, onTerminal, RUN_SECONDS, RUN_TYPE, runArgv, runName, type Run } from '../domain/run.ts';
import type { Accounts } from '../ports/accounts.ts';
import type { Apps } from '../ports/apps.ts';
import type { Clock } from '../ports/clock.ts';
import type { Engine } from '../ports/engine.ts';
import type { RegistryTokens } from '../ports/registry.ts';
import type { Releases } from '../ports/releases.ts';
import type { RunEngine, TerminalSize } from '../ports/runs.ts';
import { reach } from './reach.ts';
import { isRefusal } from './refusal.ts';
import type { RunOrders } from './run-orders.ts';
import type { Offer, RunSession, RunSessions } from './run-sessions.ts';

export interface RunOrder {
  /** Null: a shell; only in an instance. */
  readonly command: string | null;
  readonly tty: boolean;
  readonly env: ReadonlyMap<string, string>;
}

interface StartedRun {
  readonly app: App;
  readonly release: Release;
  readonly run: Run;
  /** Opens the one connection; null for a detached run. */
  readonly secret: string | null;
}

export interface Runs {
  /**
   * A one-off process of the current release. An attached one begins when somebody comes with the secret, in half a
   * minute or never. Throws `nothing_to_run`, `process_type_not_found`, `too_many_runs`, `image_missing`,
   * `start_refused`.
   */
  start(
    actor: Actor,
    app: string,
    order: RunOrder & {
      readonly command: string;
      readonly attach: boolean;
      /** The process type it stands for. It must be there, and changes nothing: image, config and size are the same. */
      readonly type: string | null;
      readonly seconds: number | null;
    },
    signal: AbortSignal,
  ): Promise<StartedRun>;
  /** A command in a running instance, for whoever comes with the secret. Throws `instance_not_found`, `too_many_runs`. */
  inside(
    actor: Actor,
    app: string,
    instance: string,
    order: RunOrder,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly instance: Instance; readonly secret: string }>;
  /** The same without the detour over a secret, for a door that knows who asks. */
  enter(
    actor: Actor,
    app: string,
    instance: string,
    order: RunOrder,
    signal: AbortSignal,
  ): Promise<RunSession>;
  /** An instance that runs now, which this actor may enter. Throws `instance_not_found`. */
  instance(actor: Actor, app: string, name: string, signal: AbortSignal): Promise<Instance>;
  /** Throws unless this actor may run commands in the app. */
  enterable(actor: Actor, app: string, signal: AbortSignal): Promise<unknown>;
  /** Those that have not ended. */
  list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly Run[]>;
  /** Tells a run to end; after half a minute it is killed. Undefined when there is no such run. */
  stop(actor: Actor, app: string, nameOrId: string, signal: AbortSignal): Promise<Run | undefined>;
  /** The connection that a secret opens: it is the permission. Undefined when it opens none. */
  claim(secret: string): RunSession | undefined;
  /** Ends the connections of those who may not have them any more, and those that nobody uses. */
  recheck(signal: AbortSignal): Promise<void>;
}

export interface RunsDeps {
  readonly accounts: Pick<Accounts, 'renew'>;
  readonly apps: Apps;
  readonly releases: Releases;
  readonly engine: RunEngine & Pick<Engine, 'prepare'>;
  readonly tokens: Pick<RegistryTokens, 'pullToken'>;
  readonly sessions: RunSessions;
  readonly orders: RunOrders;
  readonly controller: { instancesOf(appId: string): readonly Instance[] };
  readonly watch: { stop(runId: string): void };
  readonly clock: Clock;
  readonly log: Logger;
}

/** As the clients' own. */
const IDLE_MS = 3_600_000;

export function createRuns(deps: RunsDeps): Runs {
  const { apps, releases, engine, sessions, orders, clock, log } = deps;

  return {
    async start(actor, name, order, signal) {
      const app = await reach(apps, actor, 'run', name, signal);
      const release = (await releases.list(app.id, signal)).find((one) => one.current);
      const image = release?.image;
      if (release === undefined || !image) throw PlatformError.of('nothing_to_run', { app: app.name });
      mustHaveType(image, order.type);
      const config = await releases.configOf(release.id, signal);
      await engine.prepare(app, image, deps.tokens.pullToken(image.repository), signal);
      const endsAt = new Date(clock.now().getTime() + (order.seconds ?? RUN_SECONDS) * 1000);
      const tty = order.attach && order.tty;
      const { size, env } = terminalOf({ ...order, tty });
      const wanted = { ...order, tty, size, env, image, config, release: release.version, endsAt };
      const { id, number } = await orders.create(app, wanted, signal);
      log.info({ app: app.name, run: runName({ number }), user: actor.email }, 'a run was ordered');
      let secret: string | null = null;
      if (order.attach) {
        const open: Offer['open'] = (inner) => engine.attachRun(id, tty, inner);
        const place = { actor, appId: app.id, name: runName({ number }), tty, runId: id };
        secret = sessions.offer({ ...place, size, open });
      } else {
        await engine.startRun(id, signal);
      }
      const now = clock.now();
      const run: Run = {
        ...{ id, number, appId: app.id, release: release.version, command: order.command },
        ...{
          attached: order.attach,
          size: SMALL.name,
          endsAt,
          createdAt: now,
          endedAt: null,
          exitCode: null,
        },
        ...(order.attach ? { state: 'created', startedAt: null } : { state: 'up', startedAt: now }),
      };
      return { app, release, run, secret };
    },

    async inside(actor, name, which, order, signal) {
      const { app, instance, offer } = await offerInside(deps, { actor, name, which, order }, signal);
      return { app, instance, secret: sessions.offer(offer) };
    },

    async enter(actor, name, which, order, signal) {
      return sessions.begin((await offerInside(deps, { actor, name, which, order }, signal)).offer);
    },

    async instance(actor, name, which, signal) {
      const app = await reach(apps, actor, 'run', name, signal);
      return pick(app, deps.controller.instancesOf(app.id), which);
    },

    enterable: (actor, name, signal) => reach(apps, actor, 'run', name, signal),

    async list(actor, name, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return (await orders.living(app, signal)).toSorted((a, b) => a.number - b.number);
    },

    async stop(actor, name, nameOrId, signal) {
      const app = await reach(apps, actor, 'operate', name, signal);
      const found = (await orders.living(app, signal)).find(
        (run) => runName(run) === nameOrId || run.id === nameOrId,
      );
      if (found !== undefined) {
        log.info({ app: app.name, run: runName(found), user: actor.email }, 'a run is stopped');
        deps.watch.stop(found.id);
      }
      return found;
    },

    claim: (secret) => sessions.claim(secret),

    recheck: (signal) => recheck(deps, signal),
  };
}

function mustHaveType({ processes }: Pick<BuiltImage, 'processes'>, type: string | null): void {
  if (type === null || type === RUN_TYPE || Object.hasOwn(processes, type)) return;
  const known = Object.keys(processes);
  throw PlatformError.of('process_type_not_found', { type: type.slice(0, 60), known });
}

async function offerInside(
  { apps, releases, engine, sessions, controller, log }: RunsDeps,
  { actor, name, which, order }: { actor: Actor; name: string; which: string; order: RunOrder },
  signal: AbortSignal,
): Promise<{ app: App; instance: Instance; offer: Offer }> {
  const app = await reach(apps, actor, 'run', name, signal);
  const instance = pick(app, controller.instancesOf(app.id), which);
  if (sessions.execsOf(app.id) >= MOST_EXECS)
    throw PlatformError.of('too_many_runs', {
      app: app.name,
      limit: MOST_EXECS,
      what: 'commands inside its instances',
    });
  const release = await releases.find(app.id, `v${instance.release}`, signal);
  const image = release?.image;
  if (!image) throw PlatformError.of('nothing_to_run', { app: app.name });
  const argv = runArgv(
    { ...image, ...(order.command === null && { processes: {} }) },
    order.command ?? SHELL,
  );
  const { size, env } = terminalOf(order);
  const spec = {
    argv: onTerminal(argv ?? ['/bin/sh', '-c', order.command ?? SHELL], size),
    ...{ env, tty: order.tty },
  };
  log.info(
    { app: app.name, instance: instanceName(instance), user: actor.email },
    'a command inside an instance was ordered',
  );
  const offer: Offer = {
    ...{ actor, appId: app.id, name: instanceName(instance), tty: order.tty, runId: null },
    size,
    open: (inner) => engine.exec(instance.id, spec, inner),
  };
  return { app, instance, offer };
}

/** Starts bash where there is one. */
const SHELL = 'if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi';

/** An instance that runs, by name; while one replaces another, the newer one. */
function pick(app: App, instances: readonly Instance[], which: string): Instance {
  const running = instances.filter(({ state }) => state === 'starting' || state === 'ready');
  const found = running
    .filter((instance) => instanceName(instance) === which || instance.id === which)
    .toSorted((a, b) => b.seq - a.seq || b.attempt - a.attempt)[0];
  if (found !== undefined) return found;
  throw PlatformError.of('instance_not_found', {
    app: app.name,
    name: which.slice(0, 100),
    there: [...new Set(running.map(instanceName))].toSorted(),
  });
}

/** What a client says of its terminal when it cannot say it any other way. */
/**
 * How large the terminal is as its client says it in the environment, which then says it no more: programs believe that
 * rather than the terminal, and would never hear of a window that was resized.
 */
function terminalOf({ tty, env }: Pick<RunOrder, 'tty' | 'env'>): {
  readonly size: TerminalSize | null;
  readonly env: ReadonlyMap<string, string>;
} {
  const size = tty ? sizeOf(env) : null;
  if (size === null) return { size, env };
  return { size, env: new Map([...env].filter(([key]) => key !== 'COLUMNS' && key !== 'LINES')) };
}

function sizeOf(env: ReadonlyMap<string, string>): TerminalSize | null {
  const [columns, rows] = [env.get('COLUMNS'), env.get('LINES')].map(Number);
  const good = (n: number | undefined): n is number =>
    n !== undefined && Number.isInteger(n) && n > 0 && n < 10_000;
  return good(columns) && good(rows) ? { columns, rows } : null;
}

async function recheck({ accounts, apps, sessions, clock }: RunsDeps, signal: AbortSignal): Promise<void> {
  for (const session of sessions.open()) {
    if (session.lastUsedMs + IDLE_MS <= clock.now().getTime())
      session.cut('Nothing was said here for an hour, so the connection was closed.');
    try {
      // As they are now: a token that was revoked opens no terminal any longer either.
      const actor = await accounts.renew(session.actor, signal);
      if (!actor) throw PlatformError.of('unauthorized', {});
      await reach(apps, actor, 'run', session.appId, signal);
    } catch (err) {
      if (!isRefusal(err)) throw err;
      session.cut('You may not run commands in this app any more, or it is gone; the connection was closed.');
    }
  }
}
