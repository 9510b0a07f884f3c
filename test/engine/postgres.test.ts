import { readdirSync } from 'node:fs';
import { randomBytes, randomUUID } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { withDeadline } from '../../lib/deadline.ts';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { createApps } from '../../server/adapters/postgres/apps.ts';
import { createControllerState } from '../../server/adapters/postgres/controller-state.ts';
import { openDatabase, type Database } from '../../server/adapters/postgres/database.ts';
import { createIdempotency } from '../../server/adapters/postgres/idempotency.ts';
import { migrate } from '../../server/adapters/postgres/migrate.ts';
import { ownDatabase } from '../../server/adapters/postgres/ownership.ts';
import { createReleases } from '../../server/adapters/postgres/releases.ts';
import { newMasterKey, type MasterKey } from '../../server/adapters/secrets/master-key.ts';
import { createSealer } from '../../server/adapters/secrets/sealer.ts';
import { countPostgres } from '../support/counted-postgres.ts';
import { MIGRATIONS } from '../support/migrated-postgres.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { imageOf, insertUser, LEDGER, patient } from '../support/stores.ts';

let postgres: TestPostgres;
let template: string;
beforeAll(async () => {
  postgres = await startPostgres();
  template = await postgres.createDatabase();
  await migrate(template, MIGRATIONS, patient);
});
afterAll(() => postgres[Symbol.asyncDispose]());

async function query(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

function open(url: string): Database {
  const db = openDatabase({ url, log: quietLog(), connections: 4 });
  onTestFinished(() => db[Symbol.asyncDispose]());
  return db;
}

/** Stores with one app that has been deployed with this config. */
async function platform(config: Record<string, string> = {}, masterKey = newMasterKey()) {
  const url = await postgres.createDatabase(template);
  const db = open(url);
  const clock = { now: () => new Date() };
  const owner = await insertUser(url, true);
  const storesWith = (key: MasterKey, on = db) => {
    const deps = { db: on, clock, sealer: createSealer({ keys: [key] }) };
    return {
      apps: createApps(deps),
      releases: createReleases(deps),
      controller: createControllerState(deps),
      idempotency: createIdempotency(deps),
    };
  };
  const stores = storesWith(masterKey);
  const epoch = await stores.controller.takeOver(patient);
  const add = async (vars: Record<string, string>) => {
    const input = { id: randomUUID(), name: `a${randomBytes(5).toString('hex')}`, ownerId: owner.userId };
    const app = await stores.apps.create({ ...input, deployBranch: null }, patient);
    const { release, deployment } = await stores.releases.create(
      app,
      {
        ...{ base: 1, description: 'Deploy', image: imageOf(app.id), commit: null, userId: owner.userId },
        ...{ buildId: null, formation: new Map([['web', 1]]) },
        config: new Map(Object.entries(vars).map(([key, value]) => [key, new Secret(value)])),
      },
      patient,
    );
    await stores.controller.begin(deployment?.id ?? '', epoch, patient);
    await stores.controller.succeed(deployment?.id ?? '', epoch, LEDGER, patient);
    return { app, release };
  };
  const storesOn = (other: Database) => storesWith(masterKey, other);
  return { url, db, owner, epoch, storesWith, storesOn, add, ...stores, ...(await add(config)) };
}

async function migrationsWith(extra: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gantry-migrations-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await cp(MIGRATIONS, dir, { recursive: true });
  for (const [name, sql] of Object.entries(extra)) {
    await mkdir(join(dir, name), { recursive: true });
    await writeFile(join(dir, name, 'migration.sql'), sql);
  }
  return dir;
}

/** The migrations of this tree. */
const OURS = readdirSync(join(import.meta.dirname, '..', '..', 'prisma', 'migrations'))
  .filter((name) => /^\d{4}_/.test(name))
  .sort();

it('applies every migration once, however many runners start together, and records it as Prisma does', async () => {
  const url = await postgres.createDatabase();
  const dir = await migrationsWith({
    '9999_more': 'CREATE TABLE more (n int); INSERT INTO more VALUES (1);',
  });
  const applied = await Promise.all([1, 2, 3].map(() => migrate(url, dir, patient)));
  expect(applied.flat().sort()).toEqual([...OURS, '9999_more']);
  expect(await migrate(url, dir, patient)).toEqual([]);
  expect(await query(url, 'SELECT * FROM more')).toEqual([{ n: 1 }]);
  const rows = await query(url, 'SELECT * FROM _prisma_migrations ORDER BY migration_name');
  expect(rows).toEqual(
    [...OURS, '9999_more'].map((name) => ({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      migration_name: name,
      finished_at: expect.any(Date) as Date,
      started_at: expect.any(Date) as Date,
      logs: null,
      rolled_back_at: null,
      applied_steps_count: 1,
    })),
  );
});

it('leaves nothing of a migration that fails half-way, and can try again', async () => {
  const url = await postgres.createDatabase();
  const broken = await migrationsWith({ '9999_more': 'CREATE TABLE more (n int); SELECT 1/0;' });
  await expect(migrate(url, broken, patient)).rejects.toThrow('division by zero');
  const mended = await migrationsWith({ '9999_more': 'CREATE TABLE more (n int);' });
  expect(await migrate(url, mended, patient)).toEqual(['9999_more']);
});

it('does not touch a database that a newer program has written, or whose history is another', async () => {
  const url = await postgres.createDatabase();
  await migrate(url, await migrationsWith({ '0002_newer': 'CREATE TABLE newer (n int)' }), patient);
  await expect(migrate(url, MIGRATIONS, patient)).rejects.toMatchObject({
    id: 'database_newer',
    params: { migration: '0002_newer' },
  });
  const changed = await migrationsWith({ '0002_newer': 'CREATE TABLE newer (m int)' });
  await expect(migrate(url, changed, patient)).rejects.toThrow(
    'Migration 0002_newer is not the one this database was made with',
  );
  await query(url, `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '0002_newer'`);
  const same = await migrationsWith({ '0002_newer': 'CREATE TABLE newer (n int)' });
  await expect(migrate(url, same, patient)).rejects.toThrow('never finished');
});

it('waits for the database to come up before it migrates, as long as its caller has patience', async () => {
  await using own = await startPostgres();
  const url = await own.createDatabase();
  await own.kill();
  const short = withDeadline(400, patient, (signal) => migrate(url, MIGRATIONS, signal));
  await expect(short).rejects.toThrow('no answer within 400 ms');
  const coming = migrate(url, MIGRATIONS, patient);
  await own.start();
  expect(await coming).toEqual(OURS);
});

it('says that the database is away while it is, and works again as soon as it is back', async () => {
  await using own = await startPostgres();
  const url = await own.createDatabase();
  await migrate(url, MIGRATIONS, patient);
  const db = open(url);
  const count = (): Promise<number> => db.run((tables) => tables.user.count(), patient);
  expect(await count()).toBe(0);
  const inMidQuery = db.run((tables) => tables.$queryRaw`SELECT 1 FROM pg_sleep(10)`, patient);
  const inMidTransaction = db.transaction(async (tables) => {
    await tables.user.count();
    await tables.$queryRaw`SELECT 1 FROM pg_sleep(10)`;
  }, patient);
  const lost = Promise.allSettled([inMidQuery, inMidTransaction]);
  await count();
  await own.kill();

  const away = { id: 'database_away', retry: true };
  expect(await lost).toMatchObject([{ reason: away }, { reason: away }]);
  await expect(count()).rejects.toMatchObject(away);
  await expect(db.transaction((tables) => tables.user.count(), patient)).rejects.toMatchObject(away);
  await own.start();
  expect(await count()).toBe(0);
  expect(await db.transaction((tables) => tables.user.count(), patient)).toBe(0);
});

it('lets go at once when its caller gives up', async () => {
  const db = open(template.replace(/[^/]*\?/, 'postgres?'));
  const began = performance.now();
  const slow = withDeadline(100, patient, (signal) =>
    db.run((tables) => tables.$queryRaw`SELECT 1 FROM pg_sleep(3)`, signal),
  );
  await expect(slow).rejects.toThrow('no answer within 100 ms');
  expect(performance.now() - began).toBeLessThan(1500);
});

it('does a transaction again that PostgreSQL ended for the sake of another', async () => {
  const url = await postgres.createDatabase();
  await query(url, 'CREATE TABLE pair (id int PRIMARY KEY, n int); INSERT INTO pair VALUES (1, 0), (2, 0)');
  const db = open(url);
  let tries = 0;
  const both = (first: number, second: number): Promise<void> =>
    db.transaction(async (tables) => {
      tries += 1;
      await tables.$executeRaw`UPDATE pair SET n = n + 1 WHERE id = ${first}`;
      await tables.$queryRaw`SELECT 1 FROM pg_sleep(0.3)`;
      await tables.$executeRaw`UPDATE pair SET n = n + 1 WHERE id = ${second}`;
    }, patient);
  await Promise.all([both(1, 2), both(2, 1)]);
  expect(tries).toBe(3);
  expect(await query(url, 'SELECT n FROM pair')).toEqual([{ n: 2 }, { n: 2 }]);
});

it('shows no config and no answer to whoever reads the database, nor to another master key [S-SEC-01]', async () => {
  const canary = `canary-${randomBytes(8).toString('hex')}`;
  const { url, release, owner, idempotency, releases, storesWith } = await platform({
    [canary]: canary,
  });
  await idempotency.begin(owner.userId, 'r-1', 'a call', patient);
  const answer = { request: 'a call', status: 200, body: { KEY: canary } };
  await idempotency.finish(owner.userId, 'r-1', answer, patient);
  expect((await releases.configOf(release.id, patient)).get(canary)?.reveal()).toBe(canary);

  const places = ['config FROM "Release"', 'body FROM "RequestAnswer"'];
  for (const place of places) {
    const [seen] = await query(
      url,
      `SELECT count(*) AS rows, count(*) FILTER (WHERE position($1::bytea IN bytes) > 0) AS open
       FROM (SELECT ${place}) AS stored (bytes)`,
      [Buffer.from(canary)],
    );
    expect(Number(seen?.['rows'])).toBeGreaterThan(0);
    expect(Number(seen?.['open'])).toBe(0);
  }
  const thief = storesWith(newMasterKey());
  await expect(thief.releases.configOf(release.id, patient)).rejects.toMatchObject({
    id: 'config_unreadable',
  });
});

it('opens no config that was moved to another app or to another release, and the other apps go on [S-SEC-02]', async () => {
  const { url, app, release, add, controller, releases } = await platform({ A: '1' });
  const other = await add({ B: '2' });
  await query(
    url,
    'UPDATE "Release" SET config = (SELECT config FROM "Release" WHERE id = $1) WHERE id = $2',
    [other.release.id, release.id],
  );
  await expect(releases.configOf(release.id, patient)).rejects.toMatchObject({ id: 'config_unreadable' });

  const desired = new Map((await controller.desired(patient)).map((one) => [one.app.id, one]));
  expect(() => desired.get(app.id)?.current?.config.get('A')).toThrow('another master key');
  expect(desired.get(other.app.id)?.current?.config.get('B')?.reveal()).toBe('2');
});

it('belongs to the first platform that uses it, and to no other', async () => {
  const db = open(await postgres.createDatabase(template));
  await Promise.all([1, 2, 3].map(() => ownDatabase(db, 'abc123', false, patient)));
  await ownDatabase(db, 'abc123', true, patient);
  await expect(ownDatabase(db, 'xyz789', false, patient)).rejects.toThrow(
    /belongs to another platform.*abc123/,
  );
});

it('is not taken for a new one while there are apps of which it knows nothing', async () => {
  const db = open(await postgres.createDatabase(template));
  await expect(ownDatabase(db, 'abc123', true, patient)).rejects.toThrow(/empty.*GANTRY_HOME\/repos/);
  // One that was written before databases had owners knows its apps.
  const { db: old } = await platform();
  await ownDatabase(old, 'abc123', true, patient);
  await expect(ownDatabase(old, 'xyz789', true, patient)).rejects.toThrow(/belongs to another/);
});

it('calls an app unreadable whose records make no sense, and reads the others', async () => {
  const { url, app: damaged, add, controller, epoch, release } = await platform();
  const image = JSON.stringify(release.image);
  const { app: sound } = await add({});
  const unreadable = async (): Promise<(boolean | undefined)[]> => {
    const read = await controller.desired(patient);
    return [damaged, sound].map(({ id }) => {
      const found = read.find((one) => one.app.id === id);
      return found && found.unreadable === null;
    });
  };
  expect(await unreadable()).toEqual([true, true]);
  await query(url, `UPDATE "App" SET formation = '{"web": -1}' WHERE id = $1`, [damaged.id]);
  expect(await unreadable()).toEqual([false, true]);
  await query(url, `UPDATE "App" SET formation = '{"web": 1}' WHERE id = $1`, [damaged.id]);
  await query(url, `UPDATE "Release" SET image = '{"digest": 7}' WHERE "appId" = $1`, [damaged.id]);
  expect(await unreadable()).toEqual([false, true]);
  // Of a deployment that is under way it is that one alone, which then can be given up.
  await query(url, `UPDATE "Release" SET image = $2 WHERE "appId" = $1`, [damaged.id, image]);
  await query(
    url,
    `INSERT INTO "Release" (id, "appId", version, status, description, image, config, "userId", "updatedAt")
       SELECT $2, "appId", 99, 'pending', '', '{"digest": 7}', config, "userId", now() FROM "Release" WHERE "appId" = $1 AND version = 2`,
    [damaged.id, randomUUID()],
  );
  const [spoilt] = await query(
    url,
    `INSERT INTO "Deployment" (id, "appId", "releaseId", seq, status)
       SELECT gen_random_uuid(), "appId", id, 99, 'pending' FROM "Release" WHERE "appId" = $1 AND version = 99 RETURNING id`,
    [damaged.id],
  );
  expect(await unreadable()).toEqual([true, true]);
  const found = (await controller.desired(patient)).find((one) => one.app.id === damaged.id);
  expect(found).toMatchObject({ next: null, unreadableNext: { deploymentId: spoilt?.['id'] } });
  expect(found?.current?.deployment.status).toBe('succeeded');
  expect(await controller.fail(String(spoilt?.['id']), epoch, 'given up', patient)).toBe(true);
  await query(url, `UPDATE "Release" SET image = '{"digest": 7}' WHERE "appId" = $1`, [damaged.id]);
  // What is destroyed needs no sense any more.
  const destroy = `UPDATE "App" SET "formerName" = name, name = NULL, "deletedAt" = now() WHERE id = $1`;
  await query(url, destroy, [damaged.id]);
  expect(await unreadable()).toEqual([true, true]);
});

it('reads a thousand deployed apps in one statement', async () => {
  const { url, app, storesOn } = await platform({ A: '1' });
  // A thousand more of the same, each with a history.
  await query(
    url,
    `CREATE TEMP TABLE more AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, 999) AS n;
     INSERT INTO "App" (id, name, "ownerId", network, formation, "updatedAt")
       SELECT m.id, 'app-' || n, a."ownerId", n, a.formation, now() FROM more m, "App" a WHERE a.id = '${app.id}';
     INSERT INTO "Release" (id, "appId", version, status, description, image, config, "userId", "updatedAt")
       SELECT gen_random_uuid(), m.id, v, 'succeeded', '', r.image, r.config, r."userId", now()
       FROM more m, generate_series(1, 10) AS v, "Release" r WHERE r."appId" = '${app.id}' AND r.version = 2;
     INSERT INTO "Deployment" (id, "appId", "releaseId", seq, status)
       SELECT gen_random_uuid(), r."appId", r.id, r.version, 'succeeded' FROM "Release" r JOIN more m ON m.id = r."appId";
     UPDATE "App" a SET "currentId" = d.id FROM "Deployment" d WHERE d."appId" = a.id AND d.seq = 10;
     ANALYZE;`,
  );
  await using counted = await countPostgres(url);
  const { controller } = storesOn(open(counted.url));
  await controller.desired(patient); // with the statements that only a new connection sends
  let desired: Awaited<ReturnType<typeof controller.desired>> = [];
  expect(await counted.during(async () => void (desired = await controller.desired(patient)))).toBe(1);
  expect(desired).toHaveLength(1000);
  expect(desired.every(({ current }) => current !== null)).toBe(true);
});
