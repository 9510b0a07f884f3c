import { randomBytes, randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { createBulletin } from '../../lib/bulletin.ts';
import { quietLog } from '../../lib/log.ts';
import { EVERYTHING, type Actor } from '../../server/domain/actor.ts';
import type { App } from '../../server/domain/app.ts';
import type { Build, Push, PushedBuild } from '../../server/domain/build.ts';
import type { Deployment } from '../../server/domain/deployment.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import { createDeploys } from '../../server/services/deploys.ts';
import { createHousekeeping } from '../../server/services/housekeeping.ts';
import { createPushes, type Pushes } from '../../server/services/pushes.ts';
import { createTranscripts } from '../../server/services/transcripts.ts';
import { createFakeBuilder } from './fake-builder.ts';
import { createFakeRepositories } from './fake-repositories.ts';
import { addMemoryUser, createMemoryAccounts } from './memory-accounts.ts';
import { createMemoryAppOptions } from './memory-app-options.ts';
import { createMemoryApps } from './memory-apps.ts';
import { createMemoryBuilds } from './memory-builds.ts';
import { createMemoryTranscripts } from './memory-transcripts.ts';
import { createMemoryControllerState } from './memory-controller-state.ts';
import { createMemoryCertificates, createMemoryDomains } from './memory-domains.ts';
import { createMemoryCollaborators, createMemoryDirectory, createMemoryTeams } from './memory-membership.ts';
import { createMemoryReleases } from './memory-releases.ts';
import { createMemoryPeople } from './memory-people.ts';
import { createMemoryTokens } from './memory-tokens.ts';
import { createMemoryWorld } from './memory-world.ts';
import { createMishaps } from './mishaps.ts';

export const patient = new AbortController().signal;
export const MAIN = 'refs/heads/main';
export const LEDGER = { bootMs: 1_250, switchMs: 7.6, requests: 42, dropped: 0 };

/** A commit id told by one hexadecimal digit. */
export const commit = (digit: string): string => digit.repeat(40);

/** What a service needs from outside, in memory; mishaps are arranged by the names `apps`, `builds`, `releases`, … */
export function createStoresRig() {
  let now = Date.parse('2026-11-21T12:00:00.000Z');
  const clock = { now: () => new Date(now), passed: (ms: number) => void (now += ms) };
  const world = createMemoryWorld(clock);
  world.epoch = 1;
  const mishaps = createMishaps();
  const apps = mishaps.on('apps', createMemoryApps(world));
  const releases = mishaps.on('releases', createMemoryReleases(world));
  const state = createMemoryControllerState(world);
  const addUser = (email: string, admin = false): Actor => ({
    userId: addMemoryUser(world, { email, admin }),
    email,
    admin,
    scopes: EVERYTHING,
  });
  const ann = addUser('ann@example.com');
  const woken: string[] = [];

  const stores = {
    ...{ clock, world, mishaps, state, woken, ann, addUser },
    bob: addUser('bob@example.com'),
    admin: addUser('admin@example.com', true),
    apps,
    releases,
    domains: createMemoryDomains(world),
    certificates: createMemoryCertificates(world),
    teams: createMemoryTeams(world),
    directory: createMemoryDirectory(world),
    collaborators: createMemoryCollaborators(world),
    accounts: mishaps.on('accounts', createMemoryAccounts(world)),
    tokens: mishaps.on('tokens', createMemoryTokens(world)),
    people: mishaps.on('people', createMemoryPeople(world)),
    builds: mishaps.on('builds', createMemoryBuilds(world)),
    options: mishaps.on('options', createMemoryAppOptions(world)),
    lines: mishaps.on('lines', createMemoryTranscripts(world)),
    repositories: createFakeRepositories(),
    controller: { wake: (appId: string) => void woken.push(appId) },
    async createApp(name = 'hello', deployBranch: string | null = null): Promise<App> {
      const app = await apps.create({ id: randomUUID(), name, ownerId: ann.userId, deployBranch }, patient);
      await stores.repositories.ensure(app.id, patient);
      return app;
    },
    /** The app as it is now. */
    async again(app: App): Promise<App> {
      const found = await apps.find(app.id, patient);
      if (!found) throw new Error(`${app.name} is gone`);
      return found;
    },
    /** Brings a deployment to its end, as the controller would. */
    async decide(deployment: Deployment, failure: string | null = null): Promise<void> {
      await state.begin(deployment.id, world.epoch, patient);
      if (failure === null) await state.succeed(deployment.id, world.epoch, LEDGER, patient);
      else await state.fail(deployment.id, world.epoch, failure, patient);
    },
    /** Makes a release of an image; it is pending. */
    async release(app: App, image: BuiltImage, formation = new Map([['web', 1]])) {
      const base = await releases.latest(app.id, patient);
      const config = await releases.configOf(base.id, patient);
      const draft = {
        ...{ base: base.version, description: 'Deploy', image, config, commit: null, buildId: null },
        ...{ userId: app.owner.id, formation: new Map([...app.formation, ...formation]) },
      };
      const { release, deployment } = await releases.create(await stores.again(app), draft, patient);
      if (!deployment) throw new Error('an image is deployed');
      return { release, deployment };
    },
    /** Makes a release of an image and brings it live. */
    async live(app: App, image: BuiltImage = imageOf(), formation?: Map<string, number>) {
      const made = await stores.release(app, image, formation);
      await stores.decide(made.deployment);
      return made;
    },
  };
  return stores;
}

/** An image told apart by its digest. */
export function imageOf(types: readonly string[] = ['web']): BuiltImage {
  return {
    repository: 'apps/x',
    digest: `sha256:${randomBytes(32).toString('hex')}`,
    storedBytes: 1,
    builder: 'dockerfile',
    processes: Object.fromEntries(types.map((type) => [type, { command: `run ${type}`, argv: null }])),
    port: null,
    checks: {},
  };
}

/** How the controller ends the deployments of builds: at once, with this failure, or when the test does it. */
type Outcome = 'live' | 'by hand' | { readonly failure: string };

/** Everything between a push and its end, with a controller that does as it is told. */
export function createDeployRig() {
  const stores = createStoresRig();
  const { world, mishaps, apps, builds, options, releases, lines } = stores;
  const repositories = mishaps.on('repositories', stores.repositories);
  const bulletin = createBulletin();
  const builder = createFakeBuilder();
  const transcripts = createTranscripts({ store: lines, builds, releases, bulletin });
  const open = new Set<string>();
  const queued: string[] = [];
  const queue = { wake: (appId: string) => void queued.push(appId) };
  const complaints: string[] = [];
  const course = { outcome: 'live' as Outcome };

  async function decide(deployment: Deployment, failure: string | null): Promise<void> {
    await lines.append(deployment.id, [`       Starting v${deployment.releaseVersion}`], patient);
    await stores.decide(deployment, failure);
    bulletin.post(deployment.id);
  }

  async function attend(appId: string): Promise<void> {
    const { outcome } = course;
    if (outcome === 'by hand') return;
    for (const deployment of await releases.undecided(appId, patient))
      await decide(deployment, outcome === 'live' ? null : outcome.failure);
  }

  const deploys = createDeploys({
    ...{ apps, builds, options, releases, repositories, builder, transcripts, bulletin },
    tokens: {
      pushToken: (repository) => `may push ${repository}`,
      pullToken: () => 'pull',
      copyToken: () => 'copy',
      collectToken: () => 'collect',
      stackToken: () => 'stack',
    },
    controller: {
      wake: (appId) => {
        stores.woken.push(appId);
        void attend(appId);
      },
    },
    log: pino({ level: 'error' }, { write: (text) => void complaints.push(text) }),
    epoch: () => 1,
    urlOf: (name) => `http://${name}.test`,
  });
  const log = quietLog();
  const housekeeping = createHousekeeping({ apps, repositories, log });
  const pushes: Pushes = createPushes({
    ...{ apps, builds, releases, repositories, housekeeping, transcripts, queue, open, log },
    urlOf: (name) => `http://${name}.test`,
  });

  return {
    ...stores,
    ...{ repositories: stores.repositories, bulletin, builder, transcripts, open, queued, course },
    ...{ deploys, pushes, housekeeping, decide },
    /** What an operator would be told as an error. */
    complaints,
    /** A queued build, as a push would leave it. */
    async submit(app: App, push: Partial<Push> = {}): Promise<PushedBuild> {
      const id = randomUUID();
      const whole: Push = { ref: MAIN, commit: commit('a'), from: null, ...push };
      await stores.repositories.receive(app.id, { id, commit: whole.commit, quarantine: OBJECTS }, patient);
      const build = { id, appId: app.id, userId: app.owner.id, push: whole };
      return { ...(await builds.submit(build, NEWER, patient)), push: whole };
    },
    /** A build as it is now. */
    async buildOf({ id }: { readonly id: string }): Promise<Build> {
      const found = await builds.find(id, patient);
      if (!found) throw new Error(`no build ${id}`);
      return found;
    },
    /** What a build and its deployment have said so far. */
    async said({ id }: { readonly id: string }): Promise<string[]> {
      const build = await builds.find(id, patient);
      const pages = world.pages.filter(({ stream }) => stream === id || stream === build?.deploymentId);
      return pages.flatMap(({ lines }) => lines);
    },
    /** `v2 succeeded current`, newest first. */
    releasesOf: async (app: App): Promise<string[]> =>
      (await releases.list(app.id, patient)).map(
        ({ version, status, current }) => `v${version} ${status}${current ? ' current' : ''}`,
      ),
  };
}

export type DeployRig = ReturnType<typeof createDeployRig>;

export const OBJECTS = { objects: '/repositories/objects' };
export const NEWER = 'A newer push took its place.';
