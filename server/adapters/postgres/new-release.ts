import { randomUUID } from 'node:crypto';
import { adoptFormation, type App } from '../../domain/app.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { ReleaseDraft, Releases } from '../../ports/releases.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Ask } from './database.ts';
import {
  DEPLOYMENT_COLUMNS,
  readDeploymentRow,
  readReleaseRow,
  RELEASE_WITH_CURRENT,
  type DeploymentRow,
  type ReleaseRow,
} from './release-rows.ts';
import { sealConfig } from './sealed-config.ts';
import { imageJson, readFormation, storable, writeFormation } from './stored-json.ts';

type Made = Awaited<ReturnType<Releases['create']>>;

/** Takes the row lock under which everything of an app is numbered and decided. Throws `not_found`. */
export async function lockApp(ask: Ask, app: Pick<App, 'id' | 'name'>): Promise<LockedApp> {
  const [row] = await ask<LockedApp>(LOCK_APP, [app.id]);
  if (!row) throw PlatformError.of('not_found', { resource: 'app', name: app.name });
  return row;
}

interface LockedApp {
  readonly formation: unknown;
  readonly currentId: string | null;
}

/** The release this build has made already, when a worker that died after making it is being followed by another. */
export async function madeBefore(
  ask: Ask,
  app: App,
  { buildId, promotion }: ReleaseDraft,
): Promise<Made | undefined> {
  const by = buildId ?? promotion;
  if (by === undefined) return undefined;
  const [row] = await ask<ReleaseRow>(buildId === null ? OF_PROMOTION : OF_BUILD, [by, app.id]);
  if (!row) return undefined;
  const [deployment] = await ask<DeploymentRow>(NEWEST_DEPLOYMENT, [row.id]);
  return { release: readReleaseRow(row), deployment: deployment ? readDeploymentRow(deployment) : null };
}

/** The next release of an app and, when it has an image, its deployment. The caller holds the lock on the app. */
export async function makeRelease(
  ask: Ask,
  {
    app,
    locked,
    draft,
    sealer,
    now,
  }: { app: App; locked: LockedApp; draft: ReleaseDraft; sealer: Sealer; now: Date },
): Promise<Made> {
  const stands = await standing(ask, app, draft.buildId);
  if (!stands.building) throw PlatformError.of('build_superseded', { app: app.name });
  refuseSecondDeployment(app, stands);
  if (stands.newest !== draft.base) throw PlatformError.of('app_changed', { app: app.name });
  await bringBackOrRefuse(ask, app, draft);

  const formation = adoptFormation(draft.formation, app.formation, readFormation(locked.formation));
  const [numbered] = await ask<{ lastVersion: number }>(NEXT_VERSION, [
    app.id,
    JSON.stringify(writeFormation(formation)),
  ]);
  const id = randomUUID();
  const { image, commit, userId, buildId } = draft;
  await ask(ADD_RELEASE, [
    ...[id, app.id, numbered?.lastVersion, image ? 'pending' : 'succeeded', storable(draft.description)],
    ...[imageJson(image), commit, sealConfig(sealer, { appId: app.id, id }, draft.config)],
    ...[userId, buildId, now],
  ]);
  await noteForPromotion(ask, app, draft, id);
  const deployment = image ? await deploy(ask, app.id, id, now) : null;
  const [row] = await ask<ReleaseRow>(BY_ID, [id]);
  if (!row) throw new Error(`release ${id} is not there after it was made`);
  return { release: readReleaseRow(row), deployment };
}

/** A deployment of the release that serves; undefined when none does. The caller holds the lock on the app. */
export async function deployAgain(
  ask: Ask,
  app: App,
  { currentId }: LockedApp,
  now: Date,
): Promise<Deployment | undefined> {
  refuseSecondDeployment(app, await standing(ask, app, null));
  if (currentId === null) return undefined;
  const [current] = await ask<DeploymentRow>(DEPLOYMENT_BY_ID, [currentId]);
  return current && deploy(ask, app.id, current.releaseId, now);
}

interface Standing {
  /** The version that is being deployed. */
  readonly rolling: number | null;
  /** The newest version that did not fail. */
  readonly newest: number | null;
  /** False when a newer push has taken the place of the build since its worker last looked. */
  readonly building: boolean;
}

async function standing(ask: Ask, app: App, buildId: string | null): Promise<Standing> {
  const [row] = await ask<Standing>(STANDING, [app.id, buildId]);
  return row ?? { rolling: null, newest: null, building: false };
}

function refuseSecondDeployment(app: App, { rolling }: Standing): void {
  if (rolling !== null) throw PlatformError.of('deploy_in_progress', { app: app.name, version: rolling });
}

/** What a build has just made, or a promotion has copied, is there again; of what was collected, nothing else can be made. */
async function bringBackOrRefuse(ask: Ask, app: App, draft: ReleaseDraft): Promise<void> {
  const { image, buildId, promotion } = draft;
  if (image === null) return;
  const ofImage = [app.id, image.digest];
  const [collected] = await ask<{ version: number; commit: string | null }>(COLLECTED, ofImage);
  if (!collected) return;
  if (buildId === null && promotion === undefined)
    throw PlatformError.of('image_collected', { app: app.name, ...collected });
  await ask(BRING_BACK, ofImage);
}

/** With the release, so that no target ever makes two. */
async function noteForPromotion(
  ask: Ask,
  app: App,
  { promotion }: ReleaseDraft,
  releaseId: string,
): Promise<void> {
  if (promotion === undefined) return;
  const noted = await ask(NOTE_FOR_PROMOTION, [promotion, app.id, releaseId]);
  if (noted.length === 0) throw PlatformError.of('app_changed', { app: app.name });
}

async function deploy(ask: Ask, appId: string, releaseId: string, now: Date): Promise<Deployment> {
  const [numbered] = await ask<{ lastSeq: number }>(NEXT_SEQ, [appId]);
  const values = [randomUUID(), appId, releaseId, numbered?.lastSeq, now];
  const [row] = await ask<DeploymentRow>(ADD_DEPLOYMENT, values);
  if (!row) throw new Error(`a deployment of ${appId} is not there after it was made`);
  return readDeploymentRow(row);
}

const LOCK_APP = {
  name: 'lock app',
  text: `SELECT formation, "currentId" FROM "App" WHERE id = $1::uuid AND "deletedAt" IS NULL FOR UPDATE`,
};
/** After the lock, in a statement of its own: it must see what was committed while the lock was waited for. */
const STANDING = {
  name: 'standing of an app',
  text: `
    SELECT
      (SELECT r.version FROM "Deployment" d JOIN "Release" r ON r.id = d."releaseId"
        WHERE d."appId" = $1::uuid AND d.status IN ('pending', 'rolling') LIMIT 1) AS rolling,
      (SELECT r.version FROM "Release" r WHERE r."appId" = $1::uuid AND r.status <> 'failed'
        ORDER BY r.version DESC LIMIT 1) AS newest,
      ($2::uuid IS NULL OR EXISTS (
        SELECT FROM "Build" WHERE id = $2::uuid AND "appId" = $1::uuid AND status = 'building')) AS building`,
};
const NEXT_VERSION = {
  name: 'next version',
  text: `
    UPDATE "App" SET "lastVersion" = "lastVersion" + 1, revision = revision + 1, formation = $2::jsonb, "updatedAt" = now()
    WHERE id = $1::uuid RETURNING "lastVersion"`,
};
const ADD_RELEASE = {
  name: 'add release',
  text: `
    INSERT INTO "Release"
      (id, "appId", version, status, description, image, commit, config, "userId", "buildId", "createdAt", "updatedAt")
    VALUES ($1::uuid, $2::uuid, $3, $4::"ReleaseStatus", $5, $6::jsonb, $7, $8, $9::uuid, $10::uuid, $11, $11)`,
};
const BY_ID = { name: 'release by id', text: `${RELEASE_WITH_CURRENT} WHERE r.id = $1::uuid` };
const OF_BUILD = {
  name: 'release of build',
  text: `${RELEASE_WITH_CURRENT} WHERE r."buildId" = $1::uuid AND r."appId" = $2::uuid`,
};
const OF_PROMOTION = {
  name: 'release of promotion',
  text: `
    ${RELEASE_WITH_CURRENT} JOIN "PipelinePromotionTarget" t ON t."releaseId" = r.id
    WHERE t.id = $1::uuid AND r."appId" = $2::uuid`,
};
const COLLECTED = {
  name: 'collected image',
  text: `
    SELECT version, commit FROM "Release"
    WHERE "appId" = $1::uuid AND image ->> 'digest' = $2 AND "collectedAt" IS NOT NULL
    ORDER BY version DESC LIMIT 1`,
};
const BRING_BACK = {
  name: 'bring back image',
  text: `
    UPDATE "Release" SET "collectedAt" = NULL, "updatedAt" = now()
    WHERE "appId" = $1::uuid AND image ->> 'digest' = $2`,
};
const NOTE_FOR_PROMOTION = {
  name: 'note for promotion',
  text: `
    UPDATE "PipelinePromotionTarget" SET "releaseId" = $3::uuid, "updatedAt" = now()
    WHERE id = $1::uuid AND "appId" = $2::uuid AND status = 'pending' AND "releaseId" IS NULL RETURNING id`,
};
const NEXT_SEQ = {
  name: 'next seq',
  text: `UPDATE "App" SET "lastSeq" = "lastSeq" + 1, "updatedAt" = now() WHERE id = $1::uuid RETURNING "lastSeq"`,
};
const ADD_DEPLOYMENT = {
  name: 'add deployment',
  text: `
    WITH d AS (
      INSERT INTO "Deployment" (id, "appId", "releaseId", seq, "createdAt")
      VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5) RETURNING *)
    SELECT ${DEPLOYMENT_COLUMNS} FROM d JOIN "Release" r ON r.id = d."releaseId"`,
};
const DEPLOYMENT_FROM = `SELECT ${DEPLOYMENT_COLUMNS} FROM "Deployment" d JOIN "Release" r ON r.id = d."releaseId"`;
const DEPLOYMENT_BY_ID = { name: 'deployment by id', text: `${DEPLOYMENT_FROM} WHERE d.id = $1::uuid` };
const NEWEST_DEPLOYMENT = {
  name: 'newest deployment',
  text: `${DEPLOYMENT_FROM} WHERE d."releaseId" = $1::uuid ORDER BY d.seq DESC LIMIT 1`,
};
