import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { openDatabase } from '../../server/adapters/postgres/database.ts';
import { createHappenings } from '../../server/adapters/postgres/happenings.ts';
import { createWebhooks } from '../../server/adapters/postgres/webhooks.ts';
import { newMasterKey } from '../../server/adapters/secrets/master-key.ts';
import { createSealer } from '../../server/adapters/secrets/sealer.ts';
import * as contract from '../../server/contract/resources.ts';
import type { Note } from '../../server/domain/happening.ts';
import type { Release } from '../../server/domain/release.ts';
import { WEBHOOK_INCLUDES, type WebhookPayload } from '../../server/domain/webhook.ts';
import { shapeAccess } from '../../server/http/membership-shapes.ts';
import { shapeCertificate, shapeDomain } from '../../server/http/shapes-domains.ts';
import { shapeApp, shapeBuild, shapeRelease, uuidOf } from '../../server/http/shapes.ts';
import { issue } from '../support/certificates.ts';
import { migratedPostgres } from '../support/migrated-postgres.ts';
import { addApp, again, draftOf, imageOf, LEDGER, openPostgres, patient, pushed } from '../support/stores.ts';
import { PLACE, wireOf } from '../support/wire.ts';

const createDatabase = migratedPostgres();
const RESOURCES = {
  ...{ app: contract.app, release: contract.release, build: contract.build, domain: contract.domain },
  ...{ formation: contract.formation, collaborator: contract.collaborator, dyno: contract.dyno },
  'sni-endpoint': contract.sniEndpoint,
};

/** An app with a webhook for everything, and what it is told. */
async function open() {
  const url = await createDatabase();
  const stores = openPostgres(url);
  const db = openDatabase({ url, log: quietLog(), connections: 3 });
  const sealer = createSealer({ keys: [newMasterKey()] });
  const clock = { now: () => stores.time.now() };
  const happenings = createHappenings({ db, clock, wire: wireOf(clock.now), log: quietLog() });
  const webhooks = createWebhooks({ db, sealer, clock });
  const ann = await stores.addUser();
  const app = await addApp(stores, ann, 'shop');
  const hook = {
    id: randomUUID(),
    appId: app.id,
    url: 'https://hooks.example.com/',
    level: 'notify',
  } as const;
  const secrets = { secret: new Secret('k'), authorization: null };
  await happenings.publish(patient);
  await webhooks.add({ ...hook, include: WEBHOOK_INCLUDES, ...secrets }, 1, patient);
  const epoch = await stores.controller.takeOver(patient);
  const client = new Client({ connectionString: url });
  await client.connect();
  let heard = 0;
  return {
    ...{ client, stores, ann, app, epoch },
    note: (note: Omit<Note, 'appId'>) => happenings.note([{ ...note, appId: app.id }], patient),
    /** What was told since it was asked for the last time, oldest first; each parses as what it says it is. */
    async told(): Promise<readonly WebhookPayload[]> {
      await happenings.publish(patient);
      const all = (await webhooks.events(app.id, patient)).toReversed().map(({ payload }) => payload);
      const news = all.slice(heard);
      heard = all.length;
      for (const { resource, data } of news) {
        const schema = RESOURCES[resource as keyof typeof RESOURCES];
        expect(schema.strict().parse(data), resource).toEqual(data);
      }
      return news;
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      await db[Symbol.asyncDispose]();
      await stores[Symbol.asyncDispose]();
    },
  };
}

const brief = ({ action, resource, previous_data: previous }: WebhookPayload) =>
  `${action} ${resource}: ${Object.keys(previous).join(' ')}`;
/** As the API shows it, but for the link, which is another each time. */
const linkless = (data: object) => ({ ...data, output_stream_url: '' });

it('tells of a release what the API shows, each time as it was then, although all is told at once', async () => {
  await using rig = await open();
  const { stores, app, epoch } = rig;
  const made = await stores.releases.create(app, await draftOf(stores, app), patient);
  const deployment = made.deployment?.id ?? '';
  await stores.controller.begin(deployment, epoch, patient);
  await stores.controller.succeed(deployment, epoch, LEDGER, patient);
  const told = await rig.told();
  expect(told.map(brief).toSorted()).toEqual([
    'create release: ',
    'update formation: ',
    'update release: status eligible_for_rollback',
  ]);
  const [first, second] = told.filter(({ resource }) => resource === 'release');
  const release = (await stores.releases.find(app.id, made.release.id, patient)) as Release;
  const shown = shapeRelease(release, await again(stores, app), '');
  expect(linkless(second?.data ?? {})).toEqual(linkless(shown));
  expect(linkless(first?.data ?? {})).toEqual({
    ...linkless(shown),
    ...{ status: 'pending', eligible_for_rollback: false },
  });
  expect(second).toMatchObject({
    data: { slug: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown }, current: true },
    previous_data: { status: 'pending', eligible_for_rollback: false },
  });
  expect(told.find(({ resource }) => resource === 'formation')?.data).toMatchObject({
    ...{ type: 'web', quantity: 1, command: 'web', app: { id: app.id, name: 'shop' }, size: 'small' },
  });
});

it('tells of a build what the API shows, and nothing of steps that it does not show', async () => {
  await using rig = await open();
  const { stores, ann, app } = rig;
  const id = await pushed(stores, app);
  await stores.builds.claim(app.id, rig.epoch, patient);
  stores.time.passed(5_000);
  await pushed(stores, app);
  const told = (await rig.told()).filter(({ data }) => data['id'] === id);
  expect(told.map(brief)).toEqual(['create build: ', 'update build: status failure updated_at']);
  const build = await stores.builds.find(id, patient);
  expect(linkless(told[1]?.data ?? {})).toEqual(linkless(shapeBuild(build as never, app, ann.email, '')));
  expect(told[0]?.data).toMatchObject({ status: 'pending', user: { email: ann.email }, failure: null });
});

it('tells of domains, certificates and collaborators what the API shows, and of what is gone what it was', async () => {
  await using rig = await open();
  const { stores, app } = rig;
  const { certificate: chain, key } = await issue({ names: ['www.example.com'] });
  const text = { chain, key: new Secret(key), digest: 'one' };
  const certificate = await stores.certificates.add({ id: randomUUID(), app, name: 'tokyo' }, text, patient);
  const wish = { id: randomUUID(), app, hostname: 'www.example.com', certificateId: certificate.id };
  const domain = await stores.domains.add(wish, patient);
  const bob = await stores.addUser();
  const friend = await stores.collaborators.put(app.id, bob.userId, 'view', patient);
  const made = await rig.told();
  expect(made.map(brief)).toEqual(['create sni-endpoint: ', 'create domain: ', 'create collaborator: ']);
  const shown = { ...certificate, domains: [domain.id] };
  expect(made.map(({ data }) => data)).toEqual([
    shapeCertificate(app, shown),
    shapeDomain(app, domain, PLACE),
    shapeAccess({ ...friend, owner: false, byTeam: false }, app),
  ]);

  await stores.collaborators.put(app.id, bob.userId, 'operate', patient);
  await stores.collaborators.remove(app.id, bob.userId, patient);
  await stores.certificates.remove(shown, patient);
  await stores.domains.remove(domain, patient);
  const gone = await rig.told();
  expect(gone.map(brief).toSorted()).toEqual([
    'destroy collaborator: ',
    'destroy domain: ',
    'destroy sni-endpoint: ',
    'update collaborator: permissions',
    'update domain: sni_endpoint',
  ]);
  const of = (action: string, resource: string) =>
    gone.find((one) => one.action === action && one.resource === resource);
  expect(of('destroy', 'collaborator')?.data).toMatchObject({ id: friend.id, user: { email: bob.email } });
  expect(of('destroy', 'domain')?.data).toMatchObject({ id: domain.id, hostname: 'www.example.com' });
  expect(of('destroy', 'sni-endpoint')?.data).toMatchObject({ id: certificate.id, name: 'tokyo' });
  expect(of('update', 'domain')).toMatchObject({
    data: { sni_endpoint: null },
    previous_data: { sni_endpoint: { id: certificate.id, name: 'tokyo' } },
  });
  expect(JSON.stringify([...made, ...gone]), 'the private key').not.toContain('PRIVATE KEY');
});

it('tells of an app what the API shows, and of its end under the name that it had', async () => {
  await using rig = await open();
  const { stores, ann, app } = rig;
  await stores.apps.setFlags(app, { maintenance: true }, patient);
  await stores.apps.setDeployBranch(await again(stores, app), 'live', patient);
  const [told, ...more] = await rig.told();
  expect(more, 'which branch deploys is no field of an app').toEqual([]);
  expect(told).toMatchObject({ action: 'update', resource: 'app', previous_data: { maintenance: false } });
  const seen = await stores.apps.findFor(ann, 'shop', patient);
  expect(told?.data).toEqual(shapeApp(seen as never, PLACE));
  await stores.apps.markDeleted(await again(stores, app), patient);
  expect(await rig.told()).toMatchObject([
    { action: 'destroy', resource: 'app', data: { id: app.id, name: 'shop', maintenance: true } },
  ]);
});

it('tells of an instance the id, the release and the command that the API has for it', async () => {
  await using rig = await open();
  const { stores, app } = rig;
  const { release } = await stores.releases.create(app, await draftOf(stores, app), patient);
  await rig.told();
  const names = { name: 'web.1', type: 'web', number: 1, release: 2, startedAt: '2026-11-21T11:59:58.500Z' };
  const note = { kind: 'instance', subject: 'c'.repeat(64) };
  await rig.note({ ...note, action: 'create', before: null, after: { ...names, state: 'starting' } });
  const change = { before: { state: 'starting' }, after: { ...names, state: 'up' } };
  await rig.note({ ...note, action: 'update', ...change });
  const end = { before: { state: 'stopping' }, after: { ...names, state: 'down' } };
  await rig.note({
    ...note,
    action: 'update',
    before: { state: 'up' },
    after: { ...names, state: 'stopping' },
  });
  await rig.note({ ...note, action: 'destroy', ...end });
  const told = await rig.told();
  expect(told.map(({ action, data }) => `${action} ${String(data['state'])}`)).toEqual([
    ...['create starting', 'update up', 'update down', 'destroy down'],
  ]);
  expect(told[1]).toMatchObject({
    resource: 'dyno',
    data: {
      ...{ id: uuidOf(`instance:${note.subject}`), name: 'web.1', command: 'web', size: 'small' },
      ...{ release: { id: release.id, version: 2 }, created_at: '2026-11-21T11:59:58Z' },
    },
    previous_data: { state: 'starting' },
  });
});

it('publishes no column that somebody adds to a table', async () => {
  await using rig = await open();
  const { stores, app, client } = rig;
  await client.query(`ALTER TABLE "Release" ADD COLUMN "internalNote" text`);
  const { release } = await stores.releases.create(app, await draftOf(stores, app), patient);
  await client.query(`UPDATE "Release" SET "internalNote" = 'psst', status = 'failed' WHERE id = $1`, [
    release.id,
  ]);
  await client.query(`UPDATE "Release" SET "internalNote" = 'psst psst' WHERE id = $1`, [release.id]);
  const told = (await rig.told()).filter(({ resource }) => resource === 'release');
  expect(told.map(brief)).toEqual(['create release: ', 'update release: status output_stream_url']);
  expect(JSON.stringify(told)).not.toMatch(/internal|psst/i);
});

it('tells the rest when one row cannot be shown', async () => {
  await using rig = await open();
  const { stores, app } = rig;
  const text = { chain: 'no certificate', key: new Secret('k'), digest: 'one' };
  await stores.certificates.add({ id: randomUUID(), app, name: 'broken' }, text, patient);
  const draft = await draftOf(stores, app, { image: imageOf(app.id), formation: new Map() });
  await stores.releases.create(app, draft, patient);
  expect((await rig.told()).map(brief)).toEqual(['create release: ']);
});
