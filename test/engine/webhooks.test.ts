import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { createEgress } from '../../server/adapters/egress/egress.ts';
import { createApps } from '../../server/adapters/postgres/apps.ts';
import { openDatabase } from '../../server/adapters/postgres/database.ts';
import { createHappenings } from '../../server/adapters/postgres/happenings.ts';
import { createWebhooks as createStore } from '../../server/adapters/postgres/webhooks.ts';
import { newMasterKey } from '../../server/adapters/secrets/master-key.ts';
import { createSealer } from '../../server/adapters/secrets/sealer.ts';
import type { App } from '../../server/domain/app.ts';
import { createWebhooks } from '../../server/services/webhooks.ts';
import { migratedPostgres } from '../support/migrated-postgres.ts';
import { insertUser, patient } from '../support/stores.ts';
import { wireOf } from '../support/wire.ts';

const createDatabase = migratedPostgres();

/** A platform's webhooks and a receiver on loopback, which answers as it is told. */
async function open() {
  const got: { readonly body: string; readonly signature: unknown; readonly authorization: unknown }[] = [];
  const answers: number[] = [];
  let stuck = 0;
  const receiver = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      const { authorization, 'heroku-webhook-hmac-sha256': signature } = req.headers;
      if (req.url === '/tarpit') {
        stuck += 1;
        return;
      }
      got.push({ body, signature, authorization });
      res.writeHead(answers.shift() ?? 204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;

  const url = await createDatabase();
  let now = Date.now();
  const clock = { now: () => new Date(now) };
  const db = openDatabase({ url, log: quietLog(), connections: 5 });
  const sealer = createSealer({ keys: [newMasterKey()] });
  const ann = await insertUser(url, true);
  const apps = createApps({ db, sealer, clock });
  const store = createStore({ db, sealer, clock });
  const egress = createEgress({ allow: ['127.0.0.1/32'] });
  const create = (name: string) =>
    apps.create({ id: randomUUID(), name, ownerId: ann.userId, deployBranch: null }, patient);
  await create('shop');
  const wire = wireOf(clock.now);
  const happenings = createHappenings({ db, clock, wire, log: quietLog() });
  await happenings.publish(patient);
  const webhooks = createWebhooks({ apps, store, egress, clock, log: quietLog() });
  return {
    ...{ got, answers, ann, create, store, webhooks, db },
    url: `http://127.0.0.1:${port}/hook`,
    tarpit: `http://127.0.0.1:${port}/tarpit`,
    stuck: () => stuck,
    passed: (ms: number) => void (now += ms),
    /** Scales, which webhooks are told. */
    async scale(count: number, name = 'shop'): Promise<void> {
      const fresh = (await apps.find(name, patient)) as App;
      await apps.setFormation(fresh, new Map([['web', count]]), patient);
      await happenings.publish(patient);
    },
    async [Symbol.asyncDispose]() {
      receiver.closeAllConnections();
      receiver.close();
      await db[Symbol.asyncDispose]();
    },
  };
}

const FORMATION = { include: ['api:formation'], level: 'notify' as const };

it('tells what was asked for, once, signed, with the header that was given, and nothing else', async () => {
  await using rig = await open();
  const { webhooks, ann, got } = rig;
  const wish = { ...FORMATION, url: rig.url, secret: 'k', authorization: 'Bearer x' };
  await webhooks.add(ann, 'shop', wish, patient);
  await webhooks.add(ann, 'shop', { ...wish, include: ['api:build'] }, patient);
  await rig.scale(2);
  await Promise.all([webhooks.deliver(patient), webhooks.deliver(patient)]);
  await webhooks.deliver(patient);

  expect(got).toHaveLength(1);
  const { body = '', signature, authorization } = got[0] ?? {};
  expect(signature).toBe(createHmac('sha256', 'k').update(body).digest('base64'));
  expect(authorization).toBe('Bearer x');
  expect(JSON.parse(body)).toMatchObject({
    ...{ action: 'update', resource: 'formation' },
    data: { app: { name: 'shop' }, type: 'web', quantity: 2 },
    webhook_metadata: { event: { include: 'api:formation' } },
  });
  expect(await webhooks.deliveries(ann, 'shop', patient)).toMatchObject([
    { status: 'succeeded', attempts: 1, nextAt: null, last: { code: 204 } },
  ]);
});

it('is not there for another app, with what it was told [S-API-02]', async () => {
  await using rig = await open();
  const { webhooks, ann } = rig;
  const { webhook } = await webhooks.add(ann, 'shop', { ...FORMATION, url: rig.url }, patient);
  await rig.scale(2);
  await webhooks.deliver(patient);
  const [delivery] = await webhooks.deliveries(ann, 'shop', patient);
  const [event] = await webhooks.events(ann, 'shop', patient);
  await rig.create('other');
  const asked = [
    (app: string) => webhooks.find(ann, app, webhook.id, patient),
    (app: string) => webhooks.findDelivery(ann, app, delivery?.id ?? '', patient),
    (app: string) => webhooks.findEvent(ann, app, event?.id ?? '', patient),
    (app: string) => webhooks.change(ann, app, webhook.id, { level: 'sync' }, patient),
    (app: string) => webhooks.remove(ann, app, webhook.id, patient),
  ];
  expect(await webhooks.deliveries(ann, 'other', patient)).toEqual([]);
  expect(await webhooks.events(ann, 'other', patient)).toEqual([]);
  for (const ask of asked) await expect(ask('other'), String(ask)).rejects.toMatchObject({ id: 'not_found' });
  for (const ask of asked) await expect(ask('shop'), String(ask)).resolves.toBeDefined();
});

it('tries again what failed, later, under the same id, and gives up in the end', async () => {
  await using rig = await open();
  const { webhooks, ann, got, answers } = rig;
  await webhooks.add(ann, 'shop', { ...FORMATION, url: rig.url }, patient);
  answers.push(500);
  await rig.scale(2);
  await webhooks.deliver(patient);
  await webhooks.deliver(patient); // not due yet
  expect(await webhooks.deliveries(ann, 'shop', patient)).toMatchObject([
    { status: 'retrying', attempts: 1 },
  ]);
  rig.passed(60_000);
  await webhooks.deliver(patient);
  expect(await webhooks.deliveries(ann, 'shop', patient)).toMatchObject([
    { status: 'succeeded', attempts: 2 },
  ]);
  const ids = got.map(
    ({ body }) =>
      (JSON.parse(body) as { webhook_metadata: { delivery: { id: string } } }).webhook_metadata.delivery.id,
  );
  expect(ids).toHaveLength(2);
  expect(ids[0]).toBe(ids[1]);

  answers.push(...Array.from({ length: 20 }, () => 500));
  await rig.scale(3);
  for (let tries = 0; tries < 20; tries += 1) {
    await webhooks.deliver(patient);
    rig.passed(2 * 60 * 60_000);
  }
  const [last] = await webhooks.deliveries(ann, 'shop', patient);
  expect(last).toMatchObject({ status: 'failed', attempts: 11, nextAt: null, last: { error: 'bad_status' } });
});

it('loses nothing of what was taken by a server that died, and keeps the order of one that is in step', async () => {
  await using rig = await open();
  const { webhooks, store, ann, got, answers } = rig;
  await webhooks.add(ann, 'shop', { ...FORMATION, level: 'sync', url: rig.url }, patient);
  await rig.scale(2);
  await rig.scale(3);
  expect(
    await store.take({ limit: 10, each: 10, besides: [] }, 60_000, patient),
    'only the oldest',
  ).toHaveLength(1);
  await webhooks.deliver(patient);
  expect(got, 'taken by another').toHaveLength(0);
  rig.passed(61_000);
  answers.push(500);
  await webhooks.deliver(patient);
  await webhooks.deliver(patient);
  expect(got, 'the second waits for the first').toHaveLength(1);
  rig.passed(60_000);
  await webhooks.deliver(patient);
  await webhooks.deliver(patient);
  const counts = got.map(({ body }) => (JSON.parse(body) as { data: { quantity: number } }).data.quantity);
  expect(counts).toEqual([2, 2, 3]);
});

it('lets nobody wait for a receiver of another app that does not answer', async () => {
  await using rig = await open();
  const { webhooks, ann, got } = rig;
  await rig.create('mart');
  for (let n = 0; n < 6; n += 1) await webhooks.add(ann, 'shop', { ...FORMATION, url: rig.tarpit }, patient);
  await webhooks.add(ann, 'mart', { ...FORMATION, url: rig.url }, patient);
  await rig.scale(2);
  await rig.scale(3);
  await rig.scale(2, 'mart');
  await webhooks.deliver(patient);
  expect(got, 'of the other app').toHaveLength(1);
  await rig.scale(3, 'mart');
  await webhooks.deliver(patient);
  expect(got).toHaveLength(2);
  expect(rig.stuck(), 'of the one app at most so many at once').toBe(4);
});

it('gives up what it cannot sign, and delivers the rest', async () => {
  await using rig = await open();
  const { webhooks, ann, got, db } = rig;
  const { webhook } = await webhooks.add(ann, 'shop', { ...FORMATION, url: rig.url }, patient);
  await webhooks.add(ann, 'shop', { ...FORMATION, url: rig.url }, patient);
  const secret = randomBytes(60);
  await db.run((tables) => tables.webhook.update({ where: { id: webhook.id }, data: { secret } }), patient);
  await rig.scale(2);
  await webhooks.deliver(patient);
  expect(got).toHaveLength(1);
  const ended = (await webhooks.deliveries(ann, 'shop', patient)).find(
    (one) => one.webhook.id === webhook.id,
  );
  expect(ended).toMatchObject({ status: 'failed', nextAt: null, last: { error: 'config_unreadable' } });
});
