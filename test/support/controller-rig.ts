import { randomBytes, randomUUID } from 'node:crypto';
import { quietLog } from '../../lib/log.ts';
import { createController, type Controller } from '../../server/controller/controller.ts';
import { createKeyring } from '../../server/controller/keyring.ts';
import { createReadiness } from '../../server/controller/readiness.ts';
import { createRollouts } from '../../server/controller/rollouts.ts';
import { createRoutes } from '../../server/controller/routes.ts';
import { formationFor, type App } from '../../server/domain/app.ts';
import type { Deployment } from '../../server/domain/deployment.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import { createFakeBuilder } from './fake-builder.ts';
import { createFakeEngine, SERVES, type Behaviour } from './fake-engine.ts';
import { createFakeHealth } from './fake-health.ts';
import { createFakeRegistry } from './fake-registry.ts';
import { createFakeRouter } from './fake-router.ts';
import { addMemoryUser } from './memory-accounts.ts';
import { createMemoryAppOptions } from './memory-app-options.ts';
import { createMemoryApps } from './memory-apps.ts';
import { createMemoryTranscripts } from './memory-transcripts.ts';
import { createMemoryControllerState } from './memory-controller-state.ts';
import { createMemoryCertificates, createMemoryDomains } from './memory-domains.ts';
import { createMemoryImageUse } from './memory-image-use.ts';
import { createMemoryReleases } from './memory-releases.ts';
import { createMemoryWorld } from './memory-world.ts';

const patient = new AbortController().signal;

/** The real controller in a simulated world: memory stores, an engine whose processes do as they are told, a router. */
export function createControllerRig() {
  let jumpMs = 0;
  const clock = { now: () => new Date(Date.now() + jumpMs) };
  const world = createMemoryWorld(clock);
  const engine = createFakeEngine({ clock });
  const router = createFakeRouter(engine);
  const apps = createMemoryApps(world);
  const releases = createMemoryReleases(world);
  const domains = createMemoryDomains(world);
  const certificates = createMemoryCertificates(world);
  const state = createMemoryControllerState(world);
  const options = createMemoryAppOptions(world);
  const transcripts = createMemoryTranscripts(world);
  const builder = createFakeBuilder();
  const imageUse = createMemoryImageUse(world);
  const registry = createFakeRegistry();
  const removed: string[] = [];
  const ownerId = addMemoryUser(world, { email: 'ann@example.com', admin: false });

  /** A controller that has not started yet. */
  function newController(epoch: number): Controller & { readonly endOfReign: () => boolean } {
    let fenced = false;
    const nowMs = (): number => clock.now().getTime();
    const controller: Controller = createController({
      state,
      engine,
      router,
      builder,
      repositories: { remove: (id) => Promise.resolve(void removed.push(id)) },
      tokens: {
        pushToken: () => 'push',
        pullToken: () => 'pull',
        copyToken: () => 'copy',
        collectToken: () => 'collect',
        stackToken: () => 'stack',
      },
      imageUse,
      registry,
      transcripts,
      keepImages: 2,
      log: quietLog(),
      epoch: () => epoch,
      nowMs,
      note: () => Promise.resolve(),
      fenced: () => (fenced = true),
      hostOf: (app) => `${app}.test`,
      narrate: (id, lines, signal) => transcripts.append(id, lines, signal),
      decided: () => undefined,
      rollouts: createRollouts(nowMs),
      readiness: createReadiness({
        health: createFakeHealth(engine),
        nowMs,
        changed: (i) => controller.wake(i.appId),
      }),
      routes: createRoutes({
        router,
        keyring: createKeyring({ router, certificates, log: quietLog() }),
        fixed: [],
        epoch: () => epoch,
        nowMs,
      }),
    });
    return {
      ...controller,
      [Symbol.asyncDispose]: () => controller[Symbol.asyncDispose](),
      endOfReign: () => fenced,
    };
  }

  async function startController(): Promise<ReturnType<typeof newController>> {
    const controller = newController(await state.takeOver(patient));
    controller.start();
    return controller;
  }

  /** An image whose processes behave so. */
  function image(behaviour: Partial<Behaviour> = {}, types: readonly string[] = ['web']): BuiltImage {
    const digest = `sha256:${randomBytes(32).toString('hex')}`;
    engine.behave(digest, { ...SERVES, ...behaviour });
    const processes = Object.fromEntries(types.map((type) => [type, { command: type, argv: null }]));
    return {
      repository: 'apps/x',
      digest,
      storedBytes: 1,
      builder: 'dockerfile',
      processes,
      port: null,
      checks: {},
    };
  }

  async function release(appId: string, of: BuiltImage): Promise<Deployment> {
    const app = await living(appId);
    const base = await releases.latest(appId, patient);
    const types = Object.keys(of.processes);
    const { deployment } = await releases.create(
      app,
      {
        base: base.version,
        description: 'Deploy',
        image: of,
        config: new Map(),
        commit: null,
        userId: ownerId,
        buildId: null,
        formation: formationFor(types, app.formation),
      },
      patient,
    );
    if (!deployment) throw new Error('a release with an image has a deployment');
    return deployment;
  }

  async function living(appId: string): Promise<App> {
    const app = await apps.find(appId, patient);
    if (!app) throw new Error(`no app ${appId}`);
    return app;
  }

  return {
    /** How a process behaves that nothing else is said of. */
    serves: SERVES,
    engine,
    router,
    registry,
    apps,
    releases,
    domains,
    certificates,
    state,
    options,
    removed,
    newController,
    startController,
    image,
    release,
    living,
    /** No record knows the app any more, as after a backup was restored that is older than it. */
    lose: (appId: string) => {
      world.apps.delete(appId);
      for (const table of [world.releases, world.deployments])
        for (const [id, row] of table) if (row.appId === appId) table.delete(id);
    },
    /** From now on the records of the app make no sense, or do again. */
    damage: (appId: string, problem: string | null) => {
      const row = world.apps.get(appId);
      if (row) row.unreadable = problem;
    },
    /** The records of the deployment make no sense. */
    spoil: ({ id }: Deployment) => world.spoilt.add(id),
    pass: (ms: number) => {
      jumpMs += ms;
      engine.tick();
    },
    createApp: (name: string) =>
      apps.create({ id: randomUUID(), name, ownerId, deployBranch: null }, patient),
    statusOf: async (deployment: Deployment) =>
      (await releases.findDeployment(deployment.id, patient))?.status,
    failureOf: async (deployment: Deployment) =>
      (await releases.findDeployment(deployment.id, patient))?.failure,
    transcriptOf: async (deployment: Deployment) =>
      (await transcripts.read(deployment.id, 0, patient)).flatMap(({ lines }) => lines),
    running: async () =>
      (await engine.find(patient))
        .filter((i) => i.state === 'starting')
        .map((i) => `d${i.seq} ${i.type}.${i.number}`)
        .sort(),
    found: () => engine.find(patient),
  };
}

export type ControllerRig = ReturnType<typeof createControllerRig>;
