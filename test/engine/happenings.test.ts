import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { Client } from 'pg';
import { quietLog } from '../../lib/log.ts';
import { createApps } from '../../server/adapters/postgres/apps.ts';
import { openDatabase } from '../../server/adapters/postgres/database.ts';
import { createHappenings } from '../../server/adapters/postgres/happenings.ts';
import { newMasterKey } from '../../server/adapters/secrets/master-key.ts';
import { createSealer } from '../../server/adapters/secrets/sealer.ts';
import { told } from '../../server/domain/happening.ts';
import { migratedPostgres } from '../support/migrated-postgres.ts';
import { insertUser, patient } from '../support/stores.ts';
import { wireOf } from '../support/wire.ts';

const createDatabase = migratedPostgres();

async function open() {
  const url = await createDatabase();
  let now = Date.now();
  const clock = { now: () => new Date(now) };
  const db = openDatabase({ url, log: quietLog(), connections: 5 });
  const sealer = createSealer({ keys: [newMasterKey()] });
  const ann = await insertUser(url, false);
  const apps = createApps({ db, sealer, clock });
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    ...{
      url,
      db,
      apps,
      ann,
      client,
      happenings: createHappenings({ db, clock, wire: wireOf(clock.now), log: quietLog() }),
    },
    passed: (ms: number) => void (now += ms),
    create: (name: string) =>
      apps.create({ id: randomUUID(), name, ownerId: ann.userId, deployBranch: null }, patient),
    async [Symbol.asyncDispose]() {
      await client.end();
      await db[Symbol.asyncDispose]();
    },
  };
}

it('tells what was committed, once, in an order that never puts anything before what was read', async () => {
  await using rig = await open();
  const { happenings, client } = rig;
  // A transaction that began first and commits last: its event has the lowest id.
  await client.query('BEGIN');
  await client.query(`INSERT INTO "User" (id, email) VALUES ($1, 'slow@example.com')`, [randomUUID()]);
  const app = await rig.create('shop');
  await Promise.all([happenings.publish(patient), happenings.publish(patient)]);
  const first = await happenings.read({ after: 0, limit: 100 }, patient);
  expect(first.map(({ kind, action }) => `${kind} ${action}`)).toEqual([
    'user create',
    'app create',
    'release create',
  ]);
  expect(first[2]).toMatchObject({
    app: { id: app.id, name: 'shop' },
    by: { email: rig.ann.email },
    after: { version: 1 },
  });
  const last = first.at(-1)?.seq ?? 0;
  await client.query('COMMIT');
  expect(await happenings.publish(patient)).toBe(1);
  const rest = await happenings.read({ after: last, limit: 100 }, patient);
  expect(rest).toMatchObject([{ kind: 'user', after: { email: 'slow@example.com' }, seq: last + 1 }]);
});

it('tells nothing of what was rolled back, and the end of an app by the name it had', async () => {
  await using rig = await open();
  const app = await rig.create('shop');
  await expect(rig.create('shop')).rejects.toThrow('already taken');
  await rig.apps.markDeleted(app, patient);
  await rig.happenings.publish(patient);
  const all = (await rig.happenings.last(app.id, 100, patient)).map(told);
  expect(all.map(({ kind, action, app: of }) => [kind, action, of?.name])).toEqual([
    ['app', 'create', 'shop'],
    ['release', 'create', 'shop'],
    ['app', 'destroy', 'shop'],
  ]);
});

it('keeps what is promised and knows what is gone', async () => {
  await using rig = await open();
  const { happenings } = rig;
  const app = await rig.create('shop');
  await happenings.publish(patient);
  await happenings.prune({ olderThanMs: 60_000, most: 100 }, patient);
  const { published, pruned } = await happenings.mark(patient);
  expect(pruned).toBe(0);
  rig.passed(120_000);
  await happenings.note(
    [
      {
        kind: 'instance',
        action: 'create',
        subject: 'i',
        appId: app.id,
        before: null,
        after: { name: 'web.1' },
      },
    ],
    patient,
  );
  await happenings.publish(patient);
  await happenings.prune({ olderThanMs: 60_000, most: 100 }, patient);
  expect(await happenings.mark(patient)).toEqual({ published: published + 1, pruned: published });
  expect(await happenings.read({ after: 0, limit: 10 }, patient)).toMatchObject([{ kind: 'instance' }]);
});
