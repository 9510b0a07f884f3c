import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { openDatabase } from '../../server/adapters/postgres/database.ts';
import { createSealedValues, SEALED_COLUMNS } from '../../server/adapters/postgres/sealed-values.ts';
import { createWebhooks } from '../../server/adapters/postgres/webhooks.ts';
import { openKeyFile } from '../../server/adapters/secrets/key-file.ts';
import { newMasterKey, printMasterKeys } from '../../server/adapters/secrets/master-key.ts';
import { createSealer } from '../../server/adapters/secrets/sealer.ts';
import type { Sealer } from '../../server/ports/sealer.ts';
import { migratedPostgres } from '../support/migrated-postgres.ts';
import { addApp, draftOf, openPostgres, patient } from '../support/stores.ts';

const createDatabase = migratedPostgres();

/** A database with something sealed in every column, by the key of a file. */
async function open() {
  const url = await createDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'master-key-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'master-key');
  await writeFile(path, printMasterKeys([newMasterKey()]));
  const keys = await openKeyFile(path);
  const stores = openPostgres(url, keys);
  onTestFinished(() => stores[Symbol.asyncDispose]());
  const db = openDatabase({ url, log: quietLog(), connections: 3 });
  onTestFinished(() => db[Symbol.asyncDispose]());
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const kept = await fill(stores, createWebhooks({ db, sealer: createSealer(keys), clock: stores.time }));
  const valuesWith = (sealer: Sealer) => createSealedValues({ db, sealer });
  return { path, keys, stores, client, kept, valuesWith, values: valuesWith(createSealer(keys)) };
}

async function fill(stores: ReturnType<typeof openPostgres>, webhooks: ReturnType<typeof createWebhooks>) {
  const [ann, bob] = [await stores.addUser(), await stores.addUser()];
  const app = await addApp(stores, ann, 'shop');
  const config = new Map([['DATABASE_URL', new Secret('postgres://me:shh@db.example/')]]);
  const { release } = await stores.releases.create(app, await draftOf(stores, app, { config }), patient);
  const text = { chain: 'chain', key: new Secret('key'), digest: 'one' };
  await stores.certificates.add({ id: randomUUID(), app, name: 'tokyo' }, text, patient);
  const url = new Secret('https://me:shh@drain.example/');
  const drain = { id: randomUUID(), appId: app.id, token: 'd.1', url, canonical: url };
  await stores.drains.add(drain, 5, patient);
  const hook = { id: randomUUID(), appId: app.id, url: 'https://a.example/', level: 'notify' } as const;
  const signed = { secret: new Secret('sign'), authorization: new Secret('Bearer x') };
  await webhooks.add({ ...hook, include: ['api:release'], ...signed }, 5, patient);
  for (const { userId } of [ann, bob]) await stores.people.beginTotp(userId, new Secret('TOTP'), patient);
  await stores.people.confirmTotp(ann.userId, { step: 1, recoveryHashes: [] }, patient);
  await stores.idempotency.begin(ann.userId, 'r-1', 'POST /apps', patient);
  const epoch = await stores.controller.takeOver(patient);
  const setUp = async (name: string) => {
    const source = { checksum: 'SHA256:ab', version: null };
    const order = {
      source: { url: 'https://a.example/' },
      env: new Map([['SECRET', 'shh']]),
      buildpacks: null,
    };
    const setup = { id: randomUUID(), userId: ann.userId, buildId: randomUUID(), source, order };
    const made = { id: randomUUID(), name, ownerId: ann.userId, deployBranch: null, setup };
    await stores.apps.create(made, patient);
    return setup.id;
  };
  const [pending, done] = [await setUp('pending'), await setUp('done')];
  const outcome = { failure: null, manifestErrors: [], successUrl: null };
  const postdeploy = { output: 'seeded', exitCode: 0 };
  await stores.setups.settle(done, epoch, { status: 'succeeded', ...outcome, postdeploy }, patient);
  return { ann, bob, app, release, drain, pending, done };
}

/** What the stores make of everything that is sealed. */
async function readAll({ stores, kept }: Pick<Awaited<ReturnType<typeof open>>, 'stores' | 'kept'>) {
  const { ann, bob, app, release, pending, done } = kept;
  const totp = async (userId: string) => stores.people.findLogin(userId, patient);
  return {
    config: (await stores.releases.configOf(release.id, patient)).get('DATABASE_URL')?.reveal(),
    bundle: (await stores.certificates.bundleOf('one', patient))?.reveal(),
    drains: (await stores.drains.list(app.id, patient)).map(({ url }) => url.reveal()),
    totp: (await totp(ann.userId))?.totp?.reveal(),
    pendingTotp: (await totp(bob.userId))?.totpPending?.reveal(),
    order: (await stores.setups.pending(pending, patient))?.order.env.get('SECRET'),
    postdeploy: (await stores.setups.find(done, patient))?.postdeploy,
    answer: await stores.idempotency.begin(ann.userId, 'r-1', 'POST /apps', patient),
  };
}

const sealedRows = async (client: Client): Promise<Map<string, number>> => {
  const found = new Map<string, number>();
  for (const { table, column } of SEALED_COLUMNS) {
    const text = `SELECT count(*)::int AS n FROM "${table}" WHERE length("${column}") > 0`;
    const { rows } = await client.query<{ n: number }>(text);
    found.set(`${table}.${column}`, rows[0]?.n ?? 0);
  }
  return found;
};

it('knows every column of the database that holds sealed values [S-SEC-05]', async () => {
  const { client } = await open();
  const { rows } = await client.query<{ place: string }>(
    `SELECT table_name || '.' || column_name AS place FROM information_schema.columns
     WHERE table_schema = 'public' AND data_type = 'bytea'`,
  );
  const known = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`);
  expect(known.toSorted()).toEqual(rows.map(({ place }) => place).toSorted());
  expect([...(await sealedRows(client)).values()], 'and the test fills each of them').not.toContain(0);
});

it('seals all of it with a new key, of which nobody is told, and the former opens nothing [S-SEC-05]', async () => {
  const rig = await open();
  const { path, keys, values, client } = rig;
  const before = await readAll(rig);
  const [old] = keys.keys;
  const told = async () => (await client.query('SELECT id FROM "Event"')).rowCount;
  const [events, rows] = [await told(), await sealedRows(client)];
  const all = [...rows.values()].reduce((sum, n) => sum + n, 0);

  await keys.renew();
  const [current] = keys.ids();
  expect(await values.sealedOtherwise(current, patient)).toBe(all);
  expect(await readAll(rig), 'while both are read').toEqual(before);
  expect(await values.resealAll(current, patient)).toEqual({ resealed: all, unreadable: 0 });
  expect(await values.sealedOtherwise(current, patient)).toBe(0);
  expect(await values.resealAll(current, patient)).toEqual({ resealed: 0, unreadable: 0 });
  await keys.forgetFormer();
  expect(await readAll(rig)).toEqual(before);
  expect(await told()).toBe(events);

  const other = newMasterKey();
  const left = await rig.valuesWith(createSealer({ keys: [other, old] })).resealAll(other.id, patient);
  expect(left, 'the key that leaked').toEqual({ resealed: 0, unreadable: all });
  expect((await openKeyFile(path)).ids()).toEqual([current]);
});

it('goes on where it was ended, wherever that was, and everything can be read all the time [S-SEC-05]', async () => {
  const rig = await open();
  const { path, keys, client } = rig;
  const before = await readAll(rig);
  const all = [...(await sealedRows(client)).values()].reduce((sum, n) => sum + n, 0);
  await keys.renew();
  const [current] = keys.ids();
  for (let left = all; left > 0; left -= 1) {
    // Whoever starts anew has the keys from the file, and dies over the second value.
    const ring = await openKeyFile(path);
    const sealer = createSealer(ring);
    let sealed = 0;
    const dying: Sealer = {
      open: (...args) => sealer.open(...args),
      seal(...args) {
        if (sealed === 1) throw new Error('killed');
        sealed += 1;
        return sealer.seal(...args);
      },
    };
    const dead = rig.valuesWith(dying).resealAll(current, patient);
    if (left > 1) await expect(dead).rejects.toThrow('killed');
    else expect(await dead).toEqual({ resealed: 1, unreadable: 0 });
    expect(await rig.values.sealedOtherwise(current, patient)).toBe(left - 1);
    expect(await readAll(rig)).toEqual(before);
  }
});

it('leaves alone what no key opens, and seals the rest', async () => {
  const rig = await open();
  const { keys, client, values, kept } = rig;
  await client.query('UPDATE "Drain" SET "sealedUrl" = "sealedUrl" || \'\\x00\' WHERE id = $1', [
    kept.drain.id,
  ]);
  await keys.renew();
  const [current] = keys.ids();
  expect(await values.resealAll(current, patient)).toMatchObject({ unreadable: 1 });
  expect(await values.sealedOtherwise(current, patient)).toBe(1);
});
