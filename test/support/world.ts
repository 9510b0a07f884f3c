import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { createAmbient } from '../../lib/ambient.ts';
import { createBulletin } from '../../lib/bulletin.ts';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { EVERYTHING, type Actor } from '../../server/domain/actor.ts';
import type { App } from '../../server/domain/app.ts';
import { decided, type Deployment } from '../../server/domain/deployment.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import { instanceName, type Instance } from '../../server/domain/instance.ts';
import type { Apps } from '../../server/ports/apps.ts';
import type { Teams } from '../../server/ports/membership.ts';
import type { Pipelines } from '../../server/ports/pipelines.ts';
import type { MasterKey } from '../../server/ports/master-key.ts';
import type { LogLine, Usage } from '../../server/ports/engine.ts';
import { checkLiteral } from '../../server/adapters/egress/judge.ts';
import { createServices, type AllServices } from '../../server/services/all.ts';
import { createRunSessions } from '../../server/services/run-sessions.ts';
import { createFakeBuilder, type FakeBuilder } from './fake-builder.ts';
import { IMAGE, instanceOf, TIME } from './fake-app.ts';
import { createFakeHosts } from './fake-hosts.ts';
import { createFakeMasterKey } from './fake-master-key.ts';
import { createFakeLogs } from './fake-logs.ts';
import { createFakeRunEngine, type FakeRunEngine } from './fake-run-engine.ts';
import { createFakeRepositories } from './fake-repositories.ts';
import { createMemoryHappenings, type MemoryHappenings } from './memory-happenings.ts';
import { createMemoryDrains } from './memory-drains.ts';
import { createMemoryRouterLines } from './memory-router-lines.ts';
import { createMemoryWebhooks } from './memory-webhooks.ts';
import { createMemoryAuditTrail } from './memory-audit-trail.ts';
import { addMemoryUser, createMemoryAccounts, createMemoryIdempotency } from './memory-accounts.ts';
import { createMemoryAppOptions } from './memory-app-options.ts';
import { createMemoryAppSetups } from './memory-app-setups.ts';
import { createMemoryApps, memoryApp } from './memory-apps.ts';
import { createMemoryBuilds } from './memory-builds.ts';
import { createMemoryTranscripts } from './memory-transcripts.ts';
import { createMemoryControllerState } from './memory-controller-state.ts';
import { createMemoryCertificates, createMemoryDomains } from './memory-domains.ts';
import {
  createMemoryCollaborators,
  createMemoryDirectory,
  createMemoryTeams,
  createMemoryTransfers,
} from './memory-membership.ts';
import { createMemoryReleases } from './memory-releases.ts';
import { createMemoryLoginRequests } from './memory-login-requests.ts';
import { createFastPasswords, createMemoryPeople } from './memory-people.ts';
import { createMemoryPromotions } from './memory-promotions.ts';
import { createMemoryPipelines } from './memory-pipelines.ts';
import { createMemoryTokens } from './memory-tokens.ts';
import { createMemoryUploads } from './memory-uploads.ts';
import { createMemoryWorld, deploymentsOf, type MemoryDeployment, type MemoryWorld } from './memory-world.ts';
import { patient } from './services-rig.ts';

/** The real services over stores in memory, with a controller that does as it is told. */
export interface World {
  readonly services: AllServices;
  /** The stores behind them, to arrange what a test begins with. They do their work before they answer. */
  readonly stores: { readonly apps: Apps; readonly teams: Teams; readonly pipelines: Pipelines };
  /** What is stored, for a test to look at and to arrange. */
  readonly memory: MemoryWorld;
  readonly happenings: MemoryHappenings;
  readonly builder: FakeBuilder;
  /** Nobody goes on with a rotation of it but the test. */
  readonly masterKey: MasterKey;
  readonly admin: Actor;
  readonly adminToken: string;
  /** Somebody else, who may see nothing of the admin's. */
  readonly other: Actor;
  readonly otherToken: string;
  /** Living apps by name. */
  readonly apps: { get(name: string): WorldApp | undefined; has(name: string): boolean };
  /** How every deployment that begins from now on ends; `never` leaves it pending. */
  outcome: 'succeeded' | 'failed' | 'never';
  /** Calls of services that changed something, in order. */
  readonly writes: string[];
  /** Where runs live. */
  readonly runs: FakeRunEngine;
  /** The answers kept by request id. */
  readonly kept: MemoryWorld['answers'];
  /** A person who may log in with this token. */
  addUser(
    email: string,
    options?: { readonly admin?: boolean },
  ): { readonly actor: Actor; readonly token: string };
  /** An app with one deployed release v2 and `web` at 1; of the admin, unless another owner is named. */
  deployed(name: string, owner?: Actor): WorldApp;
  /** Ends a deployment, as the controller would. */
  decide(app: WorldApp, deployment: Deployment, status: 'succeeded' | 'failed', failure: string | null): void;
}

/** One app, as it is at the moment it is looked at. */
interface WorldApp {
  readonly app: App;
  /** Newest first; a test may alter them. */
  readonly deployments: readonly MemoryDeployment[];
  /** What runs; a test may alter it. It is made anew when a deployment succeeds and when the app is scaled. */
  instances: Instance[];
  /** What its log shows; a test may add to it. */
  readonly lines: LogLine[];
}

/** Methods of services that change nothing. Any other counts as a write. */
const READS = new Set(
  [
    'authenticate',
    'authenticateKey',
    'me',
    'keys',
    'list',
    'find',
    'operable',
    'readFor',
    'get',
    'ofRelease',
    'deployable',
  ].concat(
    ['whoIs', 'deploymentOf', 'claim', 'instance', 'recheck', 'renew', 'sessions', 'status', 'look'],
    ['read', 'follow', 'open', 'administer'],
    ['couplings', 'couplingsOf', 'couplingOfApp', 'findCoupling', 'targets'],
    ['read', 'past', 'follow', 'open', 'administer', 'check', 'show'],
    ['buildpacks', 'features', 'apps', 'members', 'deliveries', 'findDelivery', 'events', 'findEvent'],
  ),
);

export function createWorld(): World {
  const memory = createMemoryWorld({ now: () => TIME });
  memory.epoch = 1;
  const bulletin = createBulletin();
  const state = createMemoryControllerState(memory);
  const stores = {
    accounts: createMemoryAccounts(memory),
    accessTokens: createMemoryTokens(memory),
    people: createMemoryPeople(memory),
    loginRequests: createMemoryLoginRequests(memory),
    passwords: createFastPasswords(),
    apps: createMemoryApps(memory),
    directory: createMemoryDirectory(memory),
    teams: createMemoryTeams(memory),
    collaborators: createMemoryCollaborators(memory),
    transfers: createMemoryTransfers(memory),
    pipelines: createMemoryPipelines(memory),
    promotions: createMemoryPromotions(memory),
    setups: createMemoryAppSetups(memory),
    releases: createMemoryReleases(memory),
    domains: createMemoryDomains(memory),
    certificates: createMemoryCertificates(memory),
    builds: createMemoryBuilds(memory),
    transcripts: createMemoryTranscripts(memory),
    idempotency: createMemoryIdempotency(memory),
    options: createMemoryAppOptions(memory),
    uploads: createMemoryUploads(),
  };
  const happenings = createMemoryHappenings(() => TIME);
  const known = new Map<string, { instances: Instance[]; readonly lines: LogLine[] }>();
  const attended = new Set<string>();

  function running(appId: string): { instances: Instance[]; readonly lines: LogLine[] } {
    const found = known.get(appId) ?? { instances: [], lines: [] };
    known.set(appId, found);
    return found;
  }

  function say(stream: string, line: string): void {
    void stores.transcripts.append(stream, [line], patient);
    bulletin.post(stream);
  }

  /** Gives the app the instances its formation asks for, all ready. */
  function fill(appId: string): void {
    const app = memory.apps.get(appId);
    const current = memory.deployments.get(app?.currentId ?? '');
    if (!app || !current) return;
    running(appId).instances = [...app.formation].flatMap(([type, count]) =>
      Array.from({ length: count }, (_, index) => instanceOf(appId, type, index + 1, current.releaseVersion)),
    );
  }

  // The stores in memory do their work before they answer, so nothing here has to be waited for.
  function end(deployment: Deployment, status: 'succeeded' | 'failed', failure: string | null): void {
    void state.begin(deployment.id, memory.epoch, patient);
    if (status === 'succeeded') void state.succeed(deployment.id, memory.epoch, LEDGER, patient);
    else void state.fail(deployment.id, memory.epoch, failure ?? 'It did not start.', patient);
    fill(deployment.appId);
    say(deployment.id, status === 'succeeded' ? 'Live.' : 'Failed.');
  }

  function attend(appId: string): void {
    const next = deploymentsOf(memory, appId).find((one) => !decided(one));
    if (!next) fill(appId);
    if (!next || attended.has(next.id)) return;
    attended.add(next.id);
    say(next.id, `Starting v${next.releaseVersion} …`);
    const { outcome } = world;
    if (outcome === 'never') return;
    const failure = outcome === 'failed' ? 'web.1 exited with status 1.' : null;
    setTimeout(() => end(next, outcome, failure), 5);
  }

  const builder = createFakeBuilder();
  const sealing = createFakeMasterKey();
  const runs = createFakeRunEngine(() => TIME);
  const sessions = createRunSessions({ nowMs: () => TIME.getTime(), left: () => undefined });
  const services = createServices(
    {
      ...stores,
      ...{ bulletin, clock: memory.clock, builder, tokens: TOKENS },
      engine: {
        ...createFakeLogs((appId) => running(appId).lines),
        ...runs,
        prepare: () => Promise.resolve(),
        usage: (appId) => Promise.resolve(running(appId).instances.map(usageOf)),
      },
      repositories: createFakeRepositories(),
      queue: { wake: () => undefined },
      happenings,
      webhooks: createMemoryWebhooks(() => memory.clock.now()),
      drains: createMemoryDrains(memory),
      drainPipes: {
        open: () => {
          throw new Error('nothing is drained in this test');
        },
      },
      router: {
        visits: () => Promise.reject(new Error('nobody visits in this test')),
        backends: () => Promise.resolve([]),
      },
      routerLines: createMemoryRouterLines(),
      egress: {
        check: checkLiteral([]),
        post: () => Promise.reject(new Error('nothing is called in this test')),
        // Everything under example.com is an archive; nothing else is there.
        async fetch({ url }, take) {
          const { hostname: host } = new URL(url);
          if (host === 'example.com') return take(Readable.from([Buffer.from('an archive')]));
          throw PlatformError.of('egress_failed', { host, reason: 'ENOTFOUND' });
        },
      },
      hosts: createFakeHosts(),
      ...sealing,
      causes: createAmbient(),
      trail: createMemoryAuditTrail((nameOrId) => appNamed(nameOrId)?.id),
    },
    {
      sessions,
      execHostKey: 'ssh-ed25519 AAAA',
      watch: { stop: (id) => runs.end(id, 143) },
      controller: { wake: attend, instancesOf: (appId) => running(appId).instances },
      log: quietLog(),
      epoch: memory.epoch,
      urlOf: (app) => `http://${app}.test`,
      platformDomain: 'localhost',
      routed: () => true,
    },
  );

  function addUser(email: string, { admin = false } = {}) {
    const token = tokenOf(email);
    const tokenHash = createHash('sha256').update(token).digest('hex');
    const userId = addMemoryUser(memory, { email, admin, tokenHash });
    return { actor: { userId, email, admin, scopes: EVERYTHING }, token };
  }

  function appNamed(nameOrId: string) {
    return [...memory.apps.values()].find(
      (one) => one.deletedAt === null && [one.name, one.id].includes(nameOrId),
    );
  }

  function look(appId: string): WorldApp {
    const row = memory.apps.get(appId);
    if (!row) throw new Error(`no app ${appId}`);
    const part = running(appId);
    return {
      get app() {
        return memoryApp(memory, row);
      },
      get deployments() {
        return deploymentsOf(memory, appId).reverse();
      },
      get instances() {
        return part.instances;
      },
      set instances(instances) {
        part.instances = instances;
      },
      lines: part.lines,
    };
  }

  const first = addUser('admin@example.com', { admin: true });
  const second = addUser('other@example.com');
  const writes: string[] = [];
  const world: World = {
    services: counted(services, writes),
    stores,
    ...{ memory, happenings, builder, masterKey: sealing.masterKey },
    admin: first.actor,
    adminToken: first.token,
    other: second.actor,
    otherToken: second.token,
    apps: {
      get(name) {
        const row = appNamed(name);
        return row && look(row.id);
      },
      has: (name) => world.apps.get(name) !== undefined,
    },
    outcome: 'succeeded',
    writes,
    runs,
    kept: memory.answers,
    addUser,
    deployed(name, owner = first.actor) {
      const id = randomUUID();
      void stores.apps.create({ id, name, ownerId: owner.userId, deployBranch: null }, patient);
      const app = look(id);
      const config = new Map([['LANG', new Secret('C.UTF-8')]]);
      const draft = {
        ...{ base: 1, description: 'Deploy 1a2b3c4', image: IMAGE, config, commit: '1a2b3c4', buildId: null },
        ...{ userId: owner.userId, formation: new Map(Object.entries({ web: 1, worker: 0 })) },
      };
      void stores.releases.create(app.app, draft, patient);
      for (const one of app.deployments) end(one, 'succeeded', null);
      void stores.apps.noteRepositoryBytes(id, 2, patient);
      return app;
    },
    decide: (_app, deployment, status, failure) => end(deployment, status, failure),
  };
  return world;
}

const LEDGER = { bootMs: 120, switchMs: 8, requests: 42, dropped: 0 };

const TOKENS = {
  pushToken: () => 'push',
  pullToken: () => 'pull',
  copyToken: () => 'copy',
  collectToken: () => 'collect',
  stackToken: () => 'stack',
};

/** As long as a real one, and told apart by whom it belongs to. */
function usageOf(instance: Instance): Usage {
  const MB = 1024 * 1024;
  return {
    instance: instanceName(instance),
    memoryBytes: 64 * MB,
    memoryLimitBytes: 512 * MB,
    cpuSeconds: 1.5,
  };
}

function tokenOf(email: string): string {
  return `gantry_${createHash('sha256').update(email).digest('base64url')}`;
}

/** The services, with each call that changed something noted after it. */
function counted(services: AllServices, writes: string[]): AllServices {
  for (const [topic, service] of Object.entries(services)) {
    if (topic === 'idempotency' || topic === 'transcripts' || topic === 'audit' || topic === 'happenings')
      continue; // no use cases
    for (const [name, method] of Object.entries<unknown>({ ...service })) {
      if (typeof method !== 'function' || READS.has(name)) continue;
      const noted = async (...args: unknown[]): Promise<unknown> => {
        const answer = (await Reflect.apply(method, service, args)) as unknown;
        if (!changedNothing(answer)) writes.push(name);
        return answer;
      };
      Object.assign(service, { [name]: noted });
    }
  }
  return services;
}

/** A change of config vars that changes nothing makes no release. */
function changedNothing(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'release' in answer && answer.release === null;
}
