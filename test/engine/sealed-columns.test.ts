import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { openDatabase, type Database } from '../../server/adapters/postgres/database.ts';
import { createAppSetups } from '../../server/adapters/postgres/app-setups.ts';
import { createApps } from '../../server/adapters/postgres/apps.ts';
import { createCertificates } from '../../server/adapters/postgres/certificates.ts';
import { createControllerState } from '../../server/adapters/postgres/controller-state.ts';
import { createDrains } from '../../server/adapters/postgres/drains.ts';
import { createIdempotency } from '../../server/adapters/postgres/idempotency.ts';
import { createPeople } from '../../server/adapters/postgres/people.ts';
import { createReleases } from '../../server/adapters/postgres/releases.ts';
import { SEALED_COLUMNS } from '../../server/adapters/postgres/sealed-values.ts';
import { createWebhooks } from '../../server/adapters/postgres/webhooks.ts';
import { newMasterKey, type MasterKey } from '../../server/adapters/secrets/master-key.ts';
import { createSealer } from '../../server/adapters/secrets/sealer.ts';
import { migratedPostgres } from '../support/migrated-postgres.ts';
import { insertUser, patient } from '../support/stores.ts';

const createDatabase = migratedPostgres();
/** What is stored is stored under one of these words, and so is its neighbour, with the other. */
const CANARIES = ['canary-5b1e0f', 'canary-c04d7a'] as const;
const COLUMNS = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`);
const clock = { now: () => new Date() };

/** Where something sealed is: its column, the row of each of two neighbours, and how the platform opens it. */
interface Place {
  readonly column: string;
  readonly where: string;
  readonly open: (db: Database, masterKey: MasterKey) => Promise<unknown>;
}

const masterKey = newMasterKey();
let url: string;
let db: Database;
let client: Client;
let neighbours: readonly (readonly Place[])[];
beforeAll(async () => {
  url = await createDatabase();
  db = openDatabase({ url, log: quietLog(), connections: 5 });
  client = new Client({ connectionString: url });
  await client.connect();
  const epoch = await stores(db, masterKey).controller.takeOver(patient);
  neighbours = [await settle(CANARIES[0], epoch), await settle(CANARIES[1], epoch)];
});
afterAll(async () => {
  await client.end();
  await db[Symbol.asyncDispose]();
});

function stores(on: Database, key: MasterKey) {
  const deps = { db: on, clock, sealer: createSealer({ keys: [key] }) };
  return {
    apps: createApps(deps),
    releases: createReleases(deps),
    controller: createControllerState(deps),
    certificates: createCertificates(deps),
    drains: createDrains({ ...deps, fingerprintKey: new Secret('f') }),
    webhooks: createWebhooks(deps),
    people: createPeople(deps),
    setups: createAppSetups(deps),
    idempotency: createIdempotency(deps),
  };
}

/** Stores everything that is stored sealed, with the canary in it; answers where. */
async function settle(canary: string, epoch: number): Promise<Place[]> {
  const store = stores(db, masterKey);
  const { userId } = await insertUser(url, false);
  const [pending, decided] = [randomUUID(), randomUUID()];
  const create = (setup: string) =>
    store.apps.create(
      {
        ...{ id: randomUUID(), name: `a${setup.slice(0, 8)}`, ownerId: userId, deployBranch: null },
        setup: {
          ...{ id: setup, userId, buildId: randomUUID(), source: { checksum: null, version: null } },
          order: {
            source: { url: `https://x.test/${canary}` },
            env: new Map([['A', canary]]),
            buildpacks: null,
          },
        },
      },
      patient,
    );
  const app = await create(pending);
  await create(decided);
  const postdeploy = { output: canary, exitCode: 0 };
  const outcome = { status: 'succeeded', failure: null, manifestErrors: [], successUrl: null } as const;
  await store.setups.settle(decided, epoch, { ...outcome, postdeploy }, patient);
  const { release } = await store.releases.create(
    app,
    {
      ...{ base: 1, description: 'Set A', image: null, commit: null, userId, buildId: null },
      ...{ formation: new Map(), config: new Map([['A', new Secret(canary)]]) },
    },
    patient,
  );
  const certificate = { id: randomUUID(), app, name: `cert-${pending.slice(0, 8)}` };
  const digest = randomBytes(32).toString('hex');
  await store.certificates.add(certificate, { chain: 'chain', key: new Secret(canary), digest }, patient);
  const drain = randomUUID();
  const address = new Secret(`https://me:${canary}@logs.test/`);
  const named = { id: drain, appId: app.id, token: `d.${drain}` };
  await store.drains.add({ ...named, url: address, canonical: address }, 5, patient);
  const webhook = randomUUID();
  const hook = {
    id: webhook,
    appId: app.id,
    url: 'https://x.test/',
    level: 'notify',
    include: ['api:app'],
  } as const;
  const said = { secret: new Secret(canary), authorization: new Secret(`Bearer ${canary}`) };
  await store.webhooks.add({ ...hook, include: [...hook.include], ...said }, 5, patient);
  await enqueue(webhook, app.id);
  await store.people.beginTotp(userId, new Secret(canary), patient);
  await store.people.confirmTotp(userId, { step: 1, recoveryHashes: [] }, patient);
  const later = (await insertUser(url, false)).userId;
  await store.people.beginTotp(later, new Secret(canary), patient);
  await store.idempotency.begin(userId, 'r', 'PATCH', patient);
  await store.idempotency.finish(
    userId,
    'r',
    { request: 'PATCH', status: 200, body: { A: canary } },
    patient,
  );

  const place = (
    column: string,
    id: string,
    open: (has: ReturnType<typeof stores>) => Promise<unknown>,
    key = 'id',
  ): Place => ({
    column,
    where: `"${key}" = '${id}'`,
    open: (on, masterKeyOf) => open(stores(on, masterKeyOf)),
  });
  return [
    place('Release.config', release.id, ({ releases }) => releases.configOf(release.id, patient)),
    place('Certificate.key', certificate.id, ({ certificates }) => certificates.bundleOf(digest, patient)),
    place('Drain.sealedUrl', drain, ({ drains }) => drains.find(app.id, { id: drain }, patient)),
    place('Webhook.secret', webhook, (has) => sealedOf(has, webhook)),
    place('Webhook.authorization', webhook, (has) => sealedOf(has, webhook)),
    place('User.totp', userId, ({ people }) => people.findLogin(userId, patient)),
    place('User.totpPending', later, ({ people }) => people.findLogin(later, patient)),
    place('AppSetup.sealedOverrides', pending, ({ setups }) => setups.pending(pending, patient)),
    place('AppSetup.sealedPostdeploy', decided, ({ setups }) => setups.find(decided, patient)),
    place(
      'RequestAnswer.body',
      userId,
      ({ idempotency }) => idempotency.begin(userId, 'r', 'PATCH', patient),
      'userId',
    ),
  ];
}

/** What a webhook's delivery is made with. The sender is told by a null that it cannot be opened, and says so. */
async function sealedOf({ webhooks }: ReturnType<typeof stores>, webhook: string): Promise<unknown> {
  await client.query('UPDATE "WebhookDelivery" SET "nextAt" = now() - interval \'1 s\'');
  const due = await webhooks.take({ limit: 9, each: 9, besides: [] }, 60_000, patient);
  const sealed = due.find((one) => one.webhook.id === webhook)?.sealed;
  if (sealed === null) throw Object.assign(new Error('it cannot be opened'), { id: 'config_unreadable' });
  return sealed;
}

async function enqueue(webhook: string, appId: string): Promise<void> {
  const event = randomUUID();
  await client.query(
    `INSERT INTO "WebhookEvent" (id, seq, "appId", include, payload, "createdAt") VALUES ($1, 1, $2, 'api:app', '{}', now())`,
    [event, appId],
  );
  await client.query(
    `INSERT INTO "WebhookDelivery" (id, "webhookId", "eventId", status, "createdAt", "updatedAt") VALUES ($1, $2, $3, 'pending', now(), now())`,
    [randomUUID(), webhook, event],
  );
}

const split = (column: string): readonly [table: string, name: string] => {
  const [table = '', name = ''] = column.split('.');
  return [table, name];
};

async function read({ column, where }: Place): Promise<Buffer> {
  const [table, name] = split(column);
  const { rows } = await client.query<{ bytes: Buffer }>(
    `SELECT "${name}" AS bytes FROM "${table}" WHERE ${where}`,
  );
  return rows[0]?.bytes ?? Buffer.alloc(0);
}

async function write({ column, where }: Place, bytes: Buffer): Promise<void> {
  const [table, name] = split(column);
  await client.query(`UPDATE "${table}" SET "${name}" = $1 WHERE ${where}`, [bytes]);
}

/** Puts these bytes there for as long as it is looked at. */
async function opened(place: Place, bytes: Buffer): Promise<unknown> {
  const before = await read(place);
  await write(place, bytes);
  try {
    return await place
      .open(db, masterKey)
      .catch((err: unknown) => (err as { readonly id?: string }).id ?? err);
  } finally {
    await write(place, before);
  }
}

/** Whether a secret, or anything else in what was opened, is the canary or holds it. */
function holds(found: unknown, canary: string): boolean {
  if (found instanceof Secret) return found.reveal().includes(canary);
  if (typeof found === 'string') return found.includes(canary);
  if (found instanceof Map) return [...found.values()].some((one) => holds(one, canary));
  return (
    typeof found === 'object' && found !== null && Object.values(found).some((one) => holds(one, canary))
  );
}

function at(column: string): { readonly mine: Place; readonly theirs: Place } {
  const [mine, theirs] = neighbours.map((places) => places.find((one) => one.column === column));
  if (mine === undefined || theirs === undefined) throw new Error(`nothing was stored in ${column}`);
  return { mine, theirs };
}

describe('what is sealed in the database', () => {
  it('is every column of bytes that there is [S-SEC-01]', async () => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
       WHERE table_schema = 'public' AND data_type = 'bytea'`,
    );
    expect(rows.map(({ name }) => name).sort()).toEqual([...COLUMNS].sort());
  });

  it('is nowhere else in it: no table has it as text, events and the audit trail included [S-SEC-01]', async () => {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT quote_ident(relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
    );
    const found: string[] = [];
    let all = 0;
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
      all += rows.length;
      for (const canary of CANARIES)
        for (const written of [canary, Buffer.from(canary).toString('hex')])
          if (rows.some(({ text }) => text.includes(written))) found.push(name);
    }
    expect(all).toBeGreaterThan(30);
    expect(found).toEqual([]);
  });

  it('has a nonce of its own each, also where the same was sealed [S-SEC-01]', async () => {
    const sealed = await Promise.all(neighbours.flat().map(read));
    const nonces = sealed.map((bytes) => bytes.subarray(5, 17).toString('hex')); // after version and id of the key
    expect(nonces).toHaveLength(2 * COLUMNS.length);
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it.each(COLUMNS)('%s opens with the master key, and with no other [S-SEC-01]', async (column) => {
    const { mine, theirs } = at(column);
    expect(holds(await mine.open(db, masterKey), CANARIES[0])).toBe(true);
    expect(holds(await theirs.open(db, masterKey), CANARIES[1])).toBe(true);
    const another = newMasterKey();
    await expect(mine.open(db, another)).rejects.toMatchObject({ id: 'config_unreadable' });
  });

  it.each(COLUMNS)(
    '%s does not open once a bit of it is another, or it was cut [S-SEC-02]',
    async (column) => {
      const { mine } = at(column);
      const bytes = await read(mine);
      for (let index = 0; index < bytes.length; index += 1) {
        const altered = Buffer.from(bytes);
        altered.writeUInt8(altered.readUInt8(index) ^ (1 << (index % 8)), index);
        expect(await opened(mine, altered), `byte ${index}`).toBe('config_unreadable');
      }
      for (const length of [1, 16, 33, bytes.length - 1])
        expect(await opened(mine, bytes.subarray(0, length))).toBe('config_unreadable');
      expect(holds(await opened(mine, bytes), CANARIES[0])).toBe(true);
    },
  );

  it.each(COLUMNS)(
    '%s does not open in the row of another, nor in another column [S-SEC-02]',
    async (column) => {
      const { mine, theirs } = at(column);
      expect(await opened(mine, await read(theirs))).toBe('config_unreadable');
      for (const other of COLUMNS.filter((one) => one !== column))
        expect(await opened(mine, await read(at(other).mine)), other).toBe('config_unreadable');
    },
  );

  it('of a release does not open in a later release of its app: no version can be put back unseen [S-SEC-02]', async () => {
    const { mine } = at('Release.config');
    const { releases, apps } = stores(db, masterKey);
    const before = await read(mine);
    const { rows } = await client.query<{ appId: string }>(
      `SELECT "appId" FROM "Release" WHERE ${mine.where}`,
    );
    const app = await apps.find(rows[0]?.appId ?? '', patient);
    if (!app) throw new Error('the app is there');
    const draft = {
      base: 2,
      description: 'Set A',
      image: null,
      commit: null,
      userId: app.owner.id,
    };
    const config = new Map([['A', new Secret('newer')]]);
    const { release } = await releases.create(
      app,
      { ...draft, config, buildId: null, formation: new Map() },
      patient,
    );
    const later = {
      ...mine,
      where: `id = '${release.id}'`,
      open: () => releases.configOf(release.id, patient),
    };
    expect(holds(await later.open(), 'newer')).toBe(true);
    expect(await opened(later, before)).toBe('config_unreadable');
  });
});
