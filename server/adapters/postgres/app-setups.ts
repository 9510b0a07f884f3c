import { z } from 'zod';
import type { AppSetup, Postdeploy, Prepared, SetupOrder } from '../../domain/app-setup.ts';
import type { AppSetups, NewSetup } from '../../ports/app-setups.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Sealer } from '../../ports/sealer.ts';
import { reignsStill, type Database, type Tables } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { isId, storable } from './stored-json.ts';
import { lockLivingApp } from './supersede.ts';
import { setupContext } from './seal-contexts.ts';

/** The JSON columns, and what is in the sealed ones, parsed on the way out. */
const source = z.object({ checksum: z.string().nullable(), version: z.string().nullable() });
const order = z.object({
  source: z.union([
    z.object({ upload: z.object({ id: z.string(), userId: z.string() }) }),
    z.object({ url: z.string() }),
  ]),
  env: z.array(z.tuple([z.string(), z.string()])).transform((pairs) => new Map(pairs)),
  buildpacks: z.array(z.string()).nullable(),
}) satisfies z.ZodType<SetupOrder>;
const prepared = z.object({
  checksum: z.string(),
  formation: z.array(z.tuple([z.string(), z.int()])).transform((pairs) => new Map(pairs)),
  postdeploy: z.string().nullable(),
  successUrl: z.string().nullable(),
}) satisfies z.ZodType<Prepared>;
const postdeploy = z.object({
  output: z.string(),
  exitCode: z.int(),
}) satisfies z.ZodType<Postdeploy>;
const sentences = z.array(z.string());

type Row = Prisma.AppSetupGetPayload<object>;
/** Nothing is sealed in it: what was asked for is forgotten. */
const FORGOTTEN = new Uint8Array();

interface Deps {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
}

export function createAppSetups(deps: Deps): AppSetups {
  return { ...readSetups(deps), ...recordSetups(deps) };
}

function readSetups({ db, sealer }: Deps): Pick<AppSetups, 'find' | 'waiting' | 'pending' | 'needing'> {
  return {
    async find(id, signal) {
      if (!isId(id)) return undefined;
      const where = { id, OR: [{ app: { deletedAt: null } }, { appId: null }] };
      const row = await db.run((tables) => tables.appSetup.findFirst({ where }), signal);
      return row ? readSetup(sealer, row) : undefined;
    },

    waiting: (epoch, signal) =>
      db.transaction(async (tables) => {
        if (!(await reignsStill(tables, epoch))) return [];
        const rows = await tables.appSetup.findMany({
          where: { status: 'pending' },
          orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
          select: { id: true },
        });
        return rows.map(({ id }) => id);
      }, signal),

    async pending(id, signal) {
      const where = { id, status: 'pending' as const };
      const row = await db.run((tables) => tables.appSetup.findFirst({ where }), signal);
      if (!row) return undefined;
      const opened = sealer.open(row.sealedOverrides, setupContext(id, 'order'));
      return { setup: readSetup(sealer, row), order: order.parse(JSON.parse(opened)) };
    },

    async needing(runIds, signal) {
      const where = { status: 'pending' as const, runId: { in: [...runIds] } };
      const rows = await db.run(
        (tables) => tables.appSetup.findMany({ where, select: { runId: true } }),
        signal,
      );
      return new Set(rows.flatMap(({ runId }) => runId ?? []));
    },
  };
}

function recordSetups({
  db,
  sealer,
  clock,
}: Deps): Pick<AppSetups, 'recordPrepared' | 'recordRun' | 'settle'> {
  /** What only the reigning server may write, of a setup that is pending. */
  const write = async (
    tables: Tables,
    id: string,
    epoch: number,
    data: Prisma.AppSetupUpdateManyMutationInput,
  ): Promise<boolean> => {
    if (!(await reignsStill(tables, epoch))) return false;
    const where = { id, status: 'pending' as const };
    const { count } = await tables.appSetup.updateMany({
      where,
      data: { ...data, updatedAt: clock.now() },
    });
    return count === 1;
  };

  return {
    recordPrepared: (id, epoch, { prepared: done, manifestErrors }, signal) => {
      const data = {
        prepared: true,
        manifest: { ...done, formation: [...done.formation].map((pair) => [...pair]) },
        manifestErrors: manifestErrors.map(storable),
      };
      return db.transaction((tables) => write(tables, id, epoch, data), signal);
    },

    recordRun: (id, epoch, runId, signal) =>
      db.transaction((tables) => write(tables, id, epoch, { runId }), signal),

    settle: (id, epoch, outcome, signal) =>
      db.transaction(async (tables) => {
        const data = {
          status: outcome.status,
          failure: outcome.failure && storable(outcome.failure),
          manifestErrors: outcome.manifestErrors.map(storable),
          sealedPostdeploy:
            outcome.postdeploy &&
            sealer.seal(JSON.stringify(outcome.postdeploy), setupContext(id, 'postdeploy')),
          successUrl: outcome.successUrl,
          sealedOverrides: FORGOTTEN,
        };
        if (!(await write(tables, id, epoch, data))) return false;
        if (outcome.status === 'failed') await takeAppAlong(tables, id, clock.now());
        return true;
      }, signal),
  };
}

/** Takes the app out of service of which nothing was ever built, and lets go of it, so that the setup outlives it. */
async function takeAppAlong(tables: Tables, id: string, now: Date): Promise<void> {
  const { appId } = await tables.appSetup.findUniqueOrThrow({ where: { id }, select: { appId: true } });
  // Under its lock nobody begins a build or a deployment of it.
  if (appId === null || !(await lockLivingApp(tables, appId))) return;
  const begun =
    (await tables.build.count({ where: { appId } })) + (await tables.deployment.count({ where: { appId } }));
  if (begun > 0) return;
  const { name } = await tables.app.findUniqueOrThrow({ where: { id: appId }, select: { name: true } });
  await tables.app.update({
    where: { id: appId },
    data: { name: null, formerName: name, deletedAt: now, revision: { increment: 1 } },
  });
  await tables.domain.deleteMany({ where: { appId } });
  await tables.appSetup.update({
    where: { id },
    data: { appId: null, formerAppId: appId, formerAppName: name },
  });
}

/** A setup as it is first written down, with its app. */
export function setupRow(
  sealer: Sealer,
  { id, userId, buildId, source: from, order: wanted }: NewSetup,
  now: Date,
): Prisma.AppSetupUncheckedCreateWithoutAppInput {
  const plain = JSON.stringify({ ...wanted, env: [...wanted.env] });
  return {
    ...{ id, userId, buildId, createdAt: now, updatedAt: now },
    source: { checksum: from.checksum, version: from.version && storable(from.version) },
    sealedOverrides: sealer.seal(plain, setupContext(id, 'order')),
  };
}

function readSetup(sealer: Sealer, row: Row): AppSetup {
  const { id, userId, status, buildId, runId, failure, successUrl, createdAt, updatedAt } = row;
  const appId = row.appId ?? row.formerAppId;
  if (appId === null || buildId === null) throw new Error(`setup ${id} has no app or no build`);
  return {
    ...{
      id,
      appId,
      formerApp: row.formerAppName,
      userId,
      status,
      buildId,
      runId,
      failure,
      successUrl,
      createdAt,
      updatedAt,
    },
    source: source.parse(row.source),
    manifestErrors: sentences.parse(row.manifestErrors),
    prepared: row.prepared ? prepared.parse(row.manifest) : null,
    postdeploy:
      row.sealedPostdeploy &&
      postdeploy.parse(JSON.parse(sealer.open(row.sealedPostdeploy, setupContext(id, 'postdeploy')))),
  };
}
