import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBulletin } from '../lib/bulletin.ts';
import { isSystemError } from '../lib/errors.ts';
import { createAmbient } from '../lib/ambient.ts';
import type { Logger } from '../lib/log.ts';
import { Secret } from '../lib/secret.ts';
import { VERSION } from '../lib/version.ts';
import { createBuilderClient } from './adapters/builder/builder.ts';
import { createImageRegistry } from './adapters/builder/registry.ts';
import { createDockerEngine } from './adapters/docker/engine.ts';
import { createDrainPipes } from './adapters/egress/drain-pipes.ts';
import { createEgress } from './adapters/egress/egress.ts';
import { createGitRepositories } from './adapters/git/repositories.ts';
import { createHealth } from './adapters/health/health.ts';
import { createLogArchive } from './adapters/log-archive/log-archive.ts';
import { createPasswords } from './adapters/passwords/argon2.ts';
import { createHosts } from './adapters/machine/hosts.ts';
import { createAccounts as createAccountStore } from './adapters/postgres/accounts.ts';
import { createAuditTrail } from './adapters/postgres/audit-trail.ts';
import { createAppOptions } from './adapters/postgres/app-options.ts';
import { createAppSetups } from './adapters/postgres/app-setups.ts';
import { createApps as createAppStore } from './adapters/postgres/apps.ts';
import { createBuilds as createBuildStore } from './adapters/postgres/builds.ts';
import { createCertificates as createCertificateStore } from './adapters/postgres/certificates.ts';
import { createControllerState } from './adapters/postgres/controller-state.ts';
import { openDatabase } from './adapters/postgres/database.ts';
import { createDomains as createDomainStore } from './adapters/postgres/domains.ts';
import { createDrains } from './adapters/postgres/drains.ts';
import { createHappenings } from './adapters/postgres/happenings.ts';
import { createIdempotency } from './adapters/postgres/idempotency.ts';
import { createImageUse } from './adapters/postgres/image-use.ts';
import { createLoginRequests } from './adapters/postgres/login-requests.ts';
import { createPipelines } from './adapters/postgres/pipelines.ts';
import { createPeople } from './adapters/postgres/people.ts';
import { createCollaborators, createDirectory, createTransfers } from './adapters/postgres/membership.ts';
import { createPromotions } from './adapters/postgres/promotions.ts';
import { createReleases as createReleaseStore } from './adapters/postgres/releases.ts';
import { createTokens } from './adapters/postgres/tokens.ts';
import { createTeams } from './adapters/postgres/teams.ts';
import { createTranscripts as createTranscriptStore } from './adapters/postgres/transcripts.ts';
import { createWebhooks } from './adapters/postgres/webhooks.ts';
import { createSealedValues } from './adapters/postgres/sealed-values.ts';
import { createBuildQueue } from './adapters/redis/build-queue.ts';
import { createRegistryTokens } from './adapters/registry/tokens.ts';
import { createRouterClient } from './adapters/router/router.ts';
import { createRouterLines } from './adapters/router-lines/router-lines.ts';
import { openKeyFile } from './adapters/secrets/key-file.ts';
import { createSealer } from './adapters/secrets/sealer.ts';
import { createUploads as createUploadStore } from './adapters/uploads/uploads.ts';
import type { Config } from './config.ts';
import type { Cause } from './domain/cause.ts';
import { createController, type Controller } from './controller/controller.ts';
import { createKeyring } from './controller/keyring.ts';
import { createReadiness } from './controller/readiness.ts';
import { createRollouts } from './controller/rollouts.ts';
import { createRoutes } from './controller/routes.ts';
import { startRunWatch } from './controller/run-watch.ts';
import { createLinks } from './http/links.ts';
import { createOutputs } from './http/outputs.ts';
import { createWire } from './http/wire.ts';
import type { Clock } from './ports/clock.ts';
import type { LogArchive } from './ports/log-archive.ts';
import type { RouterLines } from './ports/visits.ts';
import type { Wire } from './ports/wire.ts';
import { newToken } from './services/accounts.ts';
import { createServices, type AllServices } from './services/all.ts';
import { createRunSessions } from './services/run-sessions.ts';
import { createSessionTokens, withSessionTokens } from './services/session-tokens.ts';

/** A build may take this long, as at Heroku; of what it prints so much is kept: docs/decisions/0030. */
const BUILD_LIMITS = { seconds: 15 * 60, outputBytes: 4 * 1024 * 1024, outputLines: 20_000 };

/** Everything outside this process, behind its port. */
export async function openAdapters(config: Config, log: Logger) {
  const secret = (name: string): Promise<string> => readFile(join(config.paths.secrets, name), 'utf8');
  const clock = { now: () => new Date() };
  const masterKey = await openKeyFile(join(config.paths.secrets, 'master-key'));
  const sealer = createSealer(masterKey);
  const purposeKey = await secret('purpose-key');
  const tokens = createRegistryTokens({
    keyPem: await secret('registry-key.pem'),
    certPem: await secret('registry-cert.pem'),
    clock,
  });
  const causes = createAmbient<Cause>();
  const routerLines = createRouterLines({ root: config.paths.routerLines });
  const db = openDatabase({ url: config.databaseUrl, log, cause: () => causes.get() });
  const linkKey = keyFor(purposeKey, 'stream links');
  const engine = createDockerEngine({
    dockerHost: config.dockerHost,
    platformId: config.platformId,
    registry: config.registry,
    imageLedger: config.paths.imageLedger,
    archive: alsoForgetting(createLogArchive({ root: config.paths.appLogs }), routerLines),
    log,
  });
  return {
    clock,
    db,
    causes,
    webhooks: createWebhooks({ db, sealer, clock }),
    drains: createDrains({ db, sealer, clock, fingerprintKey: keyFor(purposeKey, 'drains') }),
    drainPipes: createDrainPipes({ allow: config.egressAllow, version: VERSION }),
    egress: createEgress({ allow: config.egressAllow }),
    happenings: createHappenings({ db, clock, log, wire: openWire(config, linkKey, clock) }),
    trail: createAuditTrail({ db, key: keyFor(purposeKey, 'audit trail') }),
    accounts: createAccountStore({ db, clock }),
    accessTokens: createTokens({ db, clock }),
    people: createPeople({ db, sealer, clock }),
    loginRequests: createLoginRequests({ db, clock }),
    passwords: createPasswords(),
    apps: createAppStore({ db, sealer, clock }),
    directory: createDirectory({ db }),
    teams: createTeams({ db }),
    collaborators: createCollaborators({ db }),
    transfers: createTransfers({ db }),
    pipelines: createPipelines({ db }),
    promotions: createPromotions({ db, clock }),
    setups: createAppSetups({ db, sealer, clock }),
    releases: createReleaseStore({ db, sealer, clock }),
    domains: createDomainStore({ db }),
    certificates: createCertificateStore({ db, sealer }),
    builds: createBuildStore({ db, clock }),
    options: createAppOptions({ db }),
    uploads: createUploadStore({ folder: config.paths.uploads }),
    transcripts: createTranscriptStore({ db, clock }),
    state: createControllerState({ db, sealer, clock }),
    imageUse: createImageUse({ db, clock }),
    idempotency: createIdempotency({ db, sealer, clock }),
    engine,
    hosts: createHosts({ home: config.home, engine, clock }),
    masterKey,
    sealedValues: createSealedValues({ db, sealer }),
    routerLines,
    router: createRouterClient({ socket: config.paths.routerSocket }),
    health: createHealth(),
    builder: createBuilderClient({ socket: config.paths.builderSocket, limits: BUILD_LIMITS }),
    repositories: createGitRepositories({ root: config.paths.repositories, sources: config.paths.sources }),
    tokens,
    registry: createImageRegistry({ socket: config.paths.builderSocket, tokens }),
    queue: createBuildQueue({ redisUrl: config.redisUrl, platformId: config.platformId, log }),
    bulletin: createBulletin(),
    execHostKey: (await secret('ssh_host_ed25519_key.pub')).trim(),
    linkKey,
    sessionTokens: createSessionTokens(),
  };
}

/** What the API shows of things, for who tells it to those that do not ask. */
function openWire(config: Config, linkKey: Secret, clock: Clock): Wire {
  const { domain, httpPort } = config;
  const port = httpPort === 80 ? '' : `:${httpPort}`;
  return createWire({
    place: config,
    outputs: createOutputs(createLinks(linkKey), () => clock.now()),
    origin: `http://api.${domain}${port}`,
  });
}

/** All that is kept of an app's log goes at once. */
function alsoForgetting(archive: LogArchive, routerLines: RouterLines): LogArchive {
  return {
    ...archive,
    async forget(appId, signal) {
      await routerLines.forget(appId, signal);
      await archive.forget(appId, signal);
    },
  };
}

/** A key for one purpose. What is checked with it is not sealed anew when the master key changes, so it is not made of that. */
function keyFor(purposeKey: string, purpose: string): Secret {
  return new Secret(createHmac('sha256', purposeKey).update(purpose).digest('base64'));
}

export type Adapters = Awaited<ReturnType<typeof openAdapters>>;

export interface Duty {
  readonly epoch: number;
  readonly fenced: () => void;
}

/** The controller: the one writer of instances and routes. */
export function openController(config: Config, log: Logger, adapters: Adapters, duty: Duty): Controller {
  const { imageUse, registry } = adapters;
  const { state, engine, router, health, repositories, builder, tokens, bulletin, transcripts } = adapters;
  const epoch = (): number => duty.epoch;
  const nowMs = (): number => adapters.clock.now().getTime();
  const controller: Controller = createController({
    state,
    transcripts,
    imageUse,
    registry,
    keepImages: config.keepImages,
    engine,
    router,
    repositories,
    builder,
    tokens,
    log,
    epoch,
    nowMs,
    note: (notes, signal) => adapters.happenings.note(notes, signal),
    fenced: duty.fenced,
    hostOf: (app) => `${app}.${config.domain}`,
    narrate: async (id, lines, signal) => {
      await transcripts.append(id, lines, signal);
      bulletin.post(id);
    },
    decided: (id) => bulletin.post(id),
    rollouts: createRollouts(nowMs),
    readiness: createReadiness({ health, nowMs, changed: (instance) => controller.wake(instance.appId) }),
    routes: createRoutes({
      router,
      keyring: createKeyring({ router, certificates: adapters.certificates, log }),
      epoch,
      nowMs,
      fixed: [
        {
          app: 'gantry-api',
          hosts: [`api.${config.domain}`, `git.${config.domain}`],
          // What the heroku CLI and git use on the machine itself; over plain HTTP nobody asks for these.
          tlsHosts: ['localhost', '127.0.0.1'],
          address: '127.0.0.1',
          port: config.apiPort,
        },
      ],
    }),
  });
  return controller;
}

/** Who is connected to runs, and who looks after those that nobody is connected to. */
export function openRuns(log: Logger, { engine, clock, setups }: Adapters) {
  const nowMs = (): number => clock.now().getTime();
  const sessions = createRunSessions({ nowMs, left: () => watch.wake() });
  const watch = startRunWatch({
    ...{ engine, nowMs, log },
    attended: (id) => sessions.attended(id),
    needed: (ids, signal) => setups.needing(ids, signal),
  });
  return { sessions, watch };
}

export type RunKeeping = ReturnType<typeof openRuns>;

/** The use cases, over the adapters. */
export function openServices(
  config: Config,
  log: Logger,
  adapters: Adapters,
  { controller, epoch, keeping }: { controller: Controller; epoch: number; keeping: RunKeeping },
): AllServices {
  const port = config.httpPort === 80 ? '' : `:${config.httpPort}`;
  const urlOf = (app: string): string => `http://${app}.${config.domain}${port}`;
  const services = createServices(adapters, {
    ...keeping,
    execHostKey: adapters.execHostKey,
    controller,
    log,
    epoch,
    urlOf,
    platformDomain: config.domain,
    routed: (app) => controller.carries(`${app}.${config.domain}`),
  });
  return { ...services, accounts: withSessionTokens(services.accounts, adapters.sessionTokens) };
}

/**
 * The first admin's token lives in a file that only the owner of the platform can read. Written before the account is
 * made: a crash in between uses the same token again instead of losing the only key to the house.
 */
export async function welcomeAdmin(
  config: Config,
  accounts: AllServices['accounts'],
  signal: AbortSignal,
): Promise<void> {
  const token = newToken();
  let mine = token;
  try {
    await writeFile(config.paths.adminToken, `${token.reveal()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (err) {
    if (!isSystemError(err, 'EEXIST')) throw err;
    mine = new Secret((await readFile(config.paths.adminToken, 'utf8')).trim());
  }
  await accounts.welcomeAdmin(`admin@${config.domain}`, mine, signal);
}
