import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import * as contract from '../../server/contract/resources.ts';
import { freePort } from '../support/free-port.ts';
import { meetPerson, type Person } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';

/** In the network of receivers that the platform of the suites may call. */
const HOST = '127.66.0.2';
const APP = 'hooked';
const ON = ['-a', APP];
const WAIT = { timeout: 60_000, interval: 250 };
const RESOURCES = {
  release: { path: 'releases', schema: contract.release },
  build: { path: 'builds', schema: contract.build },
  dyno: { path: 'dynos', schema: contract.dyno },
  formation: { path: 'formation', schema: contract.formation },
  domain: { path: 'domains', schema: contract.domain },
} as const;
type Resource = keyof typeof RESOURCES;

interface Heard {
  readonly action: string;
  readonly resource: Resource;
  readonly data: Readonly<Record<string, unknown>>;
  readonly previous_data: Readonly<Record<string, unknown>>;
}

const heard: Heard[] = [];
const receiver = createServer((req, res) => {
  void text(req).then((body) => {
    heard.push(JSON.parse(body) as Heard);
    res.writeHead(204).end();
  });
});
let ann: Person;
let token: string;

beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  token = (await readFile(join(ann.place.home, 'admin-token'), 'utf8')).trim();
  await new Promise<void>((resolve) => receiver.listen(0, HOST, resolve));
  const { port } = receiver.address() as AddressInfo;
  const repo = await ann.newApp(APP);
  const include = 'api:release,api:build,api:formation,api:domain,dyno';
  const added = await ann.gantry('webhooks:add', '-i', include, '-u', `http://${HOST}:${port}/`, ...ON);
  expect(added, added.stderr).toEqual(expect.objectContaining({ code: 0 }));
  await repo.commit(dockerfileApp('hooked'));
  expect(await repo.push()).toEqual(expect.objectContaining({ code: 0 }));
});
afterAll(async () => {
  await ann[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  receiver.close();
});

async function api(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const res = await fetch(`http://127.0.0.1:${ann.place.apiPort}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: res.status, body: await res.json() };
}

/** The last that was told of a kind, once it is so. */
async function last(resource: Resource, is: Readonly<Record<string, unknown>>): Promise<Heard> {
  const find = (): Heard | undefined => heard.filter((one) => one.resource === resource).at(-1);
  await expect.poll(find, WAIT).toMatchObject({ data: is });
  return find() as Heard;
}

/** But for the link, which is made anew whenever it is shown. */
const linkless = (resource: unknown) => ({ ...(resource as object), output_stream_url: '' });

it.each<[Resource, Readonly<Record<string, unknown>>]>([
  ['build', { status: 'succeeded' }],
  ['release', { status: 'succeeded', version: 2, current: true }],
  ['dyno', { state: 'up', name: 'web.1' }],
])('what a receiver hears of a %s is what the API answers under the id it heard', async (resource, is) => {
  const { data } = await last(resource, is);
  const { path, schema } = RESOURCES[resource];
  const { status, body } = await api(`/apps/${APP}/${path}/${String(data['id'])}`);
  expect(status).toBe(200);
  expect(linkless(data)).toEqual(linkless(body));
  expect(schema.strict().parse(data)).toEqual(data);
});

it('the ids lead from one to the other: an instance to its release, a release to the build that made it', async () => {
  const dyno = await last('dyno', { state: 'up' });
  const release = await last('release', { version: 2 });
  const build = await last('build', { status: 'succeeded' });
  expect(dyno.data['release']).toEqual({ id: release.data['id'], version: 2 });
  expect(build.data).toMatchObject({ release: { id: release.data['id'] }, slug: release.data['slug'] });
});

it('the output of a build can be read where the webhook says', async () => {
  const { data } = await last('build', { status: 'succeeded' });
  const output = new URL(String(data['output_stream_url']));
  expect(output.host).toBe(`api.localhost:${ann.place.httpPort}`);
  const read = await ann.visit('api', output.pathname);
  expect(read).toMatchObject({ status: 200, body: expect.stringContaining('Dockerfile') as unknown });
});

it('a change is told with what it changed and nothing else', async () => {
  await ann.gantry('ps:scale', 'web=2', ...ON);
  const scaled = await last('formation', { type: 'web', quantity: 2 });
  expect(scaled.previous_data).toEqual({ quantity: 1 });
  const { body } = await api(`/apps/${APP}/formation/web`);
  expect(scaled.data).toEqual(body);
  await ann.gantry('domains:add', 'www.hooked.example', ...ON);
  const { data } = await last('domain', { hostname: 'www.hooked.example' });
  expect((await api(`/apps/${APP}/domains/${String(data['id'])}`)).body).toEqual(data);
});

it('a delivery that failed says why', async () => {
  const url = `http://${HOST}:${await freePort()}/`;
  await ann.gantry('webhooks:add', '-i', 'api:app', '-u', url, ...ON);
  await ann.gantry('maintenance:on', ...ON);
  const deliveries = async () =>
    (await api(`/apps/${APP}/webhook-deliveries?eq[status]=retrying`)).body as readonly unknown[];
  await expect
    .poll(async () => (await deliveries())[0], WAIT)
    .toMatchObject({
      ...{ status: 'retrying', event: { include: 'api:app' } },
      last_attempt: { code: null, error_class: 'connection_refused', status: 'failed' },
    });
});
