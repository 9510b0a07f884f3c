import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { createAmbient } from '../../lib/ambient.ts';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { createAccounts } from '../../server/adapters/postgres/accounts.ts';
import { createApps } from '../../server/adapters/postgres/apps.ts';
import { createAuditTrail } from '../../server/adapters/postgres/audit-trail.ts';
import { openDatabase } from '../../server/adapters/postgres/database.ts';
import { EVENT_KINDS } from '../../server/contract/event-kinds.ts';
import { UNWATCHED, watchTables } from '../../server/adapters/postgres/watched.ts';
import { newMasterKey } from '../../server/adapters/secrets/master-key.ts';
import { createSealer } from '../../server/adapters/secrets/sealer.ts';
import type { Cause } from '../../server/domain/cause.ts';
import { createAudit, type AuditedCall } from '../../server/services/audit.ts';
import { migratedPostgres } from '../support/migrated-postgres.ts';
import { insertUser, patient } from '../support/stores.ts';

const createDatabase = migratedPostgres();

async function open() {
  const url = await createDatabase();
  const causes = createAmbient<Cause>();
  const db = openDatabase({ url, log: quietLog(), cause: () => causes.get(), connections: 5 });
  const clock = { now: () => new Date('2026-11-21T12:00:00.000Z') };
  const sealer = createSealer({ keys: [newMasterKey()] });
  const apps = createApps({ db, sealer, clock });
  const trail = createAuditTrail({ db, key: new Secret('k') });
  const ann = await insertUser(url, true);
  const audit = createAudit({ trail, apps, causes, clock, log: quietLog() });
  const call = (action: string, target: Record<string, string> = {}): AuditedCall => ({
    ...{ actor: ann, door: 'api', ip: '192.0.2.7', requestId: 'r-1', action, target },
  });
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    ...{ url, db, apps, accounts: createAccounts({ db, clock }), trail, audit, ann, call, client },
    async [Symbol.asyncDispose]() {
      await client.end();
      await db[Symbol.asyncDispose]();
    },
  };
}

describe('the audit trail [S-API-13]', () => {
  it('tells who did what, from where, and every row that changed by it', async () => {
    await using rig = await open();
    const { audit, apps, ann, call } = rig;
    const id = randomUUID();
    const app = { id, name: 'shop', ownerId: ann.userId, deployBranch: null };
    await audit.around(call('POST /apps'), () => apps.create(app, patient), patient);
    const scale = async () => {
      const found = await apps.find('shop', patient);
      if (!found) throw new Error('it was made');
      return apps.setFormation(found, new Map([['web', 2]]), patient);
    };
    await audit.around(call('PATCH /apps/:app/formation', { app: 'shop' }), scale, patient);

    const [scaled, made] = await audit.ofApp(ann, 'shop', { limit: 10 }, patient);
    expect(made).toMatchObject({
      ...{ action: 'POST /apps', app: { id }, outcome: 'succeeded', ip: '192.0.2.7', requestId: 'r-1' },
      actor: { id: ann.userId, email: ann.email },
      changes: [
        { kind: 'app', action: 'create', id, before: null, after: { name: 'shop' } },
        { kind: 'release', action: 'create', after: { version: 1, config: '[redacted]' } },
      ],
    });
    // A single statement, outside of any transaction of its own.
    expect(scaled).toMatchObject({
      ...{ action: 'PATCH /apps/:app/formation', target: { app: 'shop' } },
      changes: [
        { kind: 'app', action: 'update', before: { formation: {} }, after: { formation: { web: 2 } } },
      ],
    });
    expect(await audit.verify(ann, patient)).toEqual({ rows: 4, fault: null });
  });

  it('tells what was refused, what failed, and what nobody knows the end of', async () => {
    await using rig = await open();
    const { audit, trail, ann, call, apps } = rig;
    const app = { name: 'shop', ownerId: ann.userId, deployBranch: null };
    const create = () => apps.create({ id: randomUUID(), ...app }, patient);
    await audit.around(call('POST /apps'), create, patient);
    await expect(audit.around(call('POST /apps'), create, patient)).rejects.toThrow('already taken');
    const bug = () => Promise.reject(new Error('a bug'));
    await expect(audit.around(call('PUT /x'), bug, patient)).rejects.toThrow('a bug');
    const lost = { ...call('DELETE /apps/:app', { app: 'shop' }), id: randomUUID(), at: 'now', token: null };
    await trail.begin({ ...lost, actor: { id: ann.userId, email: ann.email } }, patient);

    const entries = await audit.all(ann, { limit: 10 }, patient);
    expect(entries.map(({ outcome, error }) => [outcome, error])).toEqual([
      ['unknown', null],
      ['failed', 'internal_error'],
      ['refused', 'name_taken'],
      ['succeeded', null],
    ]);
    const [second] = await audit.all(ann, { limit: 1, before: entries[0]?.seq }, patient);
    expect(second?.outcome).toBe('failed');
  });

  it('keeps its chain when many calls come at once', async () => {
    await using rig = await open();
    const { audit, ann, call } = rig;
    const calls = Array.from({ length: 60 }, (_, n) => call(`PUT /${n}`));
    await Promise.all(calls.map((one) => audit.around(one, () => Promise.resolve(), patient)));
    expect(await audit.verify(ann, patient)).toEqual({ rows: 120, fault: null });
    expect(await audit.all(ann, { limit: 1000 }, patient)).toHaveLength(60);
  });

  it('cannot be changed by mistake, and a change on purpose is found out', async () => {
    await using rig = await open();
    const { audit, ann, call, client } = rig;
    for (const n of [1, 2, 3]) await audit.around(call(`PUT /${n}`), () => Promise.resolve(), patient);
    for (const sql of [
      'UPDATE "AuditRow" SET record = record',
      'DELETE FROM "AuditRow"',
      'TRUNCATE "AuditRow"',
    ])
      await expect(client.query(sql)).rejects.toThrow('only ever added to');
    expect((await audit.verify(ann, patient)).fault).toBeNull();

    await client.query('ALTER TABLE "AuditRow" DISABLE TRIGGER ALL');
    const { rows } = await client.query<{ record: string }>('SELECT record FROM "AuditRow" WHERE seq = 3');
    const [original = ''] = rows.map(({ record }) => record);
    await client.query('UPDATE "AuditRow" SET record = $1 WHERE seq = 3', [original.replace('/2', '/9')]);
    expect((await audit.verify(ann, patient)).fault).toMatchObject({ seq: 3 });
    await client.query('UPDATE "AuditRow" SET record = $1 WHERE seq = 3', [original]);
    expect((await audit.verify(ann, patient)).fault).toBeNull();
    await client.query('DELETE FROM "AuditRow" WHERE seq = 2');
    expect((await audit.verify(ann, patient)).fault).toEqual({ seq: 3, problem: 'row 2 is missing' });
  });

  it('lets nothing be done that it cannot write down', async () => {
    await using rig = await open();
    const { audit, call, client } = rig;
    await client.query('ALTER TABLE "AuditRow" RENAME TO "Away"');
    let done = false;
    const work = () => Promise.resolve(void (done = true));
    await expect(audit.around(call('PUT /x'), work, patient)).rejects.toThrow();
    expect(done).toBe(false);
  });
});

describe('every table', () => {
  it('is watched, or is one that is said not to be', async () => {
    await using rig = await open();
    await watchTables(rig.url, patient); // again: nothing to do
    const { rows } = await rig.client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'public' AND relkind = 'r' AND relname <> ALL ($1)
         AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'gantry_tell')`,
      [UNWATCHED],
    );
    expect(rows).toEqual([]);
  });

  it('of apps and what is theirs tells events of the kinds that can be asked for, and there are no others', async () => {
    await using rig = await open();
    const { rows } = await rig.client.query<{ kind: string }>(
      `SELECT split_part(encode(tgargs, 'escape'), '\\000', 1) AS kind FROM pg_trigger
       WHERE tgname = 'gantry_tell' AND split_part(encode(tgargs, 'escape'), '\\000', 2) <> ''`,
    );
    const told = [...rows.map(({ kind }) => kind), 'formation', 'instance', 'route'];
    expect(told.toSorted()).toEqual(EVENT_KINDS.toSorted());
  });

  it('tells no secret: neither bytes, nor a hash, nor a URL with a password', async () => {
    await using rig = await open();
    const { client, ann } = rig;
    await client.query(
      `INSERT INTO "Token" (id, "userId", hash, description) VALUES ($1, $2, 'deadbeef', 'https://me:pw@example.com')`,
      [randomUUID(), ann.userId],
    );
    const { rows } = await client.query<{ after: unknown }>(`SELECT after FROM "Event" WHERE kind = 'token'`);
    expect(rows).toMatchObject([
      { after: { hash: '[redacted]', description: '[redacted]', userId: ann.userId } },
    ]);
  });
});
