import { randomUUID } from 'node:crypto';
import { adoptFormation, type App } from '../../domain/app.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Deployment } from '../../domain/deployment.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ReleaseDraft, Releases } from '../../ports/releases.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Database, Tables } from './database.ts';
import { DEPLOYMENT, readDeployment, RELEASE, readRelease } from './release-rows.ts';
import { openConfig, sealConfig } from './sealed-config.ts';
import { isId, readFormation, storable, writeFormation, writeImage } from './stored-json.ts';
import { lockLivingApp } from './supersede.ts';

const UNDECIDED: { in: ('pending' | 'rolling')[] } = { in: ['pending', 'rolling'] };
const LARGEST_VERSION = 2 ** 31 - 1;

type Made = Awaited<ReturnType<Releases['create']>>;

export function createReleases({
  db,
  sealer,
  clock,
}: {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
}): Releases {
  return {
    ...readReleases(db),
    ...readDeployments(db),

    async configOf(releaseId, signal) {
      const row = await db.run(
        (tables) =>
          tables.release.findUnique({
            where: { id: releaseId },
            select: { id: true, appId: true, config: true },
          }),
        signal,
      );
      if (!row) throw PlatformError.of('not_found', { resource: 'release', name: releaseId });
      return openConfig(sealer, row);
    },

    create: (app, draft, signal) =>
      db.transaction(async (tables) => {
        await lockOrMiss(tables, app);
        return (
          (await madeBefore(tables, app, draft)) ??
          (await make(tables, { app, draft, sealer, now: clock.now() }))
        );
      }, signal),

    redeploy: (app, signal) =>
      db.transaction(async (tables) => {
        await lockOrMiss(tables, app);
        await refuseSecondDeployment(tables, app);
        const { currentId } = await tables.app.findUniqueOrThrow({ where: { id: app.id } });
        if (currentId === null) return undefined;
        const { releaseId } = await tables.deployment.findUniqueOrThrow({ where: { id: currentId } });
        return deploy(tables, app.id, releaseId, clock.now());
      }, signal),
  };
}

function readReleases(db: Database): Pick<Releases, 'list' | 'find' | 'latest'> {
  return {
    list: (appId, signal) =>
      db.run(async (tables) => {
        const rows = await tables.release.findMany({
          where: { appId },
          orderBy: { version: 'desc' },
          ...RELEASE,
        });
        const current = await currentOf(tables, appId);
        return rows.map((row) => readRelease(row, current));
      }, signal),

    async find(appId, versionOrId, signal) {
      const which = whichRelease(appId, versionOrId);
      if (!which) return undefined;
      return db.run(async (tables) => {
        const row = await tables.release.findFirst({ where: which, ...RELEASE });
        return row ? readRelease(row, await currentOf(tables, appId)) : undefined;
      }, signal);
    },

    latest: (appId, signal) =>
      db.run(async (tables) => {
        const row = await tables.release.findFirst({
          where: { appId, status: { not: 'failed' } },
          orderBy: { version: 'desc' },
          ...RELEASE,
        });
        if (!row) throw PlatformError.of('not_found', { resource: 'app', name: appId });
        return readRelease(row, await currentOf(tables, appId));
      }, signal),
  };
}

function readDeployments(db: Database): Pick<Releases, 'findDeployment' | 'deploymentOf' | 'undecided'> {
  return {
    async findDeployment(id, signal) {
      if (!isId(id)) return undefined;
      const row = await db.run(
        (tables) => tables.deployment.findUnique({ where: { id }, ...DEPLOYMENT }),
        signal,
      );
      return row ? readDeployment(row) : undefined;
    },

    async deploymentOf(releaseId, signal) {
      if (!isId(releaseId)) return undefined;
      const row = await db.run((tables) => newestDeployment(tables, releaseId), signal);
      return row ? readDeployment(row) : undefined;
    },

    async undecided(appId, signal) {
      const rows = await db.run(
        (tables) =>
          tables.deployment.findMany({
            where: { appId, status: UNDECIDED },
            orderBy: { seq: 'asc' },
            ...DEPLOYMENT,
          }),
        signal,
      );
      return rows.map(readDeployment);
    },
  };
}

function whichRelease(appId: string, versionOrId: string) {
  if (isId(versionOrId)) return { appId, id: versionOrId };
  const version = Number(/^v?([1-9][0-9]*)$/.exec(versionOrId)?.[1]);
  return version <= LARGEST_VERSION ? { appId, version } : undefined;
}

/** The release that serves: that of the last deployment that succeeded; before the first one, the newest that stands. */
async function currentOf(tables: Tables, appId: string): Promise<string | undefined> {
  const [found] = await tables.$queryRaw<{ id: string | null }[]>`
    SELECT coalesce(
      (SELECT d."releaseId" FROM "App" a JOIN "Deployment" d ON d.id = a."currentId" WHERE a.id = ${appId}::uuid),
      (SELECT r.id FROM "Release" r WHERE r."appId" = ${appId}::uuid AND r.status = 'succeeded'
        ORDER BY r.version DESC LIMIT 1)
    ) AS id`;
  return found?.id ?? undefined;
}

async function lockOrMiss(tables: Tables, app: App): Promise<void> {
  if (!(await lockLivingApp(tables, app.id)))
    throw PlatformError.of('not_found', { resource: 'app', name: app.name });
}

/** The release this build has made already, when a worker that died after making it is being followed by another. */
async function madeBefore(tables: Tables, app: App, draft: ReleaseDraft): Promise<Made | undefined> {
  const row = await releaseFor(tables, app, draft);
  if (!row) return undefined;
  const deployment = await newestDeployment(tables, row.id);
  const current = await currentOf(tables, app.id);
  return { release: readRelease(row, current), deployment: deployment ? readDeployment(deployment) : null };
}

async function releaseFor(tables: Tables, app: App, { buildId, promotion }: ReleaseDraft) {
  if (buildId !== null) return tables.release.findUnique({ where: { buildId, appId: app.id }, ...RELEASE });
  if (promotion === undefined) return null;
  const target = await tables.pipelinePromotionTarget.findUnique({
    where: { id: promotion },
    select: { releaseId: true },
  });
  const id = target?.releaseId ?? null;
  return id === null ? null : tables.release.findUnique({ where: { id, appId: app.id }, ...RELEASE });
}

async function make(
  tables: Tables,
  { app, draft, sealer, now }: { app: App; draft: ReleaseDraft; sealer: Sealer; now: Date },
): Promise<Made> {
  await refuseSuperseded(tables, app, draft);
  await refuseSecondDeployment(tables, app);
  await refuseStale(tables, app, draft);
  await bringBackOrRefuse(tables, app, draft);

  const before = await tables.app.findUniqueOrThrow({ where: { id: app.id } });
  const formation = adoptFormation(draft.formation, app.formation, readFormation(before.formation));
  const { lastVersion } = await tables.app.update({
    where: { id: app.id },
    data: {
      lastVersion: { increment: 1 },
      revision: { increment: 1 },
      formation: writeFormation(formation),
    },
  });
  const id = randomUUID();
  const { image, commit, userId, buildId } = draft;
  const row = await tables.release.create({
    data: {
      ...{ id, appId: app.id, version: lastVersion, commit, userId, buildId, createdAt: now },
      status: image ? 'pending' : 'succeeded',
      description: storable(draft.description),
      image: writeImage(image),
      config: sealConfig(sealer, { appId: app.id, id }, draft.config),
    },
    ...RELEASE,
  });
  await noteForPromotion(tables, app, draft, id);
  const deployment = image ? await deploy(tables, app.id, id, now) : null;
  return { release: readRelease(row, await currentOf(tables, app.id)), deployment };
}

/** With the release, so that no target ever makes two. */
async function noteForPromotion(
  tables: Tables,
  app: App,
  { promotion }: ReleaseDraft,
  releaseId: string,
): Promise<void> {
  if (promotion === undefined) return;
  const { count } = await tables.pipelinePromotionTarget.updateMany({
    where: { id: promotion, appId: app.id, status: 'pending', releaseId: null },
    data: { releaseId },
  });
  if (count === 0) throw PlatformError.of('app_changed', { app: app.name });
}

async function refuseSecondDeployment(tables: Tables, app: App): Promise<void> {
  const undecided = await tables.deployment.findFirst({
    where: { appId: app.id, status: UNDECIDED },
    select: { release: { select: { version: true } } },
  });
  if (undecided)
    throw PlatformError.of('deploy_in_progress', { app: app.name, version: undecided.release.version });
}

/** A newer push may have taken the build's place since its worker last looked. */
async function refuseSuperseded(tables: Tables, app: App, { buildId }: ReleaseDraft): Promise<void> {
  if (buildId === null) return;
  const building = { id: buildId, appId: app.id, status: 'building' as const };
  if ((await tables.build.count({ where: building })) === 0)
    throw PlatformError.of('build_superseded', { app: app.name });
}

async function refuseStale(tables: Tables, app: App, { base }: ReleaseDraft): Promise<void> {
  const newest = await tables.release.findFirst({
    where: { appId: app.id, status: { not: 'failed' } },
    orderBy: { version: 'desc' },
    select: { version: true },
  });
  if (newest?.version !== base) throw PlatformError.of('app_changed', { app: app.name });
}

/** What a build has just made, or a promotion has copied, is there again; of what was collected, nothing else can be made. */
async function bringBackOrRefuse(tables: Tables, app: App, draft: ReleaseDraft): Promise<void> {
  const { image, buildId, promotion } = draft;
  if (image === null) return;
  const ofImage = { appId: app.id, image: { path: ['digest'], equals: image.digest } };
  const collected = await tables.release.findFirst({
    where: { ...ofImage, collectedAt: { not: null } },
    orderBy: { version: 'desc' },
    select: { version: true, commit: true },
  });
  if (!collected) return;
  if (buildId === null && promotion === undefined)
    throw PlatformError.of('image_collected', { app: app.name, ...collected });
  await tables.release.updateMany({ where: ofImage, data: { collectedAt: null } });
}

function newestDeployment(tables: Tables, releaseId: string) {
  return tables.deployment.findFirst({ where: { releaseId }, orderBy: { seq: 'desc' }, ...DEPLOYMENT });
}

async function deploy(tables: Tables, appId: string, releaseId: string, now: Date): Promise<Deployment> {
  const { lastSeq } = await tables.app.update({
    where: { id: appId },
    data: { lastSeq: { increment: 1 } },
    select: { lastSeq: true },
  });
  const row = await tables.deployment.create({
    data: { id: randomUUID(), appId, releaseId, seq: lastSeq, createdAt: now },
    ...DEPLOYMENT,
  });
  return readDeployment(row);
}
