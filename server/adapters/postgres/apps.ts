import { randomUUID } from 'node:crypto';
import type { App } from '../../domain/app.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Apps } from '../../ports/apps.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Sealer } from '../../ports/sealer.ts';
import { setupRow } from './app-setups.ts';
import { createBelonging } from './belonging.ts';
import { lock, type Database, type Tables } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { sealConfig } from './sealed-config.ts';
import { createSeenApps } from './seen-apps.ts';
import { readFormation, writeFormation } from './stored-json.ts';
import { abandon } from './supersede.ts';

const WITH_OWNER = { owner: true, team: true } as const;
type AppRow = Prisma.AppGetPayload<{ include: typeof WITH_OWNER }>;

/** Private networks a platform may hand out unless told otherwise. */
const NETWORKS = 8192;

export function createApps({
  db,
  sealer,
  clock,
  networks = NETWORKS,
}: {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly networks?: number;
}): Apps {
  return {
    create: (input, signal) =>
      db.transaction(async (tables) => {
        await lock(tables, 'app names and networks');
        if (await tables.app.findUnique({ where: { name: input.name }, select: { id: true } }))
          throw PlatformError.of('name_taken', { name: input.name });
        const network = await freeNetwork(tables, networks);
        return readApp(await insert(tables, sealer, { ...input, network }, clock.now()));
      }, signal),

    ...createSeenApps(db),

    setFormation: (app, formation, signal) =>
      changeUnless(db, app, { formation: writeFormation(formation) }, signal),

    setDeployBranch: (app, deployBranch, signal) => changeUnless(db, app, { deployBranch }, signal),

    setFlags: (app, flags, signal) => changeUnless(db, app, flags, signal),
    ...createBelonging(db),

    noteRepositoryBytes: async (appId, bytes, signal) => {
      // By a statement of our own, because to measure an app is not to change it: it was not updated now.
      await db.run(
        (tables) => tables.$executeRaw`
          UPDATE "App" SET "repositoryBytes" = ${bytes}::bigint
          WHERE id = ${appId}::uuid AND "deletedAt" IS NULL AND "repositoryBytes" IS DISTINCT FROM ${bytes}::bigint`,
        signal,
      );
    },

    rename: (app, name, signal) =>
      db.transaction(async (tables) => {
        await lock(tables, 'app names and networks');
        const taken = await tables.app.findUnique({ where: { name }, select: { id: true } });
        if (taken && taken.id !== app.id) throw PlatformError.of('name_taken', { name });
        const changed = await tables.app.updateMany({
          where: { id: app.id, revision: app.revision, deletedAt: null },
          data: { name, revision: { increment: 1 } },
        });
        return changed.count === 1;
      }, signal),

    markDeleted: (app, signal) => markDeleted({ db, clock }, app, signal),
  };
}

function markDeleted(
  { db, clock }: { readonly db: Database; readonly clock: Clock },
  app: App,
  signal: AbortSignal,
): Promise<boolean> {
  return db.dealing(async (ask) => {
    const now = clock.now();
    const marked = await ask(MARK_DELETED, [app.id, app.revision, app.name, now]);
    if (marked.length === 0) return false;
    await ask(FREE_DOMAINS, [app.id]);
    // What is on its way must not arrive any more.
    await abandon(ask, { appId: app.id, reason: `${app.name} was destroyed.`, now });
    return true;
  }, signal);
}

const MARK_DELETED = {
  name: 'mark app deleted',
  text: `
    UPDATE "App" SET name = NULL, "formerName" = $3, "deletedAt" = $4, revision = revision + 1, "updatedAt" = now()
    WHERE id = $1::uuid AND revision = $2 AND "deletedAt" IS NULL RETURNING id`,
};
const FREE_DOMAINS = { name: 'free domains', text: 'DELETE FROM "Domain" WHERE "appId" = $1::uuid' };

/** False when the row was changed since it was read. */
async function changeUnless(
  db: Database,
  { id, revision }: App,
  data: Prisma.AppUpdateManyMutationInput,
  signal: AbortSignal,
): Promise<boolean> {
  const where = { id, revision, deletedAt: null };
  const changed = await db.run(
    (tables) => tables.app.updateMany({ where, data: { ...data, revision: { increment: 1 } } }),
    signal,
  );
  return changed.count === 1;
}

/** The app with its first release, which has nothing in it. */
function insert(
  tables: Tables,
  sealer: Sealer,
  app: Parameters<Apps['create']>[0] & { readonly network: number },
  now: Date,
): Promise<AppRow> {
  const { team, setup, ...row } = app;
  const releaseId = randomUUID();
  const release = {
    id: releaseId,
    version: 1,
    status: 'succeeded' as const,
    description: 'Initial release',
    userId: app.ownerId,
    config: sealConfig(sealer, { appId: app.id, id: releaseId }, new Map()),
  };
  return tables.app.create({
    data: {
      ...row,
      lastVersion: release.version,
      releases: { create: release },
      ...(setup && { setups: { create: setupRow(sealer, setup, now) } }),
      ...(team && {
        ...{ teamId: team.id, locked: team.locked },
        collaborators: { create: { id: randomUUID(), userId: app.ownerId, role: 'manage' as const } },
      }),
    },
    include: WITH_OWNER,
  });
}

/** The smallest index no app holds; also a destroyed app holds its own until the controller has forgotten it. */
async function freeNetwork(tables: Tables, limit: number): Promise<number> {
  const [free] = await tables.$queryRaw<{ index: number }[]>`
    SELECT candidate AS index FROM generate_series(0, ${limit}::int - 1) AS candidate
    WHERE NOT EXISTS (SELECT FROM "App" WHERE network = candidate)
    ORDER BY candidate LIMIT 1`;
  if (!free) throw PlatformError.of('networks_used_up', {});
  return free.index;
}

/** No size here is so large that a number would not hold it. */
function numberOf(bytes: bigint | null): number | null {
  return bytes === null ? null : Number(bytes);
}

function readApp(row: AppRow): App {
  const { id, name, network } = row;
  if (name === null || network === null) throw new Error(`app ${id} is alive, but has no name or no network`);
  return {
    ...{ id, name, network },
    owner: { id: row.owner.id, email: row.owner.email },
    team: row.team && { id: row.team.id, name: row.team.name },
    locked: row.locked,
    deployBranch: row.deployBranch,
    formation: readFormation(row.formation),
    maintenance: row.maintenance,
    acm: row.acm,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    releasedAt: row.releasedAt,
    slugBytes: numberOf(row.slugBytes),
    repositoryBytes: numberOf(row.repositoryBytes),
    revision: row.revision,
  };
}
