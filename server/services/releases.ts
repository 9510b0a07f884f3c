import type { Actor } from '../domain/actor.ts';
import { formationFor, type App } from '../domain/app.ts';
import type { Deployment } from '../domain/deployment.ts';
import { PlatformError } from '../domain/errors.ts';
import { rollbackTarget, type ConfigVars, type Release } from '../domain/release.ts';
import type { Apps } from '../ports/apps.ts';
import type { Releases as ReleaseStore } from '../ports/releases.ts';
import { reach } from './reach.ts';
import type { Wake } from './wake.ts';

export interface Releases {
  /** Newest first. */
  list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly Release[]>;
  find(actor: Actor, app: string, versionOrId: string, signal: AbortSignal): Promise<Release>;
  /**
   * Makes a new release with the image and config of an earlier one. Without a version: the newest release before the
   * current one that ran; failed ones are passed over. Throws `no_rollback_target`, `image_collected`,
   * `deploy_in_progress`.
   */
  rollback(
    actor: Actor,
    app: string,
    versionOrId: string | null,
    signal: AbortSignal,
  ): Promise<{ readonly release: Release; readonly deployment: Deployment }>;
  /**
   * Makes a new release with the image of an earlier one, whatever became of that, and the config of now: what failed
   * for a reason that is gone is tried again. Throws `not_found`, `image_collected`, `deploy_in_progress`.
   */
  again(
    actor: Actor,
    app: string,
    releaseId: string,
    description: string | null,
    signal: AbortSignal,
  ): Promise<{ readonly release: Release; readonly deployment: Deployment }>;
  /** The newest deployment of a release; undefined for one that was never deployed. */
  deploymentOf(
    actor: Actor,
    app: string,
    releaseId: string,
    signal: AbortSignal,
  ): Promise<Deployment | undefined>;
}

export function createReleases({
  apps,
  store,
  controller,
}: {
  apps: Apps;
  store: ReleaseStore;
  controller: Wake;
}): Releases {
  async function make(
    { actor, app, base, of, config, description }: Making,
    signal: AbortSignal,
  ): Promise<{ readonly release: Release; readonly deployment: Deployment }> {
    const { release, deployment } = await store.create(
      app,
      {
        ...{ base: base.version, description, image: of.image, config, commit: of.commit },
        ...{ userId: actor.userId, buildId: null },
        // Types that the current release lacks have lost their counts: without it a lost web would stay at 0.
        formation: formationFor(Object.keys(of.image?.processes ?? {}), app.formation),
      },
      signal,
    );
    if (!deployment) throw new Error('a release with an image has a deployment');
    controller.wake(app.id);
    return { release, deployment };
  }

  return {
    async list(actor, name, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return store.list(app.id, signal);
    },

    async find(actor, name, versionOrId, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      const release = await store.find(app.id, versionOrId, signal);
      if (!release)
        throw PlatformError.of('not_found', { resource: 'release', name: versionOrId.slice(0, 100) });
      return release;
    },

    async rollback(actor, name, versionOrId, signal) {
      const app = await reach(apps, actor, 'deploy', name, signal);
      const to = await rollbackTo(store, app, versionOrId, signal);
      const base = await store.latest(app.id, signal);
      const config = await store.configOf(to.id, signal);
      return make({ actor, app, base, of: to, config, description: `Rollback to v${to.version}` }, signal);
    },

    async again(actor, name, releaseId, description, signal) {
      const app = await reach(apps, actor, 'deploy', name, signal);
      const of = await store.find(app.id, releaseId, signal);
      if (!of?.image)
        throw PlatformError.of('not_found', { resource: 'slug', name: releaseId.slice(0, 100) });
      const base = await store.latest(app.id, signal);
      const config = await store.configOf(base.id, signal);
      const said = description ?? `Deploy v${of.version} again`;
      return make({ actor, app, base, of, config, description: said }, signal);
    },

    async deploymentOf(actor, name, releaseId, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      const release = await store.find(app.id, releaseId, signal);
      return release && store.deploymentOf(release.id, signal);
    },
  };
}

interface Making {
  readonly actor: Actor;
  readonly app: App;
  readonly base: Release;
  readonly of: Release;
  readonly config: ConfigVars;
  readonly description: string;
}

async function rollbackTo(
  store: ReleaseStore,
  app: App,
  wanted: string | null,
  signal: AbortSignal,
): Promise<Release> {
  const all = await store.list(app.id, signal);
  const current = all.find((release) => release.current);
  const earlier = all.filter(
    (release) => rollbackTarget(release) && release.version < (current?.version ?? 0),
  );
  const found =
    wanted === null
      ? earlier[0]
      : all.find((release) => [String(release.version), `v${release.version}`, release.id].includes(wanted));
  if (wanted !== null && !found)
    throw PlatformError.of('not_found', { resource: 'release', name: wanted.slice(0, 100) });
  if (!found) throw noTarget(app, 'an earlier release');
  refuseAsTarget(app, found, all);
  return found;
}

/** Throws for what cannot be gone back to, or not now. */
function refuseAsTarget(app: App, found: Release, all: readonly Release[]): void {
  const { version, commit } = found;
  if (found.status === 'succeeded' && found.collectedAt !== null && !found.current)
    throw PlatformError.of('image_collected', { app: app.name, version, commit });
  // What runs is worth going back to as long as something else may yet take its place.
  const pending = all.find((release) => release.status === 'pending');
  if (found.current && pending)
    throw PlatformError.of('deploy_in_progress', { app: app.name, version: pending.version });
  if (!rollbackTarget(found) || found.current) throw noTarget(app, `v${version}`);
}

function noTarget(app: App, wanted: string): Error {
  return PlatformError.of('no_rollback_target', { app: app.name, wanted });
}
