import type { Ask, Tables } from './database.ts';
import { storable } from './stored-json.ts';

/** Takes the row lock under which everything of an app is numbered and decided; false when it is gone or destroyed. */
export async function lockLivingApp(tables: Tables, appId: string): Promise<boolean> {
  const rows = await tables.$queryRaw<unknown[]>`
    SELECT id FROM "App" WHERE id = ${appId}::uuid AND "deletedAt" IS NULL FOR UPDATE`;
  return rows.length === 1;
}

/** As `lockLivingApp`. */
export async function holdsLivingApp(ask: Ask, appId: string): Promise<boolean> {
  return (await ask(LOCK_LIVING_APP, [appId])).length === 1;
}

const LOCK_LIVING_APP = {
  name: 'lock living app',
  text: 'SELECT id FROM "App" WHERE id = $1::uuid AND "deletedAt" IS NULL FOR UPDATE',
};

/**
 * Ends what of an app is on its way: its unsettled builds, their undecided deployments, their pending releases. A build
 * whose deployment has succeeded already is left to settle, because its branch has still to move. Answers whether there
 * was any; with `only` nothing but that build is looked at. The caller holds the lock on the app.
 */
export async function supersede(
  ask: Ask,
  {
    appId,
    only,
    reason,
    now,
  }: { readonly appId: string; readonly only?: string; readonly reason: string; readonly now: Date },
): Promise<boolean> {
  const failure = storable(reason);
  const unsettled = await ask<{ id: string }>(UNSETTLED, [appId, only ?? null]);
  if (unsettled.length === 0) return false;
  const builds = unsettled.map(({ id }) => id);
  await ask(END_DEPLOYMENTS_OF_BUILDS, [builds, failure, now]);
  await ask(END_RELEASES_OF_BUILDS, [builds, failure]);
  await ask(END_BUILDS, [builds, failure, now]);
  return true;
}

/** As `supersede`, and with it every other deployment that is undecided: the app itself is going. */
export async function abandon(
  ask: Ask,
  ending: { readonly appId: string; readonly reason: string; readonly now: Date },
): Promise<void> {
  await supersede(ask, ending);
  const failure = storable(ending.reason);
  await ask(END_DEPLOYMENTS_OF_APP, [ending.appId, failure, ending.now]);
  await ask(END_RELEASES_OF_APP, [ending.appId, failure]);
}

const UNSETTLED = {
  name: 'unsettled builds',
  text: `
    SELECT b.id FROM "Build" b
    WHERE b."appId" = $1::uuid AND ($2::uuid IS NULL OR b.id = $2::uuid) AND b.status IN ('queued', 'building')
      AND NOT EXISTS (
        SELECT FROM "Release" r JOIN "Deployment" d ON d."releaseId" = r.id
        WHERE r."buildId" = b.id AND d.status = 'succeeded')`,
};
const END_BUILDS = {
  name: 'end builds',
  text: `UPDATE "Build" SET status = 'superseded', failure = $2, "finishedAt" = $3 WHERE id = ANY($1::uuid[])`,
};
const endDeployments = (name: string, which: string) => ({
  name,
  text: `
    UPDATE "Deployment" SET status = 'superseded', failure = $2, "finishedAt" = $3
    WHERE ${which} AND status IN ('pending', 'rolling')`,
});
const END_DEPLOYMENTS_OF_APP = endDeployments('end deployments of app', '"appId" = $1::uuid');
const END_DEPLOYMENTS_OF_BUILDS = endDeployments(
  'end deployments of builds',
  '"releaseId" IN (SELECT id FROM "Release" WHERE "buildId" = ANY($1::uuid[]))',
);
const endReleases = (name: string, which: string) => ({
  name,
  text: `
    UPDATE "Release" SET status = 'failed', failure = $2, "updatedAt" = now()
    WHERE ${which} AND status = 'pending'`,
});
const END_RELEASES_OF_APP = endReleases('end releases of app', '"appId" = $1::uuid');
const END_RELEASES_OF_BUILDS = endReleases('end releases of builds', '"buildId" = ANY($1::uuid[])');
