import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCopies } from '../../builder/copies.ts';
import { createPushes } from '../../builder/pushes.ts';
import { createRegistryCall, MANIFEST, type AskRegistry } from '../../builder/registry-call.ts';
import { createRegistryImages } from '../../builder/registry-images.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const patient = new AbortController().signal;
const newRepository = (): string => `apps/${randomBytes(6).toString('hex')}`;
const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

let registry: TestRegistry;
let ask: AskRegistry;
beforeAll(async () => {
  registry = await startRegistry();
  ask = createRegistryCall({ host: '127.0.0.1', port: registry.port });
});
afterAll(() => registry[Symbol.asyncDispose]());

async function must(call: Parameters<AskRegistry>[0]): Promise<Response> {
  const answer = await ask(call, patient);
  if (!answer.ok) throw new Error(`${call.method} ${call.path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function pushBlob(repository: string, token: string, blob: Buffer) {
  const begun = await must({ method: 'POST', path: `/v2/${repository}/blobs/uploads/`, token });
  const where = new URL(begun.headers.get('location') ?? '', 'http://registry');
  where.searchParams.set('digest', digestOf(blob));
  const body = new Blob([new Uint8Array(blob)]).stream();
  await must({
    method: 'PUT',
    path: where.pathname + where.search,
    token,
    body,
    type: 'application/octet-stream',
  });
  return { size: blob.length, digest: digestOf(blob) };
}

/** An image of two layers. */
async function pushImage(repository: string) {
  const token = registry.tokens.pushToken(repository);
  const layers = [];
  for (const size of [10, 300_000]) layers.push(await pushBlob(repository, token, randomBytes(size)));
  const config = await pushBlob(repository, token, Buffer.from(JSON.stringify({ made: repository })));
  const typed = (type: string, blob: object): object => ({
    mediaType: `application/vnd.docker.${type}`,
    ...blob,
  });
  const manifest = JSON.stringify({
    ...{ schemaVersion: 2, mediaType: MANIFEST, config: typed('container.image.v1+json', config) },
    layers: layers.map((layer) => typed('image.rootfs.diff.tar.gzip', layer)),
  });
  const path = `/v2/${repository}/manifests/first`;
  await must({ method: 'PUT', path, token, body: manifest, type: MANIFEST });
  return { digest: digestOf(Buffer.from(manifest)), blobs: [...layers, config].map((blob) => blob.digest) };
}

const orderOf = (from: string, to: string, digest: string) => ({
  ...{ from, digest },
  target: { repository: to, token: registry.tokens.copyToken(from, to) },
});

/** A registry that shares nothing between its repositories, as some do. */
const sharesNothing: AskRegistry = (call, signal) =>
  ask({ ...call, path: call.path.replace(/\?mount=.*$/, '') }, signal);

describe.each([
  ['shares its layers', (): AskRegistry => ask],
  ['shares nothing', (): AskRegistry => sharesNothing],
])('copying within a registry that %s', (_, by) => {
  it('has the same image in the other repository, found by a tag, with all that is in it', async () => {
    const [from, to] = [newRepository(), newRepository()];
    const { digest, blobs } = await pushImage(from);
    const copies = createCopies({ ask: by(), pushes: createPushes() });
    expect(await copies.copy(orderOf(from, to, digest), patient)).toBe(true);
    const token = registry.tokens.pullToken(to);
    expect(await createRegistryImages(ask).list(to, token, patient)).toEqual(new Set([digest]));
    for (const blob of blobs) {
      const bytes = await (
        await must({ method: 'GET', path: `/v2/${to}/blobs/${blob}`, token })
      ).arrayBuffer();
      expect(digestOf(Buffer.from(bytes))).toBe(blob);
    }
    // What is done again is done once.
    expect(await copies.copy(orderOf(from, to, digest), patient)).toBe(true);
    expect((await createRegistryImages(ask).list(to, token, patient)).size).toBe(1);
  });
});

describe('copying', () => {
  it('says that there is no such image, and leaves nothing in the other repository', async () => {
    const [from, to] = [newRepository(), newRepository()];
    await pushImage(from);
    const nothing = `sha256:${'0'.repeat(64)}`;
    const copies = createCopies({ ask, pushes: createPushes() });
    expect(await copies.copy(orderOf(from, to, nothing), patient)).toBe(false);
    expect((await createRegistryImages(ask).list(to, registry.tokens.pullToken(to), patient)).size).toBe(0);
  });

  it('is counted as building for both repositories while it runs, and not after', async () => {
    const [from, to] = [newRepository(), newRepository()];
    const { digest } = await pushImage(from);
    const pushes = createPushes();
    const moment = pushes.moment();
    const busy: boolean[] = [];
    const watched: AskRegistry = (call, signal) => {
      busy.push(pushes.busy(from) && pushes.busy(to));
      return ask(call, signal);
    };
    await createCopies({ ask: watched, pushes }).copy(orderOf(from, to, digest), patient);
    expect(new Set(busy)).toEqual(new Set([true]));
    expect([pushes.busy(from), pushes.busy(to)]).toEqual([false, false]);
    expect(pushes.touched(to, moment)).toBe(true);
  });

  it('needs a token for both: one of the target alone reads nothing of the source', async () => {
    const [from, to] = [newRepository(), newRepository()];
    const { digest } = await pushImage(from);
    const token = registry.tokens.pushToken(to);
    const copies = createCopies({ ask, pushes: createPushes() });
    const order = { from, digest, target: { repository: to, token } };
    await expect(copies.copy(order, patient)).rejects.toThrow(/would not show/);
  });

  it('has a token that writes nothing to the source', async () => {
    const [from, to] = [newRepository(), newRepository()];
    await pushImage(from);
    const token = registry.tokens.copyToken(from, to);
    await expect(pushBlob(from, token, Buffer.from('x'))).rejects.toThrow('401');
  });
});
