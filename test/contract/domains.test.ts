import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import type { App } from '../../server/domain/app.ts';
import { addApp, again, onEveryStore, patient, type Stores } from '../support/stores.ts';

const text = (digest: string, key = 'PRIVATE') => ({
  chain: `chain of ${digest}\n`,
  key: new Secret(key),
  digest,
});

onEveryStore((open) => {
  const addDomain = (stores: Stores, app: App, hostname: string, certificateId: string | null = null) =>
    stores.domains.add({ id: randomUUID(), app, hostname, certificateId }, patient);
  const addCertificate = (stores: Stores, app: App, name: string, digest = name) =>
    stores.certificates.add({ id: randomUUID(), app, name }, text(digest), patient);

  it('keeps domains of an app, by host name', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [app, other] = [await addApp(stores, ann), await addApp(stores, ann)];
    const b = await addDomain(stores, app, 'b.example.com');
    const a = await addDomain(stores, app, '*.example.com');
    await addDomain(stores, other, 'c.example.com');
    expect(await stores.domains.list(app.id, patient)).toEqual([a, b]);
    expect(await stores.domains.find(app.id, 'b.example.com', patient)).toEqual(b);
    expect(await stores.domains.find(app.id, b.id, patient)).toEqual(b);
    for (const not of ['c.example.com', randomUUID(), 'b.example'])
      expect(await stores.domains.find(app.id, not, patient)).toBeUndefined();
    expect(await stores.domains.remove(b, patient)).toBe(true);
    expect(await stores.domains.remove(b, patient)).toBe(false);
    expect(await stores.domains.list(app.id, patient)).toEqual([a]);
  });

  it('finds neither a domain nor a certificate of another app, by name or id [S-API-02]', async () => {
    await using stores = await open();
    const [app, other] = [
      await addApp(stores, await stores.addUser()),
      await addApp(stores, await stores.addUser()),
    ];
    const domain = await addDomain(stores, app, 'a.example.com');
    const certificate = await addCertificate(stores, app, 'first');
    for (const which of [domain.id, domain.hostname])
      expect(await stores.domains.find(other.id, which, patient)).toBeUndefined();
    for (const which of [certificate.id, certificate.name])
      expect(await stores.certificates.find(other.id, which, patient)).toBeUndefined();
  });

  it('gives a host to one app only, also when several ask at once', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const apps = [await addApp(stores, ann), await addApp(stores, ann), await addApp(stores, ann)];
    const made = await Promise.allSettled(apps.map((app) => addDomain(stores, app, 'www.example.com')));
    expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    const failed = made.find((one) => one.status === 'rejected');
    expect(failed?.reason).toMatchObject({ id: 'domain_taken', params: { hostname: 'www.example.com' } });
  });

  it('lets a wildcard and what is below it belong to one owner only', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const [hers, hersToo, his] = [
      await addApp(stores, ann),
      await addApp(stores, ann),
      await addApp(stores, bob),
    ];
    await addDomain(stores, hers, '*.ann.example');
    await addDomain(stores, hers, 'one.both.example');
    const taken = { id: 'domain_taken' };
    await expect(addDomain(stores, his, 'www.ann.example')).rejects.toMatchObject(taken);
    await expect(addDomain(stores, his, '*.both.example')).rejects.toMatchObject(taken);
    for (const free of [
      'a.www.ann.example',
      'ann.example',
      '*.example',
      'notann.example',
      '*.a.both.example',
    ])
      expect((await addDomain(stores, his, free)).hostname).toBe(free);
    expect((await addDomain(stores, hersToo, 'www.ann.example')).appId).toBe(hersToo.id);
    expect((await addDomain(stores, hersToo, '*.both.example')).appId).toBe(hersToo.id);
  });

  it('frees the hosts of an app that is destroyed, and adds none to it', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [app, next] = [await addApp(stores, ann), await addApp(stores, ann)];
    await addDomain(stores, app, 'www.example.com');
    await stores.apps.markDeleted(await again(stores, app), patient);
    expect((await addDomain(stores, next, 'www.example.com')).appId).toBe(next.id);
    await expect(addDomain(stores, app, 'b.example.com')).rejects.toMatchObject({ id: 'not_found' });
    await expect(addCertificate(stores, app, 'late')).rejects.toMatchObject({ id: 'not_found' });
  });

  it('keeps certificates, and tells which domains have them', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [app, other] = [await addApp(stores, ann), await addApp(stores, ann)];
    const second = await addCertificate(stores, app, 'second');
    const first = await addCertificate(stores, app, 'first');
    const foreign = await addCertificate(stores, other, 'first', 'foreign');
    expect(await stores.certificates.list(app.id, patient)).toEqual([first, second]);
    const domain = await addDomain(stores, app, 'www.example.com', first.id);
    expect(domain.certificate).toEqual({ id: first.id, name: 'first' });
    expect((await stores.certificates.find(app.id, 'first', patient))?.domains).toEqual([domain.id]);
    expect((await stores.certificates.find(app.id, first.id, patient))?.chain).toBe('chain of first\n');
    expect(await stores.certificates.find(app.id, foreign.id, patient)).toBeUndefined();
    expect(await stores.domains.attach(domain, foreign.id, patient)).toBeUndefined();
    await expect(addDomain(stores, app, 'b.example.com', foreign.id)).rejects.toMatchObject({
      id: 'not_found',
    });
    const moved = await stores.domains.attach(domain, second.id, patient);
    expect(moved?.certificate?.name).toBe('second');
    expect(await stores.certificates.remove(second, patient)).toBe(true);
    expect((await stores.domains.find(app.id, domain.id, patient))?.certificate).toBeNull();
    expect(await stores.certificates.remove(second, patient)).toBe(false);
    await stores.domains.remove(domain, patient);
    expect(await stores.domains.attach(domain, first.id, patient)).toBeUndefined();
  });

  it('opens a key only as part of its bundle, and replaces both at once unless somebody else has', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const certificate = await addCertificate(stores, app, 'shop', 'one');
    expect((await stores.certificates.bundleOf('one', patient))?.reveal()).toBe('chain of one\nPRIVATE');
    const replaced = await stores.certificates.replace(certificate, text('two', 'OTHER'), patient);
    expect(replaced).toMatchObject({ id: certificate.id, name: 'shop', digest: 'two' });
    expect(await stores.certificates.replace(certificate, text('three'), patient)).toBeUndefined();
    expect(await stores.certificates.bundleOf('one', patient)).toBeUndefined();
    expect((await stores.certificates.bundleOf('two', patient))?.reveal()).toBe('chain of two\nOTHER');
    expect(JSON.stringify(await stores.certificates.list(app.id, patient))).not.toMatch(/PRIVATE|OTHER/);
  });

  it('tells the controller the hosts, certificates and maintenance of every app', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const app = await addApp(stores, ann);
    await addApp(stores, ann);
    const certificate = await addCertificate(stores, app, 'shop', 'one');
    await addDomain(stores, app, 'www.example.com', certificate.id);
    await addDomain(stores, app, '*.example.com');
    expect(await stores.apps.setFlags(await again(stores, app), { maintenance: true }, patient)).toBe(true);
    expect(await stores.apps.setFlags(app, { acm: true }, patient)).toBe(false);
    const desired = await stores.controller.desired(patient);
    expect(desired.find((d) => d.app.id === app.id)).toMatchObject({
      maintenance: true,
      domains: [
        { host: '*.example.com', certificate: null },
        { host: 'www.example.com', certificate: 'one' },
      ],
    });
    expect(desired.find((d) => d.app.id !== app.id)).toMatchObject({ maintenance: false, domains: [] });
    expect(await again(stores, app)).toMatchObject({ maintenance: true, acm: false });
  });
});
