import { beforeAll, beforeEach, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { issue, type Issued } from '../../test/support/certificates.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import { EVERYTHING } from '../domain/actor.ts';
import { MOST_DOMAINS } from '../domain/domain.ts';
import { createCertificates, type Certificates } from './certificates.ts';
import { createDomains, type Domains } from './domains.ts';

let rig: ReturnType<typeof createStoresRig>;
let domains: Domains;
let certificates: Certificates;
let site: Issued;
let renewed: Issued;

beforeAll(async () => {
  site = await issue({ names: ['www.example.com', '*.example.com'], subject: '/CN=site' });
  renewed = await issue({ names: ['www.example.com'], subject: '/CN=renewed' });
});

beforeEach(() => {
  rig = createStoresRig();
  const { apps, controller, domains: store, certificates: keys } = rig;
  domains = createDomains({ apps, store, certificates: keys, controller, platformDomain: 'apps.example' });
  certificates = createCertificates({
    ...{ apps, store: keys, domains: store, controller },
    clock: { now: () => new Date() },
  });
});

const brought = (from: Issued) => ({ chain: from.certificate, key: new Secret(from.key) });
const add = (hostname: string, certificate: string | null = null, app = 'hello', actor = rig.ann) =>
  domains.add(actor, app, { hostname, certificate }, patient);

it('adds a host in canonical form, wakes the controller, and finds it however it is written', async () => {
  const app = await rig.createApp();
  const { domain } = await add('  WWW.Bücher.Example. ');
  expect(domain).toMatchObject({ hostname: 'www.xn--bcher-kva.example', certificate: null });
  expect(rig.woken).toEqual([app.id]);
  for (const same of [domain.id, 'www.bücher.example', 'WWW.XN--BCHER-KVA.EXAMPLE.'])
    expect((await domains.find(rig.ann, 'hello', same, patient)).domain.id).toBe(domain.id);
  expect((await domains.list(rig.ann, 'hello', patient)).domains).toEqual([domain]);
});

it.each([
  'apps.example',
  'api.apps.example',
  'other.apps.example',
  '*.apps.example',
  'hello.apps.example',
  'localhost',
  '127.0.0.1',
  'a b.example',
  'a%62.example',
  'x\u0000.example',
  '*.ö',
])('refuses %s', async (hostname) => {
  await rig.createApp();
  await expect(add(hostname)).rejects.toMatchObject({ id: 'invalid_params', params: { field: 'hostname' } });
  expect(rig.woken).toEqual([]);
});

it('gives a host to one app of the platform only, until it is removed there', async () => {
  await rig.createApp('hello');
  await rig.createApp('other');
  await add('www.example.com');
  for (const app of ['hello', 'other'])
    await expect(add('WWW.example.com', null, app)).rejects.toMatchObject({ id: 'domain_taken' });
  await domains.remove(rig.ann, 'hello', 'www.example.com', patient);
  expect((await add('www.example.com', null, 'other')).app.name).toBe('other');
  await expect(domains.remove(rig.ann, 'hello', 'www.example.com', patient)).rejects.toMatchObject({
    id: 'not_found',
    params: { resource: 'domain' },
  });
});

it('lets nobody take a host out of another owner’s wildcard, nor put a wildcard over their hosts', async () => {
  await rig.createApp('hello');
  await rig.apps.create(
    { id: '00000000-0000-4000-8000-000000000001', name: 'bobs', ownerId: rig.bob.userId, deployBranch: null },
    patient,
  );
  await add('*.ann.example');
  await add('one.both.example');
  const asBob = (hostname: string) => add(hostname, null, 'bobs', rig.bob);
  await expect(asBob('www.ann.example')).rejects.toMatchObject({ id: 'domain_taken' });
  await expect(asBob('*.both.example')).rejects.toMatchObject({ id: 'domain_taken' });
  // Two labels below, and the domain itself, are under no wildcard of hers.
  expect((await asBob('a.www.ann.example')).domain.hostname).toBe('a.www.ann.example');
  expect((await asBob('ann.example')).domain.hostname).toBe('ann.example');
});

it('lets an owner put a host of one app below the wildcard of another', async () => {
  await rig.createApp('hello');
  await rig.createApp('other');
  await add('*.example.com');
  expect((await add('www.example.com', null, 'other')).domain.hostname).toBe('www.example.com');
});

it('bounds how many an app has', async () => {
  const app = await rig.createApp();
  for (let n = 0; n < MOST_DOMAINS; n += 1)
    await rig.domains.add({ id: `d${n}`, app, hostname: `h${n}.example.com`, certificateId: null }, patient);
  await expect(add('one.more.example')).rejects.toMatchObject({ id: 'too_many_domains' });
});

it('keeps the address that every app has', async () => {
  await rig.createApp();
  for (const change of [
    domains.remove(rig.ann, 'hello', 'Hello.apps.example', patient),
    domains.attach(rig.ann, 'hello', 'hello.apps.example', null, patient),
  ])
    await expect(change).rejects.toThrow(/address that every app has/);
});

it('attaches a certificate that is good for the host, and no other', async () => {
  const app = await rig.createApp();
  const { certificate } = await certificates.add(rig.ann, 'hello', brought(site), patient);
  const { domain } = await add('www.example.com', certificate.name);
  expect(domain.certificate).toEqual({ id: certificate.id, name: certificate.name });
  await add('elsewhere.example');
  await expect(
    domains.attach(rig.ann, 'hello', 'elsewhere.example', certificate.id, patient),
  ).rejects.toThrow(/is not for elsewhere\.example, but for www\.example\.com, \*\.example\.com/);
  await expect(add('b.example.com', 'nothing')).rejects.toMatchObject({
    params: { resource: 'sni_endpoint' },
  });
  expect(
    (await domains.attach(rig.ann, 'hello', 'www.example.com', null, patient)).domain.certificate,
  ).toBeNull();
  expect(new Set(rig.woken)).toEqual(new Set([app.id]));
});

it('replaces a certificate only by one that is good for its domains, and gives them back the platform’s when it goes', async () => {
  await rig.createApp();
  const { certificate } = await certificates.add(rig.ann, 'hello', brought(site), patient);
  await add('www.example.com', certificate.id);
  const { certificate: after } = await certificates.replace(
    rig.ann,
    'hello',
    certificate.name,
    brought(renewed),
    patient,
  );
  expect([after.id, after.name]).toEqual([certificate.id, certificate.name]);
  expect(after.digest).not.toBe(certificate.digest);
  const bad = await issue({ names: ['other.example'] });
  await expect(
    certificates.replace(rig.ann, 'hello', certificate.name, brought(bad), patient),
  ).rejects.toThrow(/is not for www\.example\.com, which has the certificate/);
  await certificates.remove(rig.ann, 'hello', certificate.name, patient);
  expect((await domains.find(rig.ann, 'hello', 'www.example.com', patient)).domain.certificate).toBeNull();
});

it('refuses a certificate that is none, or not for its key, in a sentence', async () => {
  await rig.createApp();
  const crossed = { chain: site.certificate, key: new Secret(renewed.key) };
  await expect(certificates.add(rig.ann, 'hello', crossed, patient)).rejects.toThrow(
    /^certificate_chain does not belong to this private key/,
  );
  const nothing = { chain: 'hello', key: new Secret('x') };
  await expect(certificates.add(rig.ann, 'hello', nothing, patient)).rejects.toMatchObject({
    id: 'invalid_params',
  });
});

it('hides from strangers that there is anything, and lets nobody change what their token is not for', async () => {
  await rig.createApp();
  const reader = { ...rig.ann, scopes: ['read'] as const };
  const calls = (actor: typeof rig.ann) => [
    add('www.example.com', null, 'hello', actor),
    domains.attach(actor, 'hello', 'x.example', null, patient),
    domains.remove(actor, 'hello', 'x.example', patient),
    certificates.add(actor, 'hello', brought(site), patient),
    certificates.replace(actor, 'hello', 'x', brought(site), patient),
    certificates.remove(actor, 'hello', 'x', patient),
  ];
  const reads = [domains.list(rig.bob, 'hello', patient), certificates.find(rig.bob, 'hello', 'x', patient)];
  for (const call of [...calls(rig.bob), ...reads])
    await expect(call).rejects.toMatchObject({ id: 'not_found', params: { resource: 'app' } });
  for (const call of calls(reader)) await expect(call).rejects.toMatchObject({ id: 'scope_too_small' });
  expect((await domains.list({ ...rig.ann, scopes: EVERYTHING }, 'hello', patient)).domains).toEqual([]);
});

it('wakes the controller when a host gets another certificate, or goes', async () => {
  const app = await rig.createApp();
  await add('www.example.com');
  await certificates.add(rig.ann, 'hello', brought(site), patient);
  rig.woken.length = 0;
  const [certificate] = await rig.certificates.list(app.id, patient);
  await domains.attach(rig.ann, 'hello', 'www.example.com', certificate?.name ?? '', patient);
  expect(rig.woken).toEqual([app.id]);
  await domains.remove(rig.ann, 'hello', 'www.example.com', patient);
  expect(rig.woken).toEqual([app.id, app.id]);
});

it('does not attach a certificate to a host that has gone in the same moment', async () => {
  const app = await rig.createApp();
  const { domain } = await add('www.example.com');
  rig.woken.length = 0;
  const store = { ...rig.domains, attach: () => rig.domains.remove(domain, patient).then(() => undefined) };
  const service = createDomains({ ...rig, store, platformDomain: 'apps.example' });
  await expect(service.attach(rig.ann, 'hello', 'www.example.com', null, patient)).rejects.toMatchObject({
    id: 'app_changed',
    params: { app: app.name },
  });
  expect(rig.woken).toEqual([]);
});

it('lets nobody change a host who may only look at the app, or deploy it', async () => {
  const app = await rig.createApp();
  await add('www.example.com');
  for (const role of ['view', 'deploy'] as const) {
    await rig.collaborators.put(app.id, rig.bob.userId, role, patient);
    for (const asked of [
      add('other.example.com', null, 'hello', rig.bob),
      domains.attach(rig.bob, 'hello', 'www.example.com', null, patient),
      domains.remove(rig.bob, 'hello', 'www.example.com', patient),
    ])
      await expect(asked).rejects.toMatchObject({ id: 'forbidden' });
  }
});
