import { z } from 'zod';
import type { AppSetup, Postdeploy, Prepared, SetupOrder } from '../../domain/app-setup.ts';
import type { AppSetups, NewSetup } from '../../ports/app-setups.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Sealer } from '../../ports/sealer.ts';
import { reignsStill, type Database } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { isId, storable } from './stored-json.ts';

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
      const where = { id, app: { deletedAt: null } };
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
      const opened = sealer.open(row.sealedOverrides, contextOf(id, 'order'));
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
  const write = (
    id: string,
    epoch: number,
    data: Prisma.AppSetupUpdateManyMutationInput,
    signal: AbortSignal,
  ): Promise<boolean> =>
    db.transaction(async (tables) => {
      if (!(await reignsStill(tables, epoch))) return false;
      const where = { id, status: 'pending' as const };
      const { count } = await tables.appSetup.updateMany({
        where,
        data: { ...data, updatedAt: clock.now() },
      });
      return count === 1;
    }, signal);

  return {
    recordPrepared: (id, epoch, { prepared: done, manifestErrors }, signal) =>
      write(
        id,
        epoch,
        {
          prepared: true,
          manifest: { ...done, formation: [...done.formation].map((pair) => [...pair]) },
          manifestErrors: manifestErrors.map(storable),
        },
        signal,
      ),

    recordRun: (id, epoch, runId, signal) => write(id, epoch, { runId }, signal),

    settle: (id, epoch, outcome, signal) =>
      write(
        id,
        epoch,
        {
          status: outcome.status,
          failure: outcome.failure && storable(outcome.failure),
          manifestErrors: outcome.manifestErrors.map(storable),
          sealedPostdeploy:
            outcome.postdeploy &&
            sealer.seal(JSON.stringify(outcome.postdeploy), contextOf(id, 'postdeploy')),
          successUrl: outcome.successUrl,
          sealedOverrides: FORGOTTEN,
        },
        signal,
      ),
  };
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
    sealedOverrides: sealer.seal(plain, contextOf(id, 'order')),
  };
}

function readSetup(sealer: Sealer, row: Row): AppSetup {
  const { id, appId, userId, status, buildId, runId, failure, successUrl, createdAt, updatedAt } = row;
  if (buildId === null) throw new Error(`setup ${id} has no build`);
  return {
    ...{ id, appId, userId, status, buildId, runId, failure, successUrl, createdAt, updatedAt },
    source: source.parse(row.source),
    manifestErrors: sentences.parse(row.manifestErrors),
    prepared: row.prepared ? prepared.parse(row.manifest) : null,
    postdeploy:
      row.sealedPostdeploy &&
      postdeploy.parse(JSON.parse(sealer.open(row.sealedPostdeploy, contextOf(id, 'postdeploy')))),
  };
}

function contextOf(id: string, part: 'order' | 'postdeploy'): string {
  return `${part} of app setup ${id}`;
}
