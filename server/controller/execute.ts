import type { Logger } from '../../lib/log.ts';
import { pause } from '../../lib/deadline.ts';
import { messageOf } from '../../lib/errors.ts';
import { insist } from '../../lib/retry.ts';
import { PlatformError } from '../domain/errors.ts';
import { instanceName, SMALL, type Instance } from '../domain/instance.ts';
import { STOP_GRACE_SECONDS, type Step } from '../domain/plan.ts';
import { RELEASE_COMMAND } from '../domain/release-phase.ts';
import { DEFAULT_PORT } from '../domain/release.ts';
import type { ControllerState, DesiredApp, Rollout } from '../ports/controller-state.ts';
import type { Builder } from '../ports/builder.ts';
import type { Engine, InstanceSpec } from '../ports/engine.ts';
import type { RegistryTokens } from '../ports/registry.ts';
import type { Repositories } from '../ports/repositories.ts';
import type { ProbeAnswer, Router } from '../ports/router.ts';
import type { Collection } from './collection.ts';
import { dynoMetadata } from './dyno-metadata.ts';
import { relay } from './relay.ts';
import type { Rollouts } from './rollouts.ts';

/** What the steps need; each step is a few lines, the thinking is in the plan. */
export interface ExecuteDeps {
  readonly state: ControllerState;
  readonly engine: Engine;
  readonly router: Router;
  readonly repositories: Pick<Repositories, 'remove'>;
  readonly builder: Pick<Builder, 'forget'>;
  readonly collection: Pick<Collection, 'forget'>;
  readonly tokens: RegistryTokens;
  readonly rollouts: Rollouts;
  readonly log: Logger;
  readonly epoch: () => number;
  readonly nowMs: () => number;
  readonly hostOf: (appName: string) => string;
  /** Adds lines to what a person sees of a deployment. */
  readonly narrate: (deploymentId: string, lines: readonly string[], signal: AbortSignal) => Promise<void>;
  /** Called before an instance is told to end. */
  readonly ending: (instance: Instance, signal: AbortSignal) => void;
  /** Tells whoever waits for a deployment that it is decided. */
  readonly decided: (deploymentId: string) => void;
}

/** The app a step belongs to, and its instances when the step was planned. */
export interface Scene {
  readonly desired: DesiredApp;
  readonly instances: readonly Instance[];
  readonly stopping: Set<string>;
}

/** A build of a destroyed app ends by itself; asked again so soon. */
const BUILD_ENDS_MS = 1_000;
const AGAIN_MS = 1_000;
/** Lines of a failed instance that are shown to whoever pushed. */
const LAST_LINES = 50;
/** A probe that begins when the time is almost up gets this long all the same; the router itself gives up after 55 s. */
const PROBE_LEAST_MS = 5_000;
const PROBE_MOST_MS = 60_000;

/** `not yet`: nothing went wrong, and it is to be tried again in a moment. */
export type Outcome = 'done' | 'not yet';

/** Carries out one step. Throws what went wrong; the same step may be planned again. */
export async function execute(
  deps: ExecuteDeps,
  scene: Scene,
  step: Exclude<Step, { do: 'route' }>,
  signal: AbortSignal,
): Promise<Outcome> {
  switch (step.do) {
    case 'begin':
      await begin(deps, scene, signal);
      break;
    case 'start':
      await start(deps, scene, step, signal);
      break;
    case 'relay':
      await relayCommand(deps, scene, step, signal);
      break;
    case 'prove':
      return prove(deps, scene, step, signal);
    case 'succeed':
      await succeed(deps, scene, signal);
      break;
    case 'fail':
      await fail(deps, scene, step, signal);
      break;
    case 'stop':
      await stop(deps, scene, step.instance, step.why, signal);
      break;
    case 'remove':
      await deps.engine.remove(step.instance, signal);
      break;
    case 'forget':
      await forget(deps, scene.desired.app.id, signal);
      break;
  }
  return 'done';
}

function nextOf(scene: Scene): Rollout {
  if (!scene.desired.next) throw new Error('planned a step of a deployment that is not there');
  return scene.desired.next;
}

async function begin(deps: ExecuteDeps, scene: Scene, signal: AbortSignal): Promise<void> {
  const { deployment } = nextOf(scene);
  if (!(await deps.state.begin(deployment.id, deps.epoch(), signal))) return;
  deps.rollouts.began(deployment.id, scene.desired.app.id);
  deps.log.info({ app: scene.desired.app.name, release: deployment.releaseVersion }, 'deployment began');
}

async function start(
  deps: ExecuteDeps,
  scene: Scene,
  step: Extract<Step, { do: 'start' }>,
  signal: AbortSignal,
): Promise<void> {
  const { app, next, current } = scene.desired;
  const rollout = next?.deployment.seq === step.seq ? next : current;
  if (rollout?.deployment.seq !== step.seq) return;
  try {
    await deps.engine.prepare(app, rollout.image, deps.tokens.pullToken(rollout.image.repository), signal);
    await deps.engine.start(specOf(deps, scene.desired, rollout, step), signal);
  } catch (err) {
    if (rollout === next && !signal.aborted) {
      const final = PlatformError.is(err, 'start_refused');
      deps.rollouts.refused(rollout.deployment.id, instanceName(step), messageOf(err), final);
    }
    throw err;
  }
}

function specOf(
  { hostOf }: Pick<ExecuteDeps, 'hostOf'>,
  { app }: DesiredApp,
  { deployment, image, config, told }: Rollout,
  step: Extract<Step, { do: 'start' }>,
): InstanceSpec {
  const process = image.processes[step.type];
  const port = step.type === 'web' ? (image.port ?? DEFAULT_PORT) : null;
  return {
    app,
    seq: step.seq,
    release: deployment.releaseVersion,
    type: step.type,
    number: step.number,
    attempt: step.attempt,
    image,
    argv: process?.argv ?? null,
    config,
    platformEnv: new Map([
      ...(told === undefined ? [] : dynoMetadata({ app, host: hostOf(app.name), deployment, told }, step)),
      ['DYNO', instanceName(step)],
      ...(port === null ? [] : [['PORT', String(port)] as const]),
      ['GANTRY_APP_NAME', app.name],
      ['GANTRY_RELEASE_VERSION', `v${deployment.releaseVersion}`],
    ]),
    port,
    size: SMALL,
  };
}

/** A controller that takes over begins with the first line again: which of them were told already nobody knows. */
async function relayCommand(
  deps: ExecuteDeps,
  scene: Scene,
  { instance }: Extract<Step, { do: 'relay' }>,
  signal: AbortSignal,
): Promise<void> {
  const { deployment, image } = nextOf(scene);
  const command = image.processes[RELEASE_COMMAND]?.command ?? '';
  // A database that is away for a moment costs no line.
  const tell = (lines: readonly string[]) =>
    insist(() => deps.narrate(deployment.id, lines, signal), { everyMs: AGAIN_MS }, signal);
  await tell([`-----> Running the release command: ${command}`]);
  await relay(deps.engine.output(instance, signal), (lines) => tell(lines.map((line) => `       ${line}`)));
  deps.rollouts.relayed(deployment.id);
}

/** One request with all the time that is left: a first answer may take long, and a second request makes it no quicker. */
async function prove(
  deps: ExecuteDeps,
  scene: Scene,
  { untilMs }: Extract<Step, { do: 'prove' }>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { deployment, image } = nextOf(scene);
  const { id, name } = scene.desired.app;
  const path = image.checks['web'];
  const timeoutMs = Math.min(PROBE_MOST_MS, Math.max(PROBE_LEAST_MS, untilMs - deps.nowMs()));
  const request = {
    app: id,
    which: 'staged',
    host: deps.hostOf(name),
    path: path ?? '/',
    timeoutMs,
  } as const;
  let answer: ProbeAnswer;
  try {
    answer = await deps.router.probe(request, signal);
  } catch (err) {
    if (!signal.aborted) deps.rollouts.refuted(deployment.id, messageOf(err));
    throw err;
  }
  deps.rollouts.probed(deployment.id, answer.sent);
  const good = answer.byApp && (path === undefined || (answer.status >= 200 && answer.status < 400));
  if (good) {
    deps.rollouts.proven(deployment.id);
    return 'done';
  }
  const heard = `GET ${request.path} ${met(answer)}`;
  deps.rollouts.refuted(deployment.id, heard);
  deps.log.debug({ app: name, heard }, 'the staged release has not answered through the router yet');
  return 'not yet';
}

/** What a request met instead of a good answer. */
function met({ byApp, status, ms }: ProbeAnswer): string {
  if (byApp) return `was answered ${status}`;
  if (status === 504) return `had no answer within ${Math.round(ms / 1000)} s`;
  if (status === 502) return 'met a connection that was closed without an answer in HTTP';
  return `was answered ${status} by the router: no instance took it`;
}

async function succeed(deps: ExecuteDeps, scene: Scene, signal: AbortSignal): Promise<void> {
  const { deployment } = nextOf(scene);
  const { app } = scene.desired;
  deps.rollouts.countOf(app.id, await deps.router.backends([app.id], signal));
  const ledger = deps.rollouts.ledger(deployment.id, app.id);
  if (!(await deps.state.succeed(deployment.id, deps.epoch(), ledger, signal))) return;
  deps.rollouts.forget(deployment.id);
  deps.decided(deployment.id);
  deps.log.info({ app: app.name, release: deployment.releaseVersion, ms: ledger.bootMs }, 'release is live');
}

async function fail(
  deps: ExecuteDeps,
  scene: Scene,
  step: Extract<Step, { do: 'fail' }>,
  signal: AbortSignal,
): Promise<void> {
  const { deployment } = nextOf(scene);
  // Before the decision: whoever follows the deployment stops listening at it.
  if (step.instance !== null) {
    const lines = await deps.engine.tail(step.instance, LAST_LINES, signal);
    const said =
      lines.length > 0
        ? ['-----> Its last lines:', ...lines.map((line) => `       ${line}`)]
        : ['-----> It printed nothing.'];
    await deps.narrate(deployment.id, said, signal);
  }
  if (!(await deps.state.fail(deployment.id, deps.epoch(), step.reason, signal))) return;
  deps.rollouts.forget(deployment.id);
  deps.decided(deployment.id);
  deps.log.info(
    { app: scene.desired.app.name, release: deployment.releaseVersion, reason: step.reason },
    'deployment failed',
  );
}

/**
 * Waits for the end. One that hung keeps its container, so that its attempt counts; one that was replaced is removed.
 */
async function stop(
  deps: ExecuteDeps,
  scene: Scene,
  id: string,
  why: string,
  signal: AbortSignal,
): Promise<void> {
  const found = scene.instances.find((i) => i.id === id);
  deps.log.info(
    { app: scene.desired.app.name, instance: found && instanceName(found), why },
    'instance is told to end',
  );
  scene.stopping.add(id);
  if (found) deps.ending(found, signal);
  try {
    await deps.engine.stop(id, STOP_GRACE_SECONDS, signal);
    if (found?.seq !== scene.desired.current?.deployment.seq || found?.state === 'ready')
      await deps.engine.remove(id, signal);
  } finally {
    scene.stopping.delete(id);
  }
}

async function forget(deps: ExecuteDeps, appId: string, signal: AbortSignal): Promise<void> {
  await deps.engine.forget(appId, signal);
  await deps.repositories.remove(appId, signal);
  await deps.builder.forget(appId, signal);
  // Before the last trace: only its id tells which images were its own.
  if (!(await deps.collection.forget(appId, signal))) return pause(BUILD_ENDS_MS, signal);
  if (await deps.state.forget(appId, deps.epoch(), signal)) deps.log.info({ app: appId }, 'app is gone');
}
