import type { Bulletin } from '../../lib/bulletin.ts';
import { pause } from '../../lib/deadline.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { insist, passes } from '../../lib/retry.ts';
import { formationFor, type App } from '../domain/app.ts';
import { BUILD_ATTEMPTS, commitOf, sourceName, sourceVersion, type Build } from '../domain/build.ts';
import { chooseBuildpack } from '../domain/buildpacks.ts';
import { decided, type Deployment } from '../domain/deployment.ts';
import { PlatformError } from '../domain/errors.ts';
import { repositoryOf, type BuiltImage, type Release } from '../domain/release.ts';
import type { AppOptions } from '../ports/app-options.ts';
import type { Apps } from '../ports/apps.ts';
import type { Builder } from '../ports/builder.ts';
import type { Builds } from '../ports/builds.ts';
import type { RegistryTokens } from '../ports/registry.ts';
import type { Releases } from '../ports/releases.ts';
import type { Repositories } from '../ports/repositories.ts';
import { standingOf } from './push-standing.ts';
import type { Transcripts } from './transcripts.ts';
import { announce, liveBefore, receipt, refusal } from './transcript-lines.ts';
import type { Wake } from './wake.ts';

/** Takes builds all the way: image, release, deployment, outcome. */
export interface Deploys {
  /** Works off an app's waiting builds, newest first; returns when none is left. One at a time per app; more calls join. */
  drain(appId: string, signal: AbortSignal): Promise<void>;
  /** True while a drain of the app runs: it will see what is waiting by itself. */
  draining(appId: string): boolean;
}

export interface DeploysDeps {
  readonly apps: Apps;
  readonly builds: Builds;
  readonly releases: Releases;
  readonly options: Pick<AppOptions, 'buildpacks'>;
  readonly repositories: Repositories;
  readonly builder: Builder;
  readonly tokens: RegistryTokens;
  readonly transcripts: Transcripts;
  readonly controller: Wake;
  readonly bulletin: Bulletin;
  readonly log: Logger;
  /** The reign of this process; writes of an older one do nothing. */
  readonly epoch: () => number;
  /** `hello` → `http://hello.localhost:8080` */
  readonly urlOf: (appName: string) => string;
}

/** A build asks this often whether a newer push has taken its place. */
const SUPERSEDED_LOOK_MS = 500;
/** What failed for a reason of ours, such as a database that is away, is tried again this often. */
const AGAIN_MS = 1_000;
/** A builder that went away is restarted by the supervisor; the second try waits this long for it. */
const BUILDER_BACK_MS = 3_000;
const DECIDED_LOOK_MS = 500;

export function createDeploys(deps: DeploysDeps): Deploys {
  const draining = new Map<string, Promise<void>>();

  async function work(appId: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const build = await deps.builds.claim(appId, deps.epoch(), signal);
      if (!build) return;
      await seeThrough(deps, build, signal);
    }
  }

  return {
    draining: (appId) => draining.has(appId),

    drain(appId, signal) {
      const running = draining.get(appId);
      // One that came after the last claim of a running drain must not be lost: it drains again afterwards.
      const next = (running ?? Promise.resolve()).catch(() => undefined).then(() => work(appId, signal));
      const entry = next.finally(() => {
        if (draining.get(appId) === entry) draining.delete(appId);
      });
      draining.set(appId, entry);
      return entry;
    },
  };
}

/**
 * Until the build is decided. What passes by itself is waited for, then the build is read again and goes on from what it
 * had reached. Once there is a release the controller rolls it out whatever becomes of us, so only its deployment can say
 * how the push ended; "failed" would leave a live app behind a failed push.
 */
async function seeThrough(deps: DeploysDeps, claimed: Build, signal: AbortSignal): Promise<void> {
  let build: Build | undefined = claimed;
  let reason: string | undefined;
  let said: string | undefined;
  for (;;) {
    try {
      build ??= await deps.builds.find(claimed.id, signal);
      if (build?.status !== 'building') return; // whoever took its place, or destroyed the app, has said so
      if (reason === undefined || build.releaseId !== null) await deploy(deps, build, signal);
      else await refuse(deps, build, reason, signal);
      return;
    } catch (err) {
      if (signal.aborted) throw err;
      if (!passes(err)) reason ??= messageOf(err);
      if (said !== messageOf(err)) complain(deps, claimed, err);
      said = messageOf(err);
      build = undefined;
    }
    await pause(AGAIN_MS, signal);
  }
}

function complain({ log }: DeploysDeps, { id, appId }: Build, err: unknown): void {
  log[passes(err) ? 'warn' : 'error'](
    { err, app: appId, build: id },
    'a build was interrupted, not by itself',
  );
}

async function deploy(deps: DeploysDeps, build: Build, signal: AbortSignal): Promise<void> {
  const app = await deps.apps.find(build.appId, signal);
  if (!app) return refuse(deps, build, 'The app was destroyed', signal);
  // Past the image a build only waits for its deployment: that may be taken up as often as we are restarted.
  if (build.image === null && build.attempt > BUILD_ATTEMPTS)
    return refuse(
      deps,
      build,
      'The platform was restarted twice in the middle of this build; push again',
      signal,
    );

  const image = build.image ?? (await makeImage(deps, app, build, signal));
  if (!image) return;
  const deploymentId = build.deploymentId ?? (await release(deps, app, build, image, signal));
  if (deploymentId === undefined) return;
  await conclude(deps, app, build, await outcome(deps, build, deploymentId, signal), signal);
}

/**
 * True once it is clear that a push is to be built. One that came too late is refused; one whose very commit another push
 * has brought live meanwhile has nothing left to do: it ends as superseded, and whoever waits for it is told so.
 */
async function due(deps: DeploysDeps, app: App, build: Build, signal: AbortSignal): Promise<boolean> {
  if (build.push === null) return true; // no branch waits for it
  const standing = await standingOf(deps, app, build.push, signal);
  if (standing.is === 'late') await refuse(deps, build, standing.reason, signal);
  if (standing.is === 'live') {
    const reason = liveBefore(build.push.commit, standing.version);
    await insist(() => deps.builds.cancel(build.id, reason, signal), { everyMs: AGAIN_MS }, signal);
    deps.bulletin.post(build.id);
  }
  return standing.is === 'due';
}

async function makeImage(
  deps: DeploysDeps,
  app: App,
  build: Build,
  signal: AbortSignal,
): Promise<BuiltImage | undefined> {
  if (!(await due(deps, app, build, signal))) return undefined;
  const chosen = chooseBuildpack(build.buildpacks ?? (await deps.options.buildpacks(app.id, signal)));
  if ('reason' in chosen) {
    await refuse(deps, build, chosen.reason, signal);
    return undefined;
  }
  signal.throwIfAborted(); // the watch hears only of what comes after
  const superseded = new AbortController();
  const watch = watchSuperseded(deps, build, superseded, signal);
  try {
    const image = await buildTwice(deps, app, { ...build, pack: chosen.pack }, superseded.signal);
    if (!image) return undefined;
    const record = (): Promise<boolean> => deps.builds.recordImage(build.id, deps.epoch(), image, signal);
    // Insisted on: otherwise it would be built again.
    return (await insist(record, { everyMs: AGAIN_MS }, signal)) ? image : undefined;
  } catch (err) {
    if (superseded.signal.aborted && !signal.aborted) return undefined; // whoever took its place has said so
    throw err;
  } finally {
    superseded.abort(new Error('the build is over'));
    await watch;
  }
}

/** Aborts when the build is no longer ours to run: a newer push came, or the parent signal did. */
async function watchSuperseded(
  deps: DeploysDeps,
  build: Build,
  over: AbortController,
  signal: AbortSignal,
): Promise<void> {
  const stop = (): void => over.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const isOver = (): boolean => over.signal.aborted;
  let blind = false;
  while (!isOver()) {
    try {
      const now = await deps.builds.find(build.id, over.signal);
      blind = false;
      if (now?.status !== 'building') over.abort(new Error('superseded'));
      else await pause(SUPERSEDED_LOOK_MS, over.signal);
    } catch (err) {
      if (isOver()) break;
      if (!blind) deps.log.warn({ err, build: build.id }, 'could not look whether a build is still wanted');
      blind = true;
      await pause(SUPERSEDED_LOOK_MS, over.signal).catch(() => undefined); // aborted: it is over
    }
  }
  signal.removeEventListener('abort', stop);
}

/** A build, and the one buildpack it is to use; null: whichever applies. */
type Packed = Build & { readonly pack: string | null };

/** Building is idempotent (same source, same names), so a builder that died is asked once more. */
async function buildTwice(
  deps: DeploysDeps,
  app: App,
  build: Packed,
  signal: AbortSignal,
): Promise<BuiltImage | undefined> {
  for (let last = false; ; last = true) {
    const result = await buildOnce(deps, app, build, signal);
    if ('image' in result) return result.image;
    if (!result.retry || last) {
      await refuse(deps, build, result.message, signal);
      return undefined;
    }
    await deps.transcripts.append(build.id, [' !     The builder went away; trying once more'], signal);
    await pause(BUILDER_BACK_MS, signal);
  }
}

async function buildOnce(
  deps: DeploysDeps,
  app: App,
  build: Packed,
  signal: AbortSignal,
): Promise<{ image: BuiltImage } | { message: string; retry: boolean }> {
  const base = await deps.releases.latest(app.id, signal);
  const repository = repositoryOf(app.id);
  const order = {
    id: build.id,
    appId: app.id,
    archive: deps.repositories.archiveOf(build.id),
    commit: sourceVersion(build),
    buildpack: build.pack,
    config: await deps.releases.configOf(base.id, signal),
    repository,
    token: deps.tokens.pushToken(repository),
  };
  const transcript = deps.transcripts.writer(build.id, signal);
  try {
    for await (const news of deps.builder.build(order, signal)) {
      if (news.kind === 'line') transcript.write(news.text);
      else if (news.kind === 'stage')
        deps.log.debug(
          { app: app.name, build: build.id, stage: news.name, ms: news.ms },
          'build stage ended',
        );
      else
        return news.kind === 'built' ? { image: news.image } : { message: news.message, retry: news.retry };
    }
  } catch (err) {
    if (!PlatformError.is(err, 'builder_away')) throw err;
  } finally {
    // Also when the builder died: what it said comes before what is said about it.
    await transcript.flush();
  }
  return { message: PlatformError.of('builder_away', {}).message, retry: true };
}

/** The deployment of the release that is made of the image; undefined when the build is no longer ours. */
async function release(
  deps: DeploysDeps,
  app: App,
  build: Build,
  image: BuiltImage,
  signal: AbortSignal,
): Promise<string | undefined> {
  await deps.transcripts.append(build.id, announce(), signal);
  for (;;) {
    try {
      const fresh = await deps.apps.find(app.id, signal);
      if (!fresh) return undefined;
      const base = await deps.releases.latest(app.id, signal);
      const made = await deps.releases.create(
        fresh,
        {
          base: base.version,
          description: `Deploy ${sourceName(build)}`,
          image,
          config: await deps.releases.configOf(base.id, signal),
          commit: commitOf(build),
          userId: build.userId,
          buildId: build.id,
          formation: formationFor(Object.keys(image.processes), fresh.formation),
        },
        signal,
      );
      if (!(await deps.builds.recordRelease(build.id, deps.epoch(), made.release.id, signal)))
        return undefined;
      deps.controller.wake(app.id);
      return made.deployment?.id;
    } catch (err) {
      if (PlatformError.is(err, 'build_superseded')) return undefined; // whoever took its place has said so
      // Someone's config change is being rolled out right now, or the database is away. Asking again is safe: a build
      // makes one release.
      if (!passes(err)) throw err;
      await pause(DECIDED_LOOK_MS, signal);
    }
  }
}

/** Waits for the deployment's end; undefined when it went with its app. */
async function outcome(
  deps: DeploysDeps,
  build: Build,
  deploymentId: string,
  signal: AbortSignal,
): Promise<Deployment | undefined> {
  for (;;) {
    const mark = deps.bulletin.mark(deploymentId);
    const now = await deps.releases.findDeployment(deploymentId, signal);
    if (!now || decided(now)) return now;
    await deps.bulletin.after(deploymentId, mark, DECIDED_LOOK_MS, signal);
    deps.bulletin.post(build.id); // whoever follows the build reads the deployment's lines too
  }
}

async function conclude(
  deps: DeploysDeps,
  app: App,
  build: Build,
  deployment: Deployment | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (!deployment) return refuse(deps, build, 'The app was destroyed', signal);
  if (deployment.status !== 'succeeded')
    return refuse(deps, build, deployment.failure ?? 'The deployment was given up', signal);
  const made: Release | undefined = await deps.releases.find(app.id, `v${deployment.releaseVersion}`, signal);
  await deps.transcripts.append(
    build.id,
    receipt(made?.version ?? deployment.releaseVersion, deps.urlOf(app.name), deployment.ledger),
    signal,
  );
  await settle(deps, build, { status: 'succeeded' }, signal);
}

async function refuse(deps: DeploysDeps, build: Build, reason: string, signal: AbortSignal): Promise<void> {
  const sentence = reason.replace(/\.$/, '');
  const app = await deps.apps.find(build.appId, signal);
  await deps.transcripts.append(build.id, refusal(build, app, sentence), signal);
  await settle(deps, build, { status: 'failed', failure: sentence }, signal);
}

/** Insisted on: what is said is said, and must not be said again. */
async function settle(
  deps: DeploysDeps,
  build: Build,
  outcome: Parameters<Builds['settle']>[2],
  signal: AbortSignal,
): Promise<void> {
  const write = (): Promise<boolean> => deps.builds.settle(build.id, deps.epoch(), outcome, signal);
  await insist(write, { everyMs: AGAIN_MS }, signal);
  deps.bulletin.post(build.id);
  // Of a push the archive goes with its hidden ref, once the branch has moved; if this fails it is swept later.
  if (build.push === null) await deps.repositories.discard(build.id, signal).catch(() => undefined);
}
