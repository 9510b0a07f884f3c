import { randomBytes, randomUUID } from 'node:crypto';
import { describe } from 'vitest';
import { Client } from 'pg';
import { quietLog } from '../../lib/log.ts';
import { createAccounts } from '../../server/adapters/postgres/accounts.ts';
import { createAppOptions } from '../../server/adapters/postgres/app-options.ts';
import { createAppSetups } from '../../server/adapters/postgres/app-setups.ts';
import { createApps } from '../../server/adapters/postgres/apps.ts';
import { createBuilds } from '../../server/adapters/postgres/builds.ts';
import { createCertificates } from '../../server/adapters/postgres/certificates.ts';
import { createControllerState } from '../../server/adapters/postgres/controller-state.ts';
import { openDatabase } from '../../server/adapters/postgres/database.ts';
import { createDomains } from '../../server/adapters/postgres/domains.ts';
import { createDrains } from '../../server/adapters/postgres/drains.ts';
import { createIdempotency } from '../../server/adapters/postgres/idempotency.ts';
import { createImageUse } from '../../server/adapters/postgres/image-use.ts';
import {
  createCollaborators,
  createDirectory,
  createTransfers,
} from '../../server/adapters/postgres/membership.ts';
import { createReleases } from '../../server/adapters/postgres/releases.ts';
import { createLoginRequests } from '../../server/adapters/postgres/login-requests.ts';
import { createPromotions } from '../../server/adapters/postgres/promotions.ts';
import { createPipelines } from '../../server/adapters/postgres/pipelines.ts';
import { createPeople } from '../../server/adapters/postgres/people.ts';
import { createTokens } from '../../server/adapters/postgres/tokens.ts';
import { createTeams } from '../../server/adapters/postgres/teams.ts';
import { createTranscripts } from '../../server/adapters/postgres/transcripts.ts';
import { newMasterKey, type KeyRing } from '../../server/adapters/secrets/master-key.ts';
import { createSealer } from '../../server/adapters/secrets/sealer.ts';
import { Secret } from '../../lib/secret.ts';
import type { App } from '../../server/domain/app.ts';
import { EVERYTHING, type Actor } from '../../server/domain/actor.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import type { Accounts, Idempotency } from '../../server/ports/accounts.ts';
import type { AppOptions } from '../../server/ports/app-options.ts';
import type { AppSetups } from '../../server/ports/app-setups.ts';
import type { Apps } from '../../server/ports/apps.ts';
import type { Collaborators, Directory, Teams, Transfers } from '../../server/ports/membership.ts';
import type { Builds } from '../../server/ports/builds.ts';
import type { Certificates } from '../../server/ports/certificates.ts';
import type { ControllerState } from '../../server/ports/controller-state.ts';
import type { Domains } from '../../server/ports/domains.ts';
import type { Drains } from '../../server/ports/drains.ts';
import type { ImageUse } from '../../server/ports/image-use.ts';
import type { ReleaseDraft, Releases } from '../../server/ports/releases.ts';
import type { LoginRequests } from '../../server/ports/login-requests.ts';
import type { Promotions } from '../../server/ports/promotions.ts';
import type { Pipelines } from '../../server/ports/pipelines.ts';
import type { People } from '../../server/ports/people.ts';
import type { Tokens } from '../../server/ports/tokens.ts';
import type { Transcripts } from '../../server/ports/transcripts.ts';
import { addMemoryUser, createMemoryAccounts, createMemoryIdempotency } from './memory-accounts.ts';
import { createMemoryAppOptions } from './memory-app-options.ts';
import { createMemoryAppSetups } from './memory-app-setups.ts';
import { createMemoryApps } from './memory-apps.ts';
import { createMemoryBuilds } from './memory-builds.ts';
import { createMemoryTranscripts } from './memory-transcripts.ts';
import { createMemoryControllerState } from './memory-controller-state.ts';
import { createMemoryCertificates, createMemoryDomains } from './memory-domains.ts';
import { createMemoryDrains } from './memory-drains.ts';
import { createMemoryImageUse } from './memory-image-use.ts';
import {
  createMemoryCollaborators,
  createMemoryDirectory,
  createMemoryTeams,
  createMemoryTransfers,
} from './memory-membership.ts';
import { createMemoryReleases } from './memory-releases.ts';
import { createMemoryLoginRequests } from './memory-login-requests.ts';
import { createMemoryPeople } from './memory-people.ts';
import { createMemoryPromotions } from './memory-promotions.ts';
import { createMemoryPipelines } from './memory-pipelines.ts';
import { createMemoryTokens } from './memory-tokens.ts';
import { createMemoryWorld } from './memory-world.ts';
import { migratedPostgres } from './migrated-postgres.ts';

/** Every store of one empty platform. */
export interface Stores extends AsyncDisposable {
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly people: People;
  readonly loginRequests: LoginRequests;
  readonly idempotency: Idempotency;
  readonly apps: Apps;
  readonly directory: Directory;
  readonly teams: Teams;
  readonly collaborators: Collaborators;
  readonly transfers: Transfers;
  readonly pipelines: Pipelines;
  readonly promotions: Promotions;
  readonly setups: AppSetups;
  readonly releases: Releases;
  readonly domains: Domains;
  readonly certificates: Certificates;
  readonly builds: Builds;
  readonly drains: Drains;
  readonly options: AppOptions;
  readonly transcripts: Transcripts;
  readonly controller: ControllerState;
  readonly imageUse: ImageUse;
  /** The stores' clock, which stands still unless it is moved. */
  readonly time: { passed(ms: number): void; now(): Date };
  addUser(user?: { readonly admin?: boolean }): Promise<Actor>;
}

/** A platform of the suites has this many networks, so that they can be used up. */
export const NETWORKS = 4;

/** Nothing here waits long enough to be worth ending. */
export const patient = new AbortController().signal;

/** Tells one suite twice: of the in-memory stores that other tests rely on, and of the real ones. */
export function onEveryStore(suite: (open: () => Promise<Stores>) => void): void {
  describe('in memory', () => suite(() => Promise.resolve(openMemory())));
  describe('in PostgreSQL', () => {
    const createDatabase = migratedPostgres();
    suite(async () => openPostgres(await createDatabase()));
  });
}

function startClock() {
  let now = Date.parse('2026-11-21T12:00:00.000Z');
  return { now: () => new Date(now), passed: (ms: number) => void (now += ms) };
}

/** Stores without a database. */
export function openMemory(): Stores {
  const time = startClock();
  const world = createMemoryWorld(time);
  return {
    time,
    accounts: createMemoryAccounts(world),
    tokens: createMemoryTokens(world),
    people: createMemoryPeople(world),
    loginRequests: createMemoryLoginRequests(world),
    idempotency: createMemoryIdempotency(world),
    apps: createMemoryApps(world, { networks: NETWORKS }),
    directory: createMemoryDirectory(world),
    teams: createMemoryTeams(world),
    collaborators: createMemoryCollaborators(world),
    transfers: createMemoryTransfers(world),
    pipelines: createMemoryPipelines(world),
    promotions: createMemoryPromotions(world),
    setups: createMemoryAppSetups(world),
    releases: createMemoryReleases(world),
    domains: createMemoryDomains(world),
    certificates: createMemoryCertificates(world),
    builds: createMemoryBuilds(world),
    drains: createMemoryDrains(world),
    options: createMemoryAppOptions(world),
    transcripts: createMemoryTranscripts(world),
    controller: createMemoryControllerState(world),
    imageUse: createMemoryImageUse(world),
    async addUser({ admin = false } = {}) {
      const email = newEmail();
      return Promise.resolve({
        userId: addMemoryUser(world, { email, admin }),
        email,
        admin,
        scopes: EVERYTHING,
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Stores on a database that is there, which seal with a key of their own unless one is given. */
export function openPostgres(url: string, ring: KeyRing = { keys: [newMasterKey()] }): Stores {
  const clock = startClock();
  const db = openDatabase({ url, log: quietLog(), connections: 5 });
  const sealer = createSealer(ring);
  return {
    time: clock,
    accounts: createAccounts({ db, clock }),
    tokens: createTokens({ db, clock }),
    people: createPeople({ db, sealer, clock }),
    loginRequests: createLoginRequests({ db, clock }),
    idempotency: createIdempotency({ db, sealer, clock }),
    apps: createApps({ db, sealer, clock, networks: NETWORKS }),
    directory: createDirectory({ db }),
    teams: createTeams({ db }),
    collaborators: createCollaborators({ db }),
    transfers: createTransfers({ db }),
    pipelines: createPipelines({ db }),
    promotions: createPromotions({ db, clock }),
    setups: createAppSetups({ db, sealer, clock }),
    releases: createReleases({ db, sealer, clock }),
    domains: createDomains({ db }),
    certificates: createCertificates({ db, sealer }),
    builds: createBuilds({ db, clock }),
    drains: createDrains({ db, sealer, clock, fingerprintKey: new Secret('a key of the suites') }),
    options: createAppOptions({ db }),
    transcripts: createTranscripts({ db, clock }),
    controller: createControllerState({ db, sealer, clock }),
    imageUse: createImageUse({ db, clock }),
    addUser: ({ admin = false } = {}) => insertUser(url, admin),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

/** There is no port for making users yet. */
export async function insertUser(url: string, admin: boolean): Promise<Actor> {
  const actor = { userId: randomUUID(), email: newEmail(), admin, scopes: EVERYTHING };
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('INSERT INTO "User" (id, email, admin) VALUES ($1, $2, $3)', [
    actor.userId,
    actor.email,
    admin,
  ]);
  await client.end();
  return actor;
}

function newEmail(): string {
  return `${randomBytes(6).toString('hex')}@example.com`;
}

/** An image with one web process, told apart by its digest. */
export function imageOf(appId: string, processes: readonly string[] = ['web']): BuiltImage {
  return {
    repository: `apps/${appId}`,
    digest: `sha256:${randomBytes(32).toString('hex')}`,
    storedBytes: 1000,
    builder: 'dockerfile',
    processes: Object.fromEntries(processes.map((type) => [type, { command: type, argv: [type] }])),
    port: null,
    checks: { web: '/health' },
  };
}

export async function addApp(
  stores: Stores,
  owner: Actor,
  name = `app-${randomBytes(4).toString('hex')}`,
): Promise<App> {
  return stores.apps.create({ id: randomUUID(), name, ownerId: owner.userId, deployBranch: null }, patient);
}

/** What a service would compose: the newest release that stands, changed. */
export async function draftOf(
  stores: Stores,
  app: App,
  change: Partial<ReleaseDraft> = {},
): Promise<ReleaseDraft> {
  const latest = await stores.releases.latest(app.id, patient);
  return {
    base: latest.version,
    description: 'Deploy 1a2b3c4',
    image: imageOf(app.id),
    config: new Map(),
    commit: null,
    userId: app.owner.id,
    buildId: null,
    formation: new Map([['web', 1]]),
    ...change,
  };
}

export const LEDGER = { bootMs: 120.5, switchMs: 8, requests: 42, dropped: 0 };

/** Releases an image and brings it live under `epoch`; answers its release and deployment as they were made. */
export async function deployed(stores: Stores, app: App, epoch: number, change: Partial<ReleaseDraft> = {}) {
  const made = await stores.releases.create(app, await draftOf(stores, app, change), patient);
  if (!made.deployment) throw new Error('an image is deployed');
  await stores.controller.begin(made.deployment.id, epoch, patient);
  await stores.controller.succeed(made.deployment.id, epoch, LEDGER, patient);
  return { release: made.release, deployment: made.deployment };
}

/** The app as it is now. */
export async function again(stores: Stores, app: App): Promise<App> {
  const found = await stores.apps.find(app.id, patient);
  if (!found) throw new Error(`${app.name} is gone`);
  return found;
}

export const PUSH = { ref: 'refs/heads/main', commit: 'a'.repeat(40), from: null };
export const SUPERSEDED = 'A newer push took its place.';

/** Submits a build and answers its id. */
export async function pushed(stores: Stores, app: App): Promise<string> {
  const build = { id: randomUUID(), appId: app.id, userId: app.owner.id, push: PUSH };
  return (await stores.builds.submit(build, SUPERSEDED, patient)).id;
}
