import { PlatformError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Releases } from '../../ports/releases.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Database, Tables } from './database.ts';
import { deployAgain, lockApp, madeBefore, makeRelease } from './new-release.ts';
import {
  DEPLOYMENT,
  readDeployment,
  readRelease,
  readReleaseRow,
  RELEASE,
  RELEASE_WITH_CURRENT,
  type ReleaseRow,
} from './release-rows.ts';
import { openConfig } from './sealed-config.ts';
import { isId } from './stored-json.ts';

const UNDECIDED: { in: ('pending' | 'rolling')[] } = { in: ['pending', 'rolling'] };
const LARGEST_VERSION = 2 ** 31 - 1;

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
      const [row] = await db.ask<{ id: string; appId: string; config: Uint8Array }>(
        CONFIG,
        [releaseId],
        signal,
      );
      if (!row) throw PlatformError.of('not_found', { resource: 'release', name: releaseId });
      return openConfig(sealer, row);
    },

    create: (app, draft, signal) =>
      db.dealing(async (ask) => {
        const locked = await lockApp(ask, app);
        return (
          (await madeBefore(ask, app, draft)) ??
          (await makeRelease(ask, { app, locked, draft, sealer, now: clock.now() }))
        );
      }, signal),

    redeploy: (app, signal) =>
      db.dealing(async (ask) => deployAgain(ask, app, await lockApp(ask, app), clock.now()), signal),
  };
}

const CONFIG = {
  name: 'config of release',
  text: 'SELECT id, "appId", config FROM "Release" WHERE id = $1::uuid',
};
const LATEST = {
  name: 'latest release',
  text: `${RELEASE_WITH_CURRENT} WHERE r."appId" = $1::uuid AND r.status <> 'failed' ORDER BY r.version DESC LIMIT 1`,
};

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

    async latest(appId, signal) {
      const [row] = await db.ask<ReleaseRow>(LATEST, [appId], signal);
      if (!row) throw PlatformError.of('not_found', { resource: 'app', name: appId });
      return readReleaseRow(row);
    },
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
export async function currentOf(tables: Tables, appId: string): Promise<string | undefined> {
  const [found] = await tables.$queryRaw<{ id: string | null }[]>`
    SELECT coalesce(
      (SELECT d."releaseId" FROM "App" a JOIN "Deployment" d ON d.id = a."currentId" WHERE a.id = ${appId}::uuid),
      (SELECT r.id FROM "Release" r WHERE r."appId" = ${appId}::uuid AND r.status = 'succeeded'
        ORDER BY r.version DESC LIMIT 1)
    ) AS id`;
  return found?.id ?? undefined;
}

function newestDeployment(tables: Tables, releaseId: string) {
  return tables.deployment.findFirst({ where: { releaseId }, orderBy: { seq: 'desc' }, ...DEPLOYMENT });
}
