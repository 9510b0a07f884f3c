import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { domain, sniEndpoint } from '../../server/contract/resources.ts';
import { issue, type Issued } from '../support/certificates.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

let door: TestDoor;
let site: Issued;

beforeAll(async () => {
  site = await issue({
    since: '20200101000000Z',
    names: ['www.example.com', '*.example.com'],
    subject: '/O=Example/CN=site',
  });
});
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

const body = () => ({ certificate_chain: site.certificate, private_key: site.key });
const add = async (hostname: string, sni_endpoint: string | null = null) =>
  door.call('POST', '/apps/demo/domains', { body: { hostname, sni_endpoint } });

it('adds, lists, shows and removes domains as the heroku command does', async () => {
  const added = await add('WWW.example.com');
  expect(added.status).toBe(201);
  const made = domain.parse(added.body);
  expect(made).toMatchObject({
    ...{ hostname: 'www.example.com', kind: 'custom', cname: 'demo.localhost', status: 'succeeded' },
    ...{ acm_status: null, sni_endpoint: null },
  });
  const listed = domain.array().parse((await door.call('GET', '/apps/demo/domains')).body);
  expect(listed.map(({ hostname, kind, cname }) => [hostname, kind, cname])).toEqual([
    ['demo.localhost', 'heroku', null],
    ['www.example.com', 'custom', 'demo.localhost'],
  ]);
  const own = listed[0]?.id ?? '';
  for (const [which, hostname] of [
    ['www.example.com', 'www.example.com'],
    [made.id, 'www.example.com'],
    ['demo.localhost', 'demo.localhost'],
    [own, 'demo.localhost'],
  ])
    expect((await door.call('GET', `/apps/demo/domains/${which ?? ''}`)).body).toMatchObject({ hostname });
  expect((await door.call('DELETE', '/apps/demo/domains/www.example.com')).body).toMatchObject({
    id: made.id,
  });
  expect(await door.call('GET', '/apps/demo/domains/www.example.com')).toMatchObject({
    status: 404,
    body: { id: 'not_found', resource: 'domain' },
  });
});

it('finds a wildcard by its name in the path', async () => {
  await add('*.example.com');
  const path = `/apps/demo/domains/${encodeURIComponent('*.example.com')}`;
  expect((await door.call('GET', path)).body).toMatchObject({ hostname: '*.example.com' });
  expect((await door.call('DELETE', path)).status).toBe(200);
});

it('says what cannot be a domain, and which is taken', async () => {
  await add('www.example.com');
  expect(await add('www.example.com')).toMatchObject({ status: 422, body: { id: 'domain_taken' } });
  expect(await add('api.localhost')).toMatchObject({ status: 422, body: { id: 'invalid_params' } });
  expect(await door.call('DELETE', '/apps/demo/domains/demo.localhost')).toMatchObject({ status: 422 });
  expect(
    await door.call('PATCH', '/apps/demo/domains/demo.localhost', { body: { sni_endpoint: null } }),
  ).toMatchObject({
    status: 422,
  });
});

it('takes a certificate, tells all about it but its key, and attaches it to domains', async () => {
  const added = await door.call('POST', '/apps/demo/sni-endpoints', { body: body() });
  expect(added.status).toBe(201);
  expect(added.text).not.toContain('PRIVATE KEY');
  const made = sniEndpoint.parse(added.body);
  expect(made).toMatchObject({ app: { name: 'demo' }, domains: [], display_name: null });
  expect(made.ssl_cert).toMatchObject({
    ...{ cert_domains: ['www.example.com', '*.example.com'], issuer: 'O=Example,CN=site' },
    ...{ subject: 'O=Example,CN=site', 'self_signed?': true, 'ca_signed?': false, acm: false },
  });
  expect(made.ssl_cert.expires_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const attached = domain.parse((await add('www.example.com', made.name)).body);
  expect(attached.sni_endpoint).toEqual({ id: made.id, name: made.name });
  expect((await door.call('GET', `/apps/demo/sni-endpoints/${made.name}`)).body).toMatchObject({
    domains: [attached.id],
  });
  const off = await door.call('PATCH', '/apps/demo/domains/www.example.com', {
    body: { sni_endpoint: null },
  });
  expect(off.body).toMatchObject({ sni_endpoint: null });
  const replaced = await door.call('PATCH', `/apps/demo/sni-endpoints/${made.id}`, { body: body() });
  expect(replaced.body).toMatchObject({ id: made.id, name: made.name });
  expect((await door.call('DELETE', `/apps/demo/sni-endpoints/${made.name}`)).status).toBe(200);
  expect((await door.call('GET', '/apps/demo/sni-endpoints')).body).toEqual([]);
});

it('refuses what is no certificate in one sentence', async () => {
  const other = await issue();
  for (const [sent, problem] of [
    [{ ...body(), private_key: other.key }, /does not belong to this private key/],
    [{ ...body(), certificate_chain: 'hello' }, /holds no certificate/],
    [{ certificate_chain: site.certificate }, /private_key/],
  ] as const) {
    const { status, body: said } = await door.call('POST', '/apps/demo/sni-endpoints', { body: sent });
    expect(status).toBe(422);
    expect(said).toMatchObject({ id: 'invalid_params', message: expect.stringMatching(problem) as string });
  }
});

it('keeps whether automatic certificates are wanted, and tells the truth about them', async () => {
  await add('www.example.com');
  const wanted = await door.call('POST', '/apps/demo/acm', { body: {} });
  expect(wanted.body).toMatchObject({ acm: true });
  expect(wanted.headers['warning-message']).toMatch(/^This platform does not get certificates by itself yet/);
  expect((await door.call('PATCH', '/apps/demo/acm', { body: { acm_refresh: true } })).status).toBe(200);
  expect((await door.call('GET', '/apps/demo/domains/www.example.com')).body).toMatchObject({
    acm_status: 'failed',
    acm_status_reason: expect.stringContaining('by itself yet') as string,
  });
  expect((await door.call('DELETE', '/apps/demo/acm')).body).toMatchObject({ acm: false });
  expect((await door.call('GET', '/apps/demo/domains/www.example.com')).body).toMatchObject({
    acm_status: null,
  });
});

it('switches maintenance mode on and off', async () => {
  const change = async (maintenance: boolean) =>
    (await door.call('PATCH', '/apps/demo', { body: { maintenance } })).body;
  expect(await change(true)).toMatchObject({ maintenance: true });
  expect((await door.call('GET', '/apps/demo')).body).toMatchObject({ maintenance: true });
  expect((await door.call('PATCH', '/apps/demo', { body: {} })).body).toMatchObject({ maintenance: true });
  expect(await change(false)).toMatchObject({ maintenance: false });
});

it('lists domains in pages', async () => {
  for (const name of ['a', 'b', 'c']) await add(`${name}.example.com`);
  const page = await door.call('GET', '/apps/demo/domains', { headers: { range: 'hostname ..; max=2' } });
  expect(page.status).toBe(206);
  expect(
    domain
      .array()
      .parse(page.body)
      .map((d) => d.hostname),
  ).toEqual(['a.example.com', 'b.example.com']);
  const all = await door.call('GET', '/apps/demo/domains', { headers: { range: 'id ..; max=1000;' } });
  expect(all.status).toBe(200);
});
