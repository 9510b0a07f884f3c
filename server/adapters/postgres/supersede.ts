import type { Tables } from './database.ts';
import { storable } from './stored-json.ts';

/** Takes the row lock under which everything of an app is numbered and decided; false when it is gone or destroyed. */
export async function lockLivingApp(tables: Tables, appId: string): Promise<boolean> {
  const rows = await tables.$queryRaw<unknown[]>`
    SELECT id FROM "App" WHERE id = ${appId}::uuid AND "deletedAt" IS NULL FOR UPDATE`;
  return rows.length === 1;
}

/**
 * Ends what of an app is on its way: its unsettled builds, their undecided deployments, their pending releases. A build
 * whose deployment has succeeded already is left to settle, because its branch has still to move. Answers whether there
 * was any; with `only` nothing but that build is looked at. The caller holds the lock on the app.
 */
export async function supersede(
  tables: Tables,
  {
    appId,
    only,
    reason,
    now,
  }: { readonly appId: string; readonly only?: string; readonly reason: string; readonly now: Date },
): Promise<boolean> {
  const failure = storable(reason);
  const unsettled = await tables.build.findMany({
    where: {
      appId,
      ...(only !== undefined && { id: only }),
      status: { in: ['queued', 'building'] },
      NOT: { release: { deployments: { some: { status: 'succeeded' } } } },
    },
    select: { id: true },
  });
  const builds = unsettled.map(({ id }) => id);
  if (builds.length === 0) return false;

  const release = { buildId: { in: builds } };
  await tables.deployment.updateMany({
    where: { release, status: { in: ['pending', 'rolling'] } },
    data: { status: 'superseded', failure, finishedAt: now },
  });
  await tables.release.updateMany({
    where: { ...release, status: 'pending' },
    data: { status: 'failed', failure },
  });
  await tables.build.updateMany({
    where: { id: { in: builds } },
    data: { status: 'superseded', failure, finishedAt: now },
  });
  return true;
}

/** As `supersede`, and with it every other deployment that is undecided: the app itself is going. */
export async function abandon(
  tables: Tables,
  ending: { readonly appId: string; readonly reason: string; readonly now: Date },
): Promise<void> {
  await supersede(tables, ending);
  const { appId, now } = ending;
  const failure = storable(ending.reason);
  await tables.deployment.updateMany({
    where: { appId, status: { in: ['pending', 'rolling'] } },
    data: { status: 'superseded', failure, finishedAt: now },
  });
  await tables.release.updateMany({
    where: { appId, status: 'pending' },
    data: { status: 'failed', failure },
  });
}
