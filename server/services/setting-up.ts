import { pause } from '../../lib/deadline.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { insist, passes } from '../../lib/retry.ts';
import type { App } from '../domain/app.ts';
import { formationNotes, successUrlOf, type AppSetup, type Postdeploy } from '../domain/app-setup.ts';
import { settled, type Build } from '../domain/build.ts';
import { PlatformError } from '../domain/errors.ts';
import type { AppSetups } from '../ports/app-setups.ts';
import type { Apps } from '../ports/apps.ts';
import type { Builds } from '../ports/builds.ts';
import type { BuildQueue } from '../ports/queue.ts';
import type { Releases } from '../ports/releases.ts';
import { createSetupPreparation, type PreparationDeps } from './setup-preparation.ts';
import { createPostdeploys, type PostdeployDeps } from './postdeploys.ts';

/** Takes setups all the way: source, app.json, config, build, release, postdeploy, outcome. */
export interface SettingUp {
  /** Takes up whatever is pending and not being worked on; what it began goes on when it answers. */
  takeUp(signal: AbortSignal): Promise<void>;
}

export interface SettingUpDeps extends PreparationDeps, PostdeployDeps {
  readonly apps: Pick<Apps, 'find' | 'setFormation'>;
  readonly releases: Releases;
  readonly builds: Pick<Builds, 'submit' | 'find'>;
  readonly store: AppSetups;
  readonly queue: BuildQueue;
  readonly log: Logger;
  /** The reign of this process; writes of an older one do nothing. */
  readonly epoch: () => number;
  readonly urlOf: (app: string) => string;
}

const AGAIN_MS = 1_000;
const LOOK_MS = 500;
const LOST = 'The setup failed because of a fault of the platform';

type Outcome = Parameters<AppSetups['settle']>[2];
type Pending = NonNullable<Awaited<ReturnType<AppSetups['pending']>>>;

export function createSettingUp(given: SettingUpDeps): SettingUp {
  const deps = { againMs: AGAIN_MS, ...given };
  const { store, epoch, log } = deps;
  const steps = { ...createSetupPreparation(deps), ...createPostdeploys(deps) };
  const running = new Set<string>();

  async function one(id: string, signal: AbortSignal): Promise<void> {
    running.add(id);
    try {
      await seeThrough({ ...deps, ...steps }, id, signal);
    } catch (err) {
      if (!signal.aborted)
        log[passes(err) ? 'warn' : 'error']({ err, setup: id }, 'a setup was interrupted; will try again');
    } finally {
      running.delete(id);
    }
  }

  return {
    async takeUp(signal) {
      for (const id of await store.waiting(epoch(), signal)) if (!running.has(id)) void one(id, signal);
    },
  };
}

type Deps = SettingUpDeps &
  ReturnType<typeof createSetupPreparation> &
  ReturnType<typeof createPostdeploys> & { readonly againMs: number };

/**
 * Until the setup is decided. Each step is written down before the next, and each may be done again: whoever takes it up
 * after a crash goes on from what is written.
 */
async function seeThrough(deps: Deps, id: string, signal: AbortSignal): Promise<void> {
  const { store, epoch, againMs } = deps;
  const outcome = await attempt(deps, id, signal).catch((err: unknown) => {
    if (signal.aborted || passes(err)) throw err;
    // What is no failure of ours to tell is a bug: it ends this setup, and no other.
    if (!PlatformError.is(err)) deps.log.error({ err, setup: id }, 'a setup failed because of a bug');
    return failed(PlatformError.is(err) ? messageOf(err) : LOST);
  });
  if (outcome) await insist(() => store.settle(id, epoch(), outcome, signal), { everyMs: againMs }, signal);
}

/** How it ended; undefined when that is not ours to say any more. */
async function attempt(deps: Deps, id: string, signal: AbortSignal): Promise<Outcome | undefined> {
  const { store, apps } = deps;
  const pending = await store.pending(id, signal);
  if (!pending) return undefined;
  const app = await apps.find(pending.setup.appId, signal);
  if (!app) return failed('The app was destroyed');
  const ready = await prepared(deps, app, pending, signal);
  return ready && ('outcome' in ready ? ready.outcome : await deploy(deps, app, ready.setup, signal));
}

type Ready = AppSetup & { readonly prepared: NonNullable<AppSetup['prepared']> };

/** The setup with all done that comes before its build. */
async function prepared(
  deps: Deps,
  app: App,
  { setup, order }: Pending,
  signal: AbortSignal,
): Promise<{ readonly setup: Ready } | { readonly outcome: Outcome } | undefined> {
  if (setup.prepared) return { setup: { ...setup, prepared: setup.prepared } };
  const { store, epoch } = deps;
  const done = await deps.prepare(app, setup, order, signal);
  if ('failure' in done) return { outcome: { ...failed(done.failure), manifestErrors: done.mistakes } };
  const written = { prepared: done.prepared, manifestErrors: done.notes };
  if (!(await store.recordPrepared(setup.id, epoch(), written, signal))) return undefined;
  return { setup: { ...setup, ...written } };
}

async function deploy(deps: Deps, app: App, setup: Ready, signal: AbortSignal): Promise<Outcome | undefined> {
  const { manifestErrors, prepared: todo } = setup;
  const build = await built(deps, setup, signal);
  if (build === undefined) return failed('The app was destroyed');
  if (build.status !== 'succeeded')
    return { ...failed(build.failure ?? 'The build was given up'), manifestErrors };
  const notes = [
    ...manifestErrors,
    ...formationNotes(todo.formation, Object.keys(build.image?.processes ?? {})),
  ];
  const ran = await deps.runPostdeploy(app, setup, build, signal);
  if (ran === undefined) return undefined;
  if ('failure' in ran) return { ...failed(ran.failure), manifestErrors: notes };
  const { postdeploy } = ran;
  if (postdeploy && postdeploy.exitCode !== 0)
    return { ...failed(unsuccessful(app, postdeploy)), manifestErrors: notes, postdeploy };
  const successUrl = successUrlOf(todo.successUrl, deps.urlOf(app.name));
  return { status: 'succeeded', failure: null, manifestErrors: notes, postdeploy, successUrl };
}

function unsuccessful(app: App, { exitCode }: Postdeploy): string {
  return `The postdeploy command ended with status ${exitCode}; ${app.name} is deployed and serves, and what is missing can be run again (gantry run -a ${app.name})`;
}

/** The build when it is decided: it succeeds when its release serves. A build has one id, so asking again is safe. */
async function built(
  { builds, queue, lookMs = LOOK_MS }: Deps,
  { appId, userId, buildId, source, prepared: { checksum } }: Ready,
  signal: AbortSignal,
): Promise<Build | undefined> {
  const upload = { checksum, version: source.version, description: null };
  const order = { id: buildId, appId, userId, push: null, upload, buildpacks: null };
  const begun = await builds.find(buildId, signal);
  if (begun === undefined) {
    await builds.submit(order, 'The setup of the app took its place; nothing of it is live', signal);
    queue.wake(appId);
  }
  for (;;) {
    const now = await builds.find(buildId, signal);
    if (!now || settled(now)) return now;
    await pause(lookMs, signal);
  }
}

function failed(failure: string): Outcome {
  const sentence = failure.replace(/\.$/, '');
  return { status: 'failed', failure: sentence, manifestErrors: [], postdeploy: null, successUrl: null };
}
