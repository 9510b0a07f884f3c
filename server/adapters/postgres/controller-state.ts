import type { Clock } from '../../ports/clock.ts';
import type { ControllerState } from '../../ports/controller-state.ts';
import type { Sealer } from '../../ports/sealer.ts';
import { reignsStill, type Database, type Tables } from './database.ts';
import { readDesired } from './desired.ts';
import { readFormation, readImage, storable, writeFormation, writeLedger } from './stored-json.ts';

export function createControllerState({
  db,
  sealer,
  clock,
}: {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
}): ControllerState {
  return {
    async takeOver(signal, above = 0) {
      const [reign] = await db.run(
        (tables) => tables.$queryRaw<{ epoch: number }[]>`
          INSERT INTO "Reign" (id, epoch) VALUES (1, ${above}::int + 1)
          ON CONFLICT (id) DO UPDATE SET epoch = greatest("Reign".epoch, ${above}::int) + 1
          RETURNING epoch`,
        signal,
      );
      if (!reign) throw new Error('taking over answers an epoch');
      return reign.epoch;
    },

    async reigns(epoch, signal) {
      const reign = await db.run((tables) => tables.reign.findUnique({ where: { id: 1 } }), signal);
      return reign?.epoch === epoch;
    },

    desired: (signal) => db.run((tables) => readDesired(tables, sealer), signal),

    ...decideDeployments(db, clock),

    forget: (appId, epoch, signal) =>
      db.transaction(async (tables) => {
        if (!(await reignsStill(tables, epoch))) return false;
        await tables.$executeRaw`
          DELETE FROM "TranscriptPage" WHERE stream IN (
            SELECT id FROM "Build" WHERE "appId" = ${appId}::uuid
            UNION ALL SELECT id FROM "Deployment" WHERE "appId" = ${appId}::uuid)`;
        const gone = await tables.app.deleteMany({ where: { id: appId, deletedAt: { not: null } } });
        return gone.count === 1;
      }, signal),
  };
}

function decideDeployments(db: Database, clock: Clock): Pick<ControllerState, 'begin' | 'succeed' | 'fail'> {
  return {
    begin: (id, epoch, signal) =>
      db.transaction(async (tables) => {
        const found = await hold(tables, id, epoch);
        if (!found || !undecided(found)) return false;
        if (found.status === 'pending')
          await tables.deployment.update({
            where: { id },
            data: { status: 'rolling', startedAt: clock.now() },
          });
        return true;
      }, signal),

    succeed: (id, epoch, ledger, signal) =>
      db.transaction(async (tables) => {
        const found = await hold(tables, id, epoch);
        if (found?.status !== 'rolling') return false;
        const now = clock.now();
        await tables.deployment.update({
          where: { id },
          data: { status: 'succeeded', finishedAt: now, ledger: writeLedger(ledger) },
        });
        await tables.release.update({ where: { id: found.releaseId }, data: { status: 'succeeded' } });
        await makeCurrent(tables, found, now);
        return true;
      }, signal),

    fail: (id, epoch, reason, signal) =>
      db.transaction(async (tables) => {
        const found = await hold(tables, id, epoch);
        if (!found || !undecided(found)) return false;
        const failure = storable(reason);
        await tables.deployment.update({
          where: { id },
          data: { status: 'failed', failure, finishedAt: clock.now() },
        });
        await tables.release.updateMany({
          where: { id: found.releaseId, status: 'pending' },
          data: { status: 'failed', failure },
        });
        return true;
      }, signal),
  };
}

type Held = NonNullable<Awaited<ReturnType<typeof hold>>>;

/** The deployment, with its app locked, unless this epoch is over. Always in this order: reign, app, deployment. */
async function hold(tables: Tables, id: string, epoch: number) {
  if (!(await reignsStill(tables, epoch))) return null;
  await tables.$queryRaw`
    SELECT a.id FROM "App" a JOIN "Deployment" d ON d."appId" = a.id WHERE d.id = ${id}::uuid FOR UPDATE OF a`;
  return tables.deployment.findUnique({
    where: { id },
    include: { app: true, release: { omit: { config: true } } },
  });
}

function undecided({ status }: Held): boolean {
  return status === 'pending' || status === 'rolling';
}

async function makeCurrent(tables: Tables, { id, app, release }: Held, now: Date): Promise<void> {
  const before = app.currentId
    ? await tables.deployment.findUnique({ where: { id: app.currentId }, select: { releaseId: true } })
    : null;
  // The types that only its predecessor had are gone with it.
  const image = readImage(release.image);
  const types = Object.keys(image?.processes ?? {});
  const formation = readFormation(app.formation);
  const kept = new Map([...formation].filter(([type]) => types.includes(type)));
  await tables.app.update({
    where: { id: app.id },
    data: {
      currentId: id,
      slugBytes: image?.storedBytes ?? null,
      // A restart does not release anything.
      ...(before?.releaseId !== release.id && { releasedAt: now }),
      // Not for the rest: somebody who scales at this very moment has not been overtaken.
      ...(kept.size !== formation.size && { formation: writeFormation(kept), revision: { increment: 1 } }),
    },
  });
}
