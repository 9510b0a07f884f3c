import { randomUUID } from 'node:crypto';
import { quietLog } from '../../lib/log.ts';
import type { ExecuteDeps, Scene } from '../../server/controller/execute.ts';
import { createRollouts } from '../../server/controller/rollouts.ts';
import { Secret } from '../../lib/secret.ts';
import type { Deployment } from '../../server/domain/deployment.ts';
import type { Instance } from '../../server/domain/instance.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import type { ControllerState, DesiredApp, Rollout } from '../../server/ports/controller-state.ts';
import type { InstanceSpec } from '../../server/ports/engine.ts';
import type { ProbeAnswer } from '../../server/ports/router.ts';
import { TIME } from './fake-app.ts';
import { createFakeBuilder } from './fake-builder.ts';
import { createFakeEngine, SERVES, type Behaviour } from './fake-engine.ts';
import { createFakeRouter } from './fake-router.ts';

/** Steps of one app carried out by the real code, in the simulated world; what they did to it is recorded in order. */
export function createStepRig() {
  const did: string[] = [];
  const said: string[] = [];
  const specs: InstanceSpec[] = [];
  const timeouts: number[] = [];
  const answers = {
    nowMs: 0,
    state: true,
    imagesGone: true,
    probe: { status: 200, byApp: true, ms: 3 } as ProbeAnswer,
  };
  const engine = createFakeEngine({ clock: { now: () => new Date() } });
  const router = createFakeRouter(engine);
  const rollouts = createRollouts(() => answers.nowMs);
  const note = (what: string): Promise<boolean> => {
    did.push(what);
    return Promise.resolve(answers.state);
  };
  const unused = (): never => {
    throw new Error('no step asks this');
  };
  const state: ControllerState = {
    takeOver: unused,
    reigns: unused,
    desired: unused,
    begin: (id, epoch) => note(`begin ${id} ${epoch}`),
    succeed: (id, epoch) => note(`succeed ${id} ${epoch}`),
    fail: (id, epoch, reason) => note(`fail ${id} ${epoch}: ${reason}`),
    forget: (id, epoch) => note(`forget ${id} ${epoch}`),
  };
  const deps: ExecuteDeps = {
    state,
    engine: {
      ...engine,
      start(spec, signal) {
        specs.push(spec);
        return engine.start(spec, signal);
      },
    },
    router: {
      ...router,
      probe: (request, signal) => {
        signal.throwIfAborted();
        did.push(`probe ${request.which} ${request.host}${request.path}`);
        timeouts.push(request.timeoutMs);
        return Promise.resolve(answers.probe);
      },
    },
    repositories: { remove: (id) => note(`remove repository ${id}`).then(() => undefined) },
    builder: { ...createFakeBuilder(), forget: (id) => note(`forget builds ${id}`).then(() => undefined) },
    ending: (instance) => void note(`news of ${instance.id}`),
    collection: { forget: (id) => note(`delete images ${id}`).then(() => answers.imagesGone) },
    tokens: {
      pushToken: () => 'push',
      pullToken: () => 'pull',
      copyToken: () => 'copy',
      collectToken: () => 'collect',
      stackToken: () => 'stack',
    },
    rollouts,
    log: quietLog(),
    epoch: () => 7,
    nowMs: () => answers.nowMs,
    hostOf: (app) => `${app}.test`,
    narrate: (id, lines) => Promise.resolve(void said.push(...lines.map((line) => `${id}: ${line}`))),
    decided: (id) => void did.push(`decided ${id}`),
  };
  return {
    engine,
    router,
    rollouts,
    deps,
    did,
    said,
    specs,
    /** What the probes were given. */
    timeouts,
    answers,
    /** An image whose processes behave so. */
    image(behaviour: Partial<Behaviour> = {}, over: Partial<BuiltImage> = {}): BuiltImage {
      const digest = `sha256:${randomUUID()}`;
      engine.behave(digest, { ...SERVES, ...behaviour });
      const processes = { web: { command: 'run', argv: ['run'] }, worker: { command: 'work', argv: null } };
      return {
        repository: 'apps/x',
        digest,
        storedBytes: 1,
        builder: 'x',
        processes,
        port: null,
        checks: {},
        ...over,
      };
    },
  };
}

export type StepRig = ReturnType<typeof createStepRig>;

/** A deployment with this number and status, of this image. */
export function rolloutOf(image: BuiltImage, seq: number, status: Deployment['status'] = 'rolling'): Rollout {
  const deployment: Deployment = {
    id: `deployment-${seq}`,
    appId: 'hello-id',
    seq,
    releaseId: `release-${seq}`,
    releaseVersion: seq,
    status,
    failure: null,
    ledger: null,
    createdAt: TIME,
    startedAt: TIME,
    finishedAt: null,
  };
  return { deployment, fresh: true, image, config: new Map([['KEY', new Secret('value')]]) };
}

/** The app `hello` as it should be; without further words nothing was ever deployed. */
export function desiredOf(over: Partial<DesiredApp> = {}): DesiredApp {
  return {
    app: { id: 'hello-id', name: 'hello', network: 3 },
    deleting: false,
    maintenance: false,
    affinity: false,
    domains: [],
    unreadable: null,
    unreadableNext: null,
    formation: new Map([['web', 1]]),
    current: null,
    next: null,
    ...over,
  };
}

export function sceneOf(desired: DesiredApp, instances: readonly Instance[] = []): Scene {
  return { desired, instances, stopping: new Set() };
}
