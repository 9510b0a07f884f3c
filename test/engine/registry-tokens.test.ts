import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRegistryCall } from '../../builder/registry-call.ts';
import { createRegistryImages } from '../../builder/registry-images.ts';
import { createRegistryTokens } from '../../server/adapters/registry/tokens.ts';
import type { RegistryTokens } from '../../server/ports/registry.ts';
import { makeTokenKey, startRegistry, type TestRegistry } from '../support/registry.ts';

const patient = new AbortController().signal;
const clock = { now: () => new Date() };
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

let registry: TestRegistry;
let tokens: RegistryTokens;
beforeAll(async () => {
  registry = await startRegistry();
  ({ tokens } = registry);
});
afterAll(() => registry[Symbol.asyncDispose]());

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const newRepository = (): string => `apps/${randomBytes(6).toString('hex')}`;

function call(method: string, path: string, token: string | undefined, body?: Buffer, type?: string) {
  return fetch(new URL(path, `http://${registry.address}`), {
    method,
    ...(body && { body: new Uint8Array(body) }),
    headers: {
      accept: MANIFEST,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(type !== undefined && { 'content-type': type }),
    },
  });
}

async function statusOf(method: string, path: string, token?: string): Promise<number> {
  const answer = await call(method, path, token);
  await answer.arrayBuffer();
  return answer.status;
}

/** Pushes one blob, as a docker client does; answers the status of the step that was refused, or 201. */
async function pushBlob(repository: string, token: string, blob: Buffer): Promise<number> {
  const begun = await call('POST', `/v2/${repository}/blobs/uploads/`, token);
  if (begun.status !== 202) return begun.status;
  const where = new URL(begun.headers.get('location') ?? '', `http://${registry.address}`);
  where.searchParams.set('digest', digestOf(blob));
  return (await call('PUT', where.href, token, blob, 'application/octet-stream')).status;
}

/** Pushes the smallest image there is; answers its digest. */
async function pushImage(repository: string, token: string, tag = 'latest'): Promise<string> {
  const config = Buffer.from(JSON.stringify({ nonce: randomBytes(8).toString('hex') }));
  expect(await pushBlob(repository, token, config)).toBe(201);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        size: config.length,
        digest: digestOf(config),
      },
      layers: [],
    }),
  );
  const put = await call('PUT', `/v2/${repository}/manifests/${tag}`, token, manifest, MANIFEST);
  expect(put.status).toBe(201);
  return digestOf(manifest);
}

it('lets a push token push and pull its own repository', async () => {
  const mine = newRepository();
  const token = tokens.pushToken(mine);
  const digest = await pushImage(mine, token);
  expect(await statusOf('GET', `/v2/${mine}/manifests/${digest}`, token)).toBe(200);
  expect(await statusOf('GET', `/v2/${mine}/manifests/${digest}`, tokens.pullToken(mine))).toBe(200);
});

it('lets a token do nothing in another repository, and nothing beyond its purpose in its own', async () => {
  const [mine, other] = [newRepository(), newRepository()];
  const digest = await pushImage(other, tokens.pushToken(other));
  const all = [
    tokens.pushToken(mine),
    tokens.pullToken(mine),
    tokens.collectToken(mine),
    tokens.stackToken(),
  ];
  for (const token of all) {
    expect(await statusOf('GET', `/v2/${other}/manifests/${digest}`, token)).toBe(401);
    expect(await pushBlob(other, token, Buffer.from('x'))).toBe(401);
    expect(await statusOf('DELETE', `/v2/${other}/manifests/${digest}`, token)).toBe(401);
    expect(await statusOf('GET', '/v2/_catalog', token)).toBe(401);
  }
  expect(await pushBlob(other, tokens.pullToken(other), Buffer.from('x'))).toBe(401);
  expect(await statusOf('DELETE', `/v2/${other}/manifests/${digest}`, tokens.pushToken(other))).toBe(401);
  expect(await pushBlob(other, tokens.collectToken(other), Buffer.from('x'))).toBe(401);
  expect(await statusOf('DELETE', `/v2/${other}/manifests/${digest}`, tokens.pullToken(other))).toBe(401);
});

it('lets a build pull the stack image it may start from, but not push it', async () => {
  const digest = await pushImage('gantry/stack', tokens.pushToken('gantry/stack'));
  const token = tokens.pushToken(newRepository());
  expect(await statusOf('GET', `/v2/gantry/stack/manifests/${digest}`, token)).toBe(200);
  expect(await pushBlob('gantry/stack', token, Buffer.from('x'))).toBe(401);
});

it('gets nobody in without a token, or with one that is old, meant for another service, or signed by another key', async () => {
  const mine = newRepository();
  const digest = await pushImage(mine, tokens.pushToken(mine));
  const path = `/v2/${mine}/manifests/${digest}`;
  expect(await statusOf('GET', path)).toBe(401);
  expect(await statusOf('GET', '/v2/_catalog')).toBe(401);

  const old = { now: () => new Date(Date.now() - 3_600_000) };
  expect(await statusOf('GET', path, createRegistryTokens({ ...registry, clock: old }).pullToken(mine))).toBe(
    401,
  );
  const elsewhere = createRegistryTokens({ ...registry, clock, service: 'another' });
  expect(await statusOf('GET', path, elsewhere.pullToken(mine))).toBe(401);

  const home = await mkdtemp(join(tmpdir(), 'gantry-key-'));
  const stranger = await makeTokenKey(home);
  await rm(home, { recursive: true });
  expect(await statusOf('GET', path, createRegistryTokens({ ...stranger, clock }).pullToken(mine))).toBe(401);
  const [head, body, signature] = tokens.pullToken(mine).split('.');
  const wider = Buffer.from(
    Buffer.from(body ?? '', 'base64url')
      .toString()
      .replace('"pull"', '"pull","push"'),
  );
  const forged = [head, wider.toString('base64url'), signature].join('.');
  expect(await pushBlob(mine, forged, Buffer.from('x'))).toBe(401);
  expect(() => createRegistryTokens({ ...registry, certPem: stranger.certPem, clock })).toThrow(
    'is not the certificate of',
  );
});

it('lists images by digest and deletes them, once or twice', async () => {
  const mine = newRepository();
  const images = createRegistryImages(createRegistryCall({ host: '127.0.0.1', port: registry.port }));
  const token = tokens.collectToken(mine);
  expect(await images.list(mine, token, patient)).toEqual(new Set());
  const first = await pushImage(mine, tokens.pushToken(mine), 'one');
  const second = await pushImage(mine, tokens.pushToken(mine), 'two');
  expect(await images.list(mine, token, patient)).toEqual(new Set([first, second]));
  expect(await images.remove(mine, first, token, patient)).toBe(true);
  expect(await images.list(mine, token, patient)).toEqual(new Set([second]));
  expect(await images.remove(mine, first, token, patient)).toBe(false);
  const nowhere = newRepository();
  expect(await images.remove(nowhere, first, tokens.collectToken(nowhere), patient)).toBe(false);
  await expect(images.remove(mine, second, tokens.pullToken(mine), patient)).rejects.toThrow(
    'would not delete',
  );
});

it('lists more images than fit on one page', async () => {
  const mine = newRepository();
  const images = createRegistryImages(createRegistryCall({ host: '127.0.0.1', port: registry.port }));
  const digest = await pushImage(mine, tokens.pushToken(mine), 'a0');
  const last = await pushImage(mine, tokens.pushToken(mine), 'z');
  const manifest = await (
    await call('GET', `/v2/${mine}/manifests/a0`, tokens.pullToken(mine))
  ).arrayBuffer();
  for (let n = 1; n < 505; n += 1)
    await call('PUT', `/v2/${mine}/manifests/a${n}`, tokens.pushToken(mine), Buffer.from(manifest), MANIFEST);
  expect(await images.list(mine, tokens.collectToken(mine), patient)).toEqual(new Set([digest, last]));
});
