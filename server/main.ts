import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { abortController } from '../lib/abort.ts';
import { KnownError, messageOf } from '../lib/errors.ts';
import { askedToStop, createLifecycle, type Lifecycle } from '../lib/lifecycle.ts';
import { rootLog, type Logger } from '../lib/log.ts';
import { startLoop } from '../lib/loop.ts';
import { VERSION } from '../lib/version.ts';
import { createGitRepositories } from './adapters/git/repositories.ts';
import { migrate } from './adapters/postgres/migrate.ts';
import { ownDatabase } from './adapters/postgres/ownership.ts';
import { watchTables } from './adapters/postgres/watched.ts';
import {
  openAdapters,
  openController,
  openRuns,
  openServices,
  welcomeAdmin,
  type Adapters,
} from './compose.ts';
import { readConfig, type Config } from './config.ts';
import type { Controller } from './controller/controller.ts';
import { createGitCommands } from './git/commands.ts';
import { createConsole } from './console.ts';
import { createHttpDoor } from './http/door.ts';
import { createBuildJobs } from './jobs/build-jobs.ts';
import { takeUpRestore } from './restored.ts';
import { openRunDoors } from './run-doors.ts';
import { createSshDoor } from './ssh/door.ts';

/** Each thing that is closed gets this long. */
const CLOSE_LIMIT_MS = 15_000;
/** Builds that no wake-up told us about are found this often. */
const WAITING_MS = 1_000;
/** What happened is told this soon. */
const EVENTS_MS = 250;
const WEBHOOKS_MS = 1_000;
const VISITS_MS = 1_000;
/** Branches that nobody moved, although no build ended here, this often. */
const BRANCHES_MS = 5_000;
/** A promotion, and a setup, begins this soon. */
const PROMOTIONS_MS = 500;
/** What broken pushes left in repositories is removed at this age, looked for this often. */
const LEFTOVERS_MS = 60 * 60_000;
/** What failed pushes left goes half an hour after them, at most. */
const REPOSITORIES_MS = 15 * 60_000;
/** A builder that is not there yet, or has made a new stack since, is asked this often. */
const STACK_MS = 60_000;

/** Whoever loses a right loses what is open by it this soon. */
const RECHECK_MS = 3_000;
/** A rotation goes a round further this often, and costs nothing while there is none. */
const MASTER_KEY_MS = 2_000;

const MIGRATIONS = join(import.meta.dirname, '..', 'prisma', 'migrations');

/**
 * `gantry server`: config → adapters → controller → services → doors, and in reverse when it is asked to stop.
 * Two servers on one database do no harm: the newer one reigns, the older one ends.
 */
async function serve(config: Config, log: Logger): Promise<string> {
  const asked = askedToStop();
  const closing = abortController();
  const { signal } = closing;
  await using life = createLifecycle(log, CLOSE_LIMIT_MS);
  const { repositories: root, sources } = config.paths;
  const restoring = abortController();
  // Nobody waits for it yet, and a restore may take hours.
  void asked.then((name) => restoring.abort(new Error(`ended by ${name} before the backup was taken in`)));
  await takeUpRestore(config, createGitRepositories({ root, sources }), log, restoring.signal);
  const applied = await migrate(config.databaseUrl, MIGRATIONS, signal);
  await watchTables(config.databaseUrl, signal);
  if (applied.length > 0) log.info({ migrations: applied }, 'the database was brought up to date');

  const adapters = await openAdapters(config, log);
  life.own(adapters.db);
  life.own(adapters.queue);
  life.own(adapters.passwords);
  // Closed in reverse: the doors first, then what is in flight, then what it flies on.
  life.onClose('what is in flight', () => {
    closing.abort(new Error('the server is shutting down'));
    return Promise.resolve();
  });

  await ownDatabase(adapters.db, config.platformId, await holdsApps(config), signal);
  // A router that is away is asked again by the controller, which ends this server when it has heard of a later epoch.
  const { epoch: heard } = await adapters.router.applied(signal).catch(() => ({ epoch: 0 }));
  const epoch = await adapters.state.takeOver(signal, heard);
  let endOfReign = (): void => undefined;
  const fenced = new Promise<string>((resolve) => {
    endOfReign = () => resolve('a newer server took over');
  });
  const controller = life.own(openController(config, log, adapters, { epoch, fenced: () => endOfReign() }));
  const keeping = openRuns(log, adapters);
  life.own(keeping.watch);
  const services = openServices(config, log, adapters, { controller, epoch, keeping });
  await welcomeAdmin(config, services.accounts, signal);
  startJobs(life, config, log, { adapters, services, epoch }, signal);
  await openDoors(life, config, log, { adapters, services, controller });
  controller.start();
  log.info({ epoch, port: config.apiPort }, 'server is ready');
  return await Promise.race([asked, fenced]);
}

type Services = ReturnType<typeof openServices>;

/** What goes on without anyone asking: builds are worked off, branches are kept true. */
function startJobs(
  life: Lifecycle,
  config: Config,
  log: Logger,
  {
    adapters,
    services,
    epoch,
  }: { readonly adapters: Adapters; readonly services: Services; readonly epoch: number },
  signal: AbortSignal,
): void {
  const branches = life.own(
    startLoop((look) => services.branches.repair(look), { name: 'branches', log, everyMs: BRANCHES_MS }),
  );
  // A push whose server died has no git any more that would move its branch when the deploy is done.
  const drain = (appId: string): Promise<void> =>
    services.deploys.drain(appId, signal).finally(() => branches.wake());
  const drainWaiting = async (look: AbortSignal): Promise<void> => {
    for (const appId of await adapters.builds.waiting(epoch, look)) {
      if (services.deploys.draining(appId)) continue;
      drain(appId).catch((err: unknown) =>
        log.warn({ err, app: appId }, 'working off the builds of an app ended early'),
      );
    }
  };
  const { redisUrl, platformId } = config;
  life.own(createBuildJobs({ redisUrl, platformId, log, drain }));
  life.own(startLoop(drainWaiting, { name: 'waiting builds', log, everyMs: WAITING_MS }));
  const tidy = async (look: AbortSignal): Promise<void> => {
    await services.branches.sweep(LEFTOVERS_MS, look);
    await adapters.repositories.tidy(LEFTOVERS_MS, look);
    await services.sources.tidy(LEFTOVERS_MS, look);
    await services.happenings.prune(look);
    await adapters.uploads.tidy(LEFTOVERS_MS, look);
    await services.webhooks.prune(look);
  };
  const clear = (look: AbortSignal): Promise<void> => services.housekeeping.clear(look);
  life.own(startLoop(clear, { name: 'repositories', log, everyMs: REPOSITORIES_MS }));
  const lendStack = (look: AbortSignal): Promise<void> =>
    adapters.builder.lendStack(adapters.tokens.stackToken(), look);
  life.own(
    startLoop((look) => services.happenings.publish(look), { name: 'events', log, everyMs: EVENTS_MS }),
  );
  life.own(
    startLoop((look) => services.webhooks.deliver(look), { name: 'webhooks', log, everyMs: WEBHOOKS_MS }),
  );
  life.own(startLoop((look) => services.visits.collect(look), { name: 'visits', log, everyMs: VISITS_MS }));
  const promote = (): Promise<void> => services.promoting.takeUp(signal);
  life.own(startLoop(promote, { name: 'promotions', log, everyMs: PROMOTIONS_MS }));
  const setUp = (): Promise<void> => services.settingUp.takeUp(signal);
  life.own(startLoop(setUp, { name: 'setups', log, everyMs: PROMOTIONS_MS }));
  life.own(
    startLoop((look) => services.drainDelivery.run(look), { name: 'drains', log, everyMs: VISITS_MS }),
  );
  const reseal = (look: AbortSignal): Promise<void> => services.masterKeys.goOn(look);
  life.own(startLoop(reseal, { name: 'master key', log, everyMs: MASTER_KEY_MS }));
  life.own(startLoop(lendStack, { name: 'stack', log, everyMs: STACK_MS }));
  const recheck = (look: AbortSignal): Promise<void> => services.runs.recheck(look);
  life.own(startLoop(recheck, { name: 'run sessions', log, everyMs: RECHECK_MS }));
  life.own(startLoop(tidy, { name: 'leftovers', log, everyMs: LEFTOVERS_MS }));
}

async function openDoors(
  life: Lifecycle,
  config: Config,
  log: Logger,
  {
    adapters,
    services,
    controller,
  }: { readonly adapters: Adapters; readonly services: Services; readonly controller: Controller },
): Promise<void> {
  const { domain, httpPort, sshPort, rendezvousPort } = config;
  const { accounts, pushes } = services;
  const git = await createGitCommands({ pushes, hookSocket: config.paths.pushSocket, log });
  const console = createConsole({ tokens: adapters.sessionTokens, apiPort: config.apiPort });
  life.own(
    await createSshDoor({ hostKeys: await hostKeys(config), port: sshPort, accounts, git, console, log }),
  );
  const http = createHttpDoor({
    services,
    git,
    log,
    version: VERSION,
    inControl: () => controller.inControl(),
    appsAreBack: () => controller.appsAreBack(),
    linkKey: adapters.linkKey,
    requestsPerHour: config.callsPerHour,
    domain,
    httpPort,
    sshPort,
    rendezvousPort,
  });
  life.own(await http.listen(config.apiPort));
  await openRunDoors(life, config, log, services);
  // Closed before the doors, through which its commands tell how they ended.
  life.own(git);
}

async function holdsApps(config: Config): Promise<boolean> {
  const found = await readdir(config.paths.repositories).catch(() => []); // made with the first app
  return found.some((name) => name.endsWith('.git'));
}

async function hostKeys(config: Config): Promise<string[]> {
  const names = (await readdir(config.paths.secrets)).filter((name) => /^ssh_host_[a-z0-9]+_key$/.test(name));
  return Promise.all(names.sort().map((name) => readFile(join(config.paths.secrets, name), 'utf8')));
}

const config = readConfig();
const log = rootLog('server', config.logLevel);
try {
  const why = await serve(config, log);
  log.info({ why }, 'server has stopped');
  process.exit(0);
} catch (err) {
  log.fatal(
    { err },
    err instanceof KnownError ? 'server could not start' : 'server ended because of a bug or a broken part',
  );
  process.stderr.write(`${messageOf(err)}\n`);
  // 78 (EX_CONFIG) tells the supervisor that another start would only fail again, e.g. on a newer database.
  process.exit(err instanceof KnownError && !err.retry ? 78 : 1);
}
