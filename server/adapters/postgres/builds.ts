import type { Build, PushedBuild } from '../../domain/build.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Builds } from '../../ports/builds.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Database, Tables } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { isId, readImage, readNames, readUpload, storable, writeImage, writeUpload } from './stored-json.ts';
import { lockLivingApp, supersede } from './supersede.ts';

const BUILD = {
  include: {
    release: {
      select: { id: true, deployments: { select: { id: true }, orderBy: { seq: 'asc' }, take: 1 } },
    },
  },
} as const;

export function createBuilds({ db, clock }: { readonly db: Database; readonly clock: Clock }): Builds {
  return {
    ...readBuilds(db),
    ...recordBuilds(db, clock),

    submit: ({ id, appId, userId, push, upload, buildpacks }, reason, signal) =>
      db.transaction(async (tables) => {
        if (!(await lockLivingApp(tables, appId)))
          throw PlatformError.of('not_found', { resource: 'app', name: appId });
        const before = await tables.build.findUnique({ where: { id }, ...BUILD });
        if (before) return readBuild(before);
        const now = clock.now();
        await supersede(tables, { appId, reason, now });
        const source = push ?? { upload: writeUpload(upload) };
        return readBuild(
          await tables.build.create({
            data: {
              ...{ id, appId, userId, ...source, createdAt: now },
              ...(buildpacks && { buildpacks: [...buildpacks] }),
            },
            ...BUILD,
          }),
        );
      }, signal),

    cancel: (id, reason, signal) =>
      db.transaction(async (tables) => {
        const build = isId(id)
          ? await tables.build.findUnique({ where: { id }, select: { appId: true } })
          : null;
        if (!build || !(await lockLivingApp(tables, build.appId))) return false;
        return supersede(tables, { appId: build.appId, only: id, reason, now: clock.now() });
      }, signal),

    claim: (appId, epoch, signal) =>
      db.transaction(async (tables) => {
        if (!(await lockLivingApp(tables, appId))) return undefined;
        const next = await nextOf(tables, appId, epoch);
        if (!next) return undefined;
        const row = await tables.build.update({
          where: { id: next.id },
          data: { status: 'building', epoch, attempt: { increment: next.epoch === epoch ? 0 : 1 } },
          ...BUILD,
        });
        return readBuild(row);
      }, signal),
  };
}

function readBuilds(
  db: Database,
): Pick<Builds, 'find' | 'list' | 'waiting' | 'lastDeployed' | 'lastDeploys'> {
  return {
    async find(id, signal) {
      if (!isId(id)) return undefined;
      const row = await db.run((tables) => tables.build.findUnique({ where: { id }, ...BUILD }), signal);
      return row ? readBuild(row) : undefined;
    },

    async list(appId, signal) {
      const rows = await db.run(
        (tables) => tables.build.findMany({ where: { appId }, orderBy: { position: 'desc' }, ...BUILD }),
        signal,
      );
      return rows.map(readBuild);
    },

    async waiting(epoch, signal) {
      const rows = await db.run(
        (tables) =>
          tables.build.findMany({
            where: { ...waitingUnder(epoch), app: { deletedAt: null } },
            orderBy: { position: 'asc' },
            select: { appId: true },
          }),
        signal,
      );
      return [...new Set(rows.map(({ appId }) => appId))];
    },

    async lastDeployed(appId, signal) {
      const row = await db.run(
        (tables) =>
          tables.build.findFirst({
            where: { appId, status: 'succeeded', ref: { not: null } },
            orderBy: { position: 'desc' },
            ...BUILD,
          }),
        signal,
      );
      return row ? pushed(readBuild(row)) : undefined;
    },

    async lastDeploys(signal) {
      const rows = await db.ask<{ id: string; name: string; buildId: string }>(LAST_DEPLOYS, [], signal);
      return rows.map(({ id, name, buildId }) => ({ app: { id, name }, buildId }));
    },
  };
}

/** One look into the index for each app, however many builds there have been. */
const LAST_DEPLOYS = {
  name: 'last deploys',
  text: `
    SELECT a.id, a.name, last.id AS "buildId"
    FROM "App" a CROSS JOIN LATERAL (
      SELECT b.id FROM "Build" b
      WHERE b."appId" = a.id AND b.status = 'succeeded' AND b.ref IS NOT NULL
      ORDER BY b.position DESC LIMIT 1) last
    WHERE a."deletedAt" IS NULL
    ORDER BY a.id`,
};

function pushed({ push, ...build }: Build): PushedBuild | undefined {
  return push === null ? undefined : { ...build, push };
}

/** What a worker writes down; each does nothing unless the build is still its own. */
function recordBuilds(db: Database, clock: Clock): Pick<Builds, 'recordImage' | 'recordRelease' | 'settle'> {
  return {
    async recordImage(id, epoch, image, signal) {
      const changed = await db.run(
        (tables) => tables.build.updateMany({ where: mine(id, epoch), data: { image: writeImage(image) } }),
        signal,
      );
      return changed.count === 1;
    },

    recordRelease: (id, epoch, releaseId, signal) =>
      db.transaction(async (tables) => {
        const build = await tables.build.findFirst({ where: mine(id, epoch), select: { appId: true } });
        if (!build || !(await lockLivingApp(tables, build.appId))) return false;
        // Asked again under the lock: the build may have been superseded while we waited for it.
        if ((await tables.build.count({ where: mine(id, epoch) })) === 0) return false;
        const changed = await tables.release.updateMany({
          where: { id: releaseId, appId: build.appId, OR: [{ buildId: null }, { buildId: id }] },
          data: { buildId: id },
        });
        return changed.count === 1;
      }, signal),

    async settle(id, epoch, outcome, signal) {
      const failure = outcome.status === 'failed' ? storable(outcome.failure) : null;
      const changed = await db.run(
        (tables) =>
          tables.build.updateMany({
            where: mine(id, epoch),
            data: { status: outcome.status, failure, finishedAt: clock.now() },
          }),
        signal,
      );
      return changed.count === 1;
    },
  };
}

/** Still in the hands of the worker that claimed it under this epoch. */
function mine(id: string, epoch: number) {
  return { id, epoch, status: 'building' } as const;
}

function waitingUnder(epoch: number) {
  return { OR: [{ status: 'queued' as const }, { status: 'building' as const, epoch: { lte: epoch } }] };
}

/** What was left behind comes first: what is queued was pushed on top of it. The caller holds the app's lock. */
async function nextOf(tables: Tables, appId: string, epoch: number) {
  const select = { id: true, epoch: true } as const;
  const building = await tables.build.findFirst({
    where: { appId, status: 'building' },
    orderBy: { position: 'asc' },
    select,
  });
  if (building) return building.epoch !== null && building.epoch <= epoch ? building : null;
  return tables.build.findFirst({
    where: { appId, status: 'queued' },
    orderBy: { position: 'desc' },
    select,
  });
}

function readBuild(row: Prisma.BuildGetPayload<typeof BUILD>): Build {
  return {
    id: row.id,
    appId: row.appId,
    userId: row.userId,
    status: row.status,
    push:
      row.ref === null || row.commit === null ? null : { ref: row.ref, commit: row.commit, from: row.from },
    upload: readUpload(row.upload),
    buildpacks: readNames(row.buildpacks),
    attempt: row.attempt,
    failure: row.failure,
    image: readImage(row.image),
    releaseId: row.release?.id ?? null,
    deploymentId: row.release?.deployments[0]?.id ?? null,
    createdAt: row.createdAt,
    finishedAt: row.finishedAt,
  };
}
