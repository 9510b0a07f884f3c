import type { Build, PushedBuild } from '../../domain/build.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Builds } from '../../ports/builds.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ask, Database } from './database.ts';
import { isId, readImage, readNames, readUpload, storable, uploadJson, writeImage } from './stored-json.ts';
import { holdsLivingApp, lockLivingApp, supersede } from './supersede.ts';

export function createBuilds({ db, clock }: { readonly db: Database; readonly clock: Clock }): Builds {
  return {
    ...readBuilds(db),
    ...recordBuilds(db, clock),

    submit: ({ id, appId, userId, push, upload, buildpacks }, reason, signal) =>
      db.dealing(async (ask) => {
        if (!(await holdsLivingApp(ask, appId)))
          throw PlatformError.of('not_found', { resource: 'app', name: appId });
        const [before] = await ask<BuildRow>(BY_ID, [id]);
        if (before) return readBuild(before);
        const now = clock.now();
        await supersede(ask, { appId, reason, now });
        await ask(ADD, [
          ...[id, appId, userId, push?.ref ?? null, push?.commit ?? null, push?.from ?? null],
          ...[push ? null : uploadJson(upload), buildpacks ? JSON.stringify(buildpacks) : null, now],
        ]);
        return theBuild(ask, id);
      }, signal),

    cancel: (id, reason, signal) =>
      db.dealing(async (ask) => {
        const [build] = isId(id) ? await ask<BuildRow>(BY_ID, [id]) : [];
        if (!build || !(await holdsLivingApp(ask, build.appId))) return false;
        return supersede(ask, { appId: build.appId, only: id, reason, now: clock.now() });
      }, signal),

    claim: (appId, epoch, signal) =>
      db.dealing(async (ask) => {
        if (!(await holdsLivingApp(ask, appId))) return undefined;
        const [next] = await ask<{ id: string; epoch: number | null }>(NEXT, [appId, epoch]);
        if (!next) return undefined;
        await ask(CLAIM, [next.id, epoch, next.epoch === epoch ? 0 : 1]);
        return theBuild(ask, next.id);
      }, signal),
  };
}

async function theBuild(ask: Ask, id: string): Promise<Build> {
  const [row] = await ask<BuildRow>(BY_ID, [id]);
  if (!row) throw new Error(`build ${id} is not there after it was written`);
  return readBuild(row);
}

/** A build with what was made of it. */
const BUILD = `
  SELECT b.id, b."appId", b."userId", b.status::text, b.ref, b.commit, b."from", b.upload, b.buildpacks, b.attempt,
    b.failure, b.image, b."createdAt", b."finishedAt", r.id AS "releaseId",
    (SELECT d.id FROM "Deployment" d WHERE d."releaseId" = r.id ORDER BY d.seq LIMIT 1) AS "deploymentId"
  FROM "Build" b LEFT JOIN "Release" r ON r."buildId" = b.id`;
const BY_ID = { name: 'build by id', text: `${BUILD} WHERE b.id = $1::uuid` };
const OF_APP = {
  name: 'builds of app',
  text: `${BUILD} WHERE b."appId" = $1::uuid ORDER BY b.position DESC`,
};
const LAST_DEPLOYED = {
  name: 'last deployed build',
  text: `
    ${BUILD} WHERE b."appId" = $1::uuid AND b.status = 'succeeded' AND b.ref IS NOT NULL
    ORDER BY b.position DESC LIMIT 1`,
};
const ADD = {
  name: 'add build',
  text: `
    INSERT INTO "Build" (id, "appId", "userId", ref, commit, "from", upload, buildpacks, "createdAt")
    VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5, $6, $7::jsonb, $8::jsonb, $9)`,
};
/** What was left behind comes first: what is queued was pushed on top of it. Nothing, while another holds what is built. */
const NEXT = {
  name: 'next build',
  text: `
    WITH building AS (
      SELECT id, epoch FROM "Build" WHERE "appId" = $1::uuid AND status = 'building' ORDER BY position LIMIT 1)
    SELECT id, epoch FROM building WHERE epoch <= $2
    UNION ALL (
      SELECT id, epoch FROM "Build"
      WHERE "appId" = $1::uuid AND status = 'queued' AND NOT EXISTS (SELECT FROM building)
      ORDER BY position DESC LIMIT 1)`,
};
const CLAIM = {
  name: 'claim build',
  text: `UPDATE "Build" SET status = 'building', epoch = $2, attempt = attempt + $3 WHERE id = $1::uuid`,
};

function readBuilds(
  db: Database,
): Pick<Builds, 'find' | 'list' | 'waiting' | 'lastDeployed' | 'lastDeploys'> {
  return {
    async find(id, signal) {
      if (!isId(id)) return undefined;
      const [row] = await db.ask<BuildRow>(BY_ID, [id], signal);
      return row && readBuild(row);
    },

    list: async (appId, signal) => (await db.ask<BuildRow>(OF_APP, [appId], signal)).map(readBuild),

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
      const [row] = await db.ask<BuildRow>(LAST_DEPLOYED, [appId], signal);
      return row && pushed(readBuild(row));
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

interface BuildRow extends Omit<Build, 'push' | 'upload' | 'buildpacks' | 'image'> {
  readonly ref: string | null;
  readonly commit: string | null;
  readonly from: string | null;
  readonly upload: unknown;
  readonly buildpacks: unknown;
  readonly image: unknown;
}

function readBuild({ ref, commit, from, upload, buildpacks, image, ...same }: BuildRow): Build {
  return {
    ...same,
    push: ref === null || commit === null ? null : { ref, commit, from },
    upload: readUpload(upload),
    buildpacks: readNames(buildpacks),
    image: readImage(image),
  };
}
