import { randomUUID } from 'node:crypto';
import { adoptFormation, type App } from '../../server/domain/app.ts';
import type { Deployment } from '../../server/domain/deployment.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { PromotionTarget } from '../../server/domain/promotion.ts';
import type { Release } from '../../server/domain/release.ts';
import type { ReleaseDraft, Releases } from '../../server/ports/releases.ts';
import {
  deploymentsOf,
  isUndecided,
  livingApp,
  releasesOf,
  storable,
  userOf,
  type MemoryApp,
  type MemoryDeployment,
  type MemoryRelease,
  type MemoryWorld,
} from './memory-world.ts';

export function createMemoryReleases(world: MemoryWorld): Releases {
  return {
    list: async (appId) => Promise.resolve(releasesOf(world, appId).map((one) => shape(world, one))),
    async find(appId, versionOrId) {
      const found = releasesOf(world, appId).find((one) =>
        [one.id, String(one.version), `v${one.version}`].includes(versionOrId),
      );
      return Promise.resolve(found && shape(world, found));
    },
    async latest(appId) {
      const found = releasesOf(world, appId).find((one) => one.status !== 'failed');
      if (!found) throw PlatformError.of('not_found', { resource: 'app', name: appId });
      return Promise.resolve(shape(world, found));
    },
    async configOf(releaseId) {
      const found = world.releases.get(releaseId);
      if (!found) throw PlatformError.of('not_found', { resource: 'release', name: releaseId });
      return Promise.resolve(new Map(found.config));
    },
    create: async (app, draft) => Promise.resolve(create(world, app, draft)),
    async redeploy(app) {
      const row = reachable(world, app);
      refuseSecondDeployment(world, row);
      const current = row.currentId === null ? undefined : world.deployments.get(row.currentId);
      return Promise.resolve(current && { ...deploy(world, row, current.releaseId, current.releaseVersion) });
    },
    async findDeployment(id) {
      const found = world.deployments.get(id);
      return Promise.resolve(found && { ...found });
    },
    async deploymentOf(releaseId) {
      return Promise.resolve(newestDeployment(world, releaseId));
    },
    async undecided(appId) {
      return Promise.resolve(
        deploymentsOf(world, appId)
          .filter(isUndecided)
          .map((one) => ({ ...one })),
      );
    },
  };
}

function create(world: MemoryWorld, app: App, draft: ReleaseDraft) {
  const row = reachable(world, app);
  const target = targetOf(world, app, draft);
  const before = releasesOf(world, app.id).find(
    (one) => (draft.buildId !== null && one.buildId === draft.buildId) || one.id === target?.releaseId,
  );
  if (before)
    return { release: shape(world, before), deployment: newestDeployment(world, before.id) ?? null };

  refuseDecided(world, app, draft, target);
  refuseSecondDeployment(world, row);
  const newest = releasesOf(world, app.id).find((one) => one.status !== 'failed');
  if (newest?.version !== draft.base) throw PlatformError.of('app_changed', { app: app.name });

  bringBackOrRefuse(world, app, draft);

  row.formation = adoptFormation(draft.formation, app.formation, row.formation);
  row.lastVersion += 1;
  row.revision += 1;
  const now = world.clock.now();
  const release: MemoryRelease = {
    ...{
      id: randomUUID(),
      appId: app.id,
      version: row.lastVersion,
      description: storable(draft.description),
    },
    ...{ image: draft.image, config: new Map(draft.config), commit: draft.commit, userId: draft.userId },
    ...{ collectedAt: null, buildId: draft.buildId, failure: null, createdAt: now, updatedAt: now },
    status: draft.image ? 'pending' : 'succeeded',
  };
  world.releases.set(release.id, release);
  if (target) Object.assign(target, { releaseId: release.id });
  const deployment = draft.image ? { ...deploy(world, row, release.id, release.version) } : null;
  return { release: shape(world, release), deployment };
}

/** What it was to be made for may be over by now. */
function refuseDecided(
  world: MemoryWorld,
  app: App,
  { buildId, promotion }: ReleaseDraft,
  target: PromotionTarget | undefined,
): void {
  if (buildId !== null && world.builds.get(buildId)?.status !== 'building')
    throw PlatformError.of('build_superseded', { app: app.name });
  if (promotion !== undefined && target?.status !== 'pending')
    throw PlatformError.of('app_changed', { app: app.name });
}

function targetOf(world: MemoryWorld, app: App, { promotion }: ReleaseDraft): PromotionTarget | undefined {
  return [...world.promotions.values()]
    .filter((one) => world.pipelines.has(one.pipelineId))
    .flatMap(({ targets }) => targets)
    .find((one) => one.id === promotion && one.appId === app.id);
}

function bringBackOrRefuse(world: MemoryWorld, app: App, draft: ReleaseDraft): void {
  const { image, buildId, promotion } = draft;
  const same = releasesOf(world, app.id).filter(
    (one) => image !== null && one.image?.digest === image.digest,
  );
  const collected = same.find((one) => one.collectedAt !== null);
  if (!collected) return;
  const { version, commit } = collected;
  if (buildId === null && promotion === undefined)
    throw PlatformError.of('image_collected', { app: app.name, version, commit });
  for (const one of same) one.collectedAt = null;
}

function reachable(world: MemoryWorld, app: App): MemoryApp {
  const row = livingApp(world, app.id);
  if (!row) throw PlatformError.of('not_found', { resource: 'app', name: app.name });
  return row;
}

function refuseSecondDeployment(world: MemoryWorld, app: MemoryApp): void {
  const undecided = deploymentsOf(world, app.id).find(isUndecided);
  if (undecided)
    throw PlatformError.of('deploy_in_progress', { app: app.name, version: undecided.releaseVersion });
}

function newestDeployment(world: MemoryWorld, releaseId: string): Deployment | undefined {
  const found = [...world.deployments.values()]
    .filter((one) => one.releaseId === releaseId)
    .sort((a, b) => b.seq - a.seq)[0];
  return found && { ...found };
}

function deploy(
  world: MemoryWorld,
  app: MemoryApp,
  releaseId: string,
  releaseVersion: number,
): MemoryDeployment {
  app.lastSeq += 1;
  const deployment: MemoryDeployment = {
    ...{ id: randomUUID(), appId: app.id, seq: app.lastSeq, releaseId, releaseVersion, status: 'pending' },
    ...{ failure: null, ledger: null, createdAt: world.clock.now(), startedAt: null, finishedAt: null },
  };
  world.deployments.set(deployment.id, deployment);
  return deployment;
}

function shape(world: MemoryWorld, release: MemoryRelease): Release {
  const {
    id,
    appId,
    version,
    status,
    description,
    image,
    collectedAt,
    commit,
    failure,
    createdAt,
    updatedAt,
  } = release;
  const user = userOf(world, release.userId);
  return {
    ...{ id, appId, version, status, description, image, collectedAt, commit, failure, createdAt, updatedAt },
    user: { id: user.id, email: user.email },
    current: currentOf(world, appId) === id,
  };
}

function currentOf(world: MemoryWorld, appId: string): string | undefined {
  const currentId = world.apps.get(appId)?.currentId ?? null;
  if (currentId !== null) return world.deployments.get(currentId)?.releaseId;
  return releasesOf(world, appId).find((one) => one.status === 'succeeded')?.id;
}
