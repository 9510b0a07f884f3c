import { randomBytes } from 'node:crypto';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOrThrow } from '../../lib/child.ts';
import { pause } from '../../lib/deadline.ts';
import { callJson } from '../../lib/local-http.ts';
import { createRegistryCall } from '../../builder/registry-call.ts';
import { createRegistryImages } from '../../builder/registry-images.ts';
import { createImageRegistry } from '../../server/adapters/builder/registry.ts';
import type { ImageRegistry } from '../../server/ports/registry.ts';
import { startBuilderRig, type BuilderRig } from '../support/builder-rig.ts';
import { createFakeRegistry } from '../support/fake-registry.ts';
import { runImage } from '../support/image-run.ts';

const signal = new AbortController().signal;

/** A registry with a builder that pushes to it. */
interface Kit {
  readonly registry: ImageRegistry;
  /** Builds something nobody has built before, unless it is told what; answers its digest. */
  build(repository: string, what?: string): Promise<string>;
  images(repository: string): Promise<readonly string[]>;
}

const newRepository = (): string => `apps/${randomBytes(6).toString('hex')}`;
const newContent = (): string => randomBytes(8).toString('hex');

let rig: BuilderRig;
beforeAll(async () => {
  rig = await startBuilderRig(signal, { GANTRY_BUILD_CACHE_GB: '0.05' });
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Incompressible, so that the disk shows it; the same words give the same image. */
async function source(what: string, megabytes: number) {
  const content = randomBytes(megabytes * 750_000).toString('base64');
  return rig.archive([
    { name: 'Dockerfile', content: `FROM gantry/stack\nCOPY . /srv\nCMD ["cat", "/srv/what"]\n` },
    { name: 'what', content: what },
    { name: 'ballast', content },
  ]);
}

async function build(repository: string, archive: string): Promise<string> {
  const token = rig.registry.tokens.pushToken(repository);
  const done = await rig.build(rig.request(archive, { target: { repository, token } }), signal);
  if (done.image === null) throw new Error(`not built: ${done.failure?.message ?? ''}`);
  return done.image.digest;
}

const list = (repository: string): Promise<ReadonlySet<string>> =>
  createRegistryImages(createRegistryCall({ host: '127.0.0.1', port: rig.registry.port })).list(
    repository,
    rig.registry.tokens.pullToken(repository),
    signal,
  );

const real = (): Kit => ({
  registry: createImageRegistry({ socket: rig.socket, tokens: rig.registry.tokens }),
  build: async (repository, what = newContent()) =>
    build(
      repository,
      await rig.archive([
        { name: 'Dockerfile', content: `FROM scratch\nCOPY what /\nCMD ["/what"]\n` },
        { name: 'what', content: what },
      ]),
    ),
  images: async (repository) => [...(await list(repository))],
});

function fake(): Kit {
  const registry = createFakeRegistry();
  return {
    registry,
    build(repository, what = newContent()) {
      registry.build(repository, what);
      return Promise.resolve(what);
    },
    images: (repository) => Promise.resolve(registry.images(repository)),
  };
}

describe.each([
  ['the fake', fake],
  ['the builder', real],
])('a registry behind %s', (_, open) => {
  it('deletes all images of a repository but those to keep', async () => {
    const kit = open();
    const { registry } = kit;
    const [mine, other] = [newRepository(), newRepository()];
    const [a, b, c] = [await kit.build(mine), await kit.build(mine), await kit.build(mine)];
    const foreign = await kit.build(other);
    const { moment, repositories } = await registry.moment(signal);
    expect(repositories).toEqual(expect.arrayContaining([mine, other]));
    expect(await registry.collect({ repository: mine, keep: [a, c], moment }, signal)).toBe(1);
    expect([...(await kit.images(mine))].sort()).toEqual([a, c].sort());
    expect(await kit.images(mine)).not.toContain(b);
    expect(await registry.collect({ repository: mine, keep: [a, c], moment }, signal)).toBe(0);
    expect(await registry.collect({ repository: mine, keep: [], moment }, signal)).toBe(2);
    expect(await registry.collect({ repository: newRepository(), keep: [], moment }, signal)).toBe(0);
    expect(await kit.images(other)).toEqual([foreign]);
  });

  it('deletes nothing where a build has been since the moment, not even what it has only made again', async () => {
    const kit = open();
    const { registry } = kit;
    const mine = newRepository();
    const what = newContent();
    const old = await kit.build(mine, what);
    const { moment } = await registry.moment(signal);
    expect(await kit.build(mine, what)).toBe(old);
    expect(await registry.collect({ repository: mine, keep: [], moment }, signal)).toBe('busy');
    expect(await kit.images(mine)).toEqual([old]);
    const later = await registry.moment(signal);
    expect(await registry.collect({ repository: mine, keep: [], moment: later.moment }, signal)).toBe(1);
  });

  it('knows no repository any more that was emptied and swept', async () => {
    const kit = open();
    const { registry } = kit;
    const [mine, other] = [newRepository(), newRepository()];
    await kit.build(mine);
    await kit.build(other);
    const { moment } = await registry.moment(signal);
    await registry.collect({ repository: mine, keep: [], moment }, signal);
    expect(await registry.sweep(signal)).toBeGreaterThan(0);
    const { repositories } = await registry.moment(signal);
    expect(repositories).toContain(other);
    expect(repositories).not.toContain(mine);
  });
});

/** Does one thing again and again for as long as the other takes; answers the sum of what it counted. */
async function meanwhile(again: () => Promise<number>, work: () => Promise<void>): Promise<number> {
  const over = new AbortController();
  const repeating = (async () => {
    let sum = 0;
    while (!over.signal.aborted) sum += await again();
    return sum;
  })();
  try {
    await work();
  } finally {
    over.abort();
  }
  return repeating;
}

const diskUse = async (): Promise<number> => {
  const said = await runOrThrow('du', ['-s', '--block-size=1', rig.registry.data], {}, signal);
  return Number(said.split('\t')[0]);
};

describe('the disk of the registry', () => {
  it('shrinks by what was deleted, and a kept image still runs by its digest', async () => {
    const { registry } = real();
    const [mine, gone] = [newRepository(), newRepository()];
    const before = await diskUse();
    await build(mine, await source('one', 8));
    const kept = await build(mine, await source('two', 8));
    await build(gone, await source('three', 8));
    const full = await diskUse();
    expect(full - before).toBeGreaterThan(17_000_000);

    const { moment } = await registry.moment(signal);
    expect(await registry.collect({ repository: mine, keep: [kept], moment }, signal)).toBe(1);
    expect(await registry.collect({ repository: gone, keep: [], moment }, signal)).toBe(1);
    expect(await registry.sweep(signal)).toBeGreaterThan(0);
    const after = await diskUse();
    expect(full - after).toBeGreaterThan(11_500_000);
    expect(after - before).toBeLessThan(7_000_000);
    const places = join(rig.registry.data, 'docker/registry/v2/repositories');
    await expect(access(join(places, gone))).rejects.toThrow('ENOENT');
    expect(await readdir(join(places, mine, '_manifests/revisions/sha256'))).toEqual([kept.slice(7)]);

    await expectWhole(mine, kept);
    const serve =
      "require('http').createServer((_, to) => to.end(require('fs').readFileSync('/srv/what'))).listen(process.env.PORT)";
    const web = { command: 'node', argv: ['node', '-e', serve] };
    const image = { repository: mine, digest: kept, storedBytes: 0, builder: '', port: null, checks: {} };
    await using app = await runImage(rig, { ...image, processes: { web } }, 'web', signal);
    expect((await app.get('/')).body).toBe('two');
  });

  it('is swept while builds push, and every image they pushed is whole', async () => {
    const { registry } = real();
    const repository = newRepository();
    const sources = await Promise.all([1, 2, 3, 4, 5].map((n) => source(`build ${n}`, 2)));
    const digests: string[] = [];
    const sweeps = await meanwhile(
      async () => ((await registry.sweep(signal)) === 'busy' ? 0 : 1),
      async () => {
        for (const archive of sources) digests.push(await build(repository, archive));
      },
    );
    expect(sweeps).toBeGreaterThan(0);
    for (const digest of digests) await expectWhole(repository, digest);
  });

  it('never loses what a build has pushed again while it was being given up', async () => {
    const { registry } = real();
    const repository = newRepository();
    const archive = await source('again', 2);
    const collect = async (): Promise<number> => {
      const { moment } = await registry.moment(signal);
      await pause(20, signal); // as if the database were asked
      const gone = await registry.collect({ repository, keep: [], moment }, signal);
      await registry.sweep(signal);
      return gone === 'busy' ? 0 : gone;
    };
    const removed = await meanwhile(collect, async () => {
      for (let n = 0; n < 8; n += 1) {
        const { moment } = await registry.moment(signal);
        await build(repository, archive);
        // What was decided before the build must not hit what it has pushed since.
        expect(await registry.collect({ repository, keep: [], moment }, signal)).toBe('busy');
        await pause(100 * (n % 3), signal);
      }
    });
    expect(removed).toBeGreaterThan(0);
    await expectWhole(repository, await build(repository, archive));
  });
});

it('holds as many bytes of an image as the builder says', async () => {
  const repository = newRepository();
  const token = rig.registry.tokens.pushToken(repository);
  const request = rig.request(await source('weighed', 2), { target: { repository, token } });
  const { image } = await rig.build(request, signal);
  const held = await expectWhole(repository, image?.digest ?? '');
  expect(held).toBeGreaterThan(1_500_000); // the ballast does not get smaller, and the stack is there
  expect(image?.storedBytes).toBe(held);
});

/** The manifest, and every blob it names, with as many bytes as it says; answers those of the layers. */
async function expectWhole(repository: string, digest: string): Promise<number> {
  const ask = createRegistryCall({ host: '127.0.0.1', port: rig.registry.port });
  const token = rig.registry.tokens.pullToken(repository);
  const accept = 'application/vnd.docker.distribution.manifest.v2+json';
  const answer = await ask(
    { method: 'GET', path: `/v2/${repository}/manifests/${digest}`, token, accept },
    signal,
  );
  expect(answer.status, digest).toBe(200);
  const manifest = (await answer.json()) as {
    config: { digest: string; size: number };
    layers: { digest: string; size: number }[];
  };
  for (const blob of [manifest.config, ...manifest.layers]) {
    const head = await ask({ method: 'HEAD', path: `/v2/${repository}/blobs/${blob.digest}`, token }, signal);
    expect(head.status, `${digest} needs ${blob.digest}`).toBe(200);
    expect(head.headers.get('content-length')).toBe(String(blob.size));
  }
  return manifest.layers.reduce((sum, { size }) => sum + size, 0);
}

describe('the build engine', () => {
  it('keeps its build cache within the limit', async () => {
    for (const n of [1, 2, 3]) await build(newRepository(), await source(`cache ${n}`, 30));
    const used = async (): Promise<number> => {
      const { BuildCache } = (await rig.docker.df()) as {
        BuildCache: { Size: number; Shared: boolean; InUse: boolean }[];
      };
      return BuildCache.filter((one) => !one.Shared && !one.InUse).reduce((sum, one) => sum + one.Size, 0);
    };
    const before = await used();
    expect(before).toBeGreaterThan(60_000_000);
    await rig.restart('SIGKILL'); // it looks through the cache after its first build, then every ten minutes
    await build(newRepository(), await source('small', 1));
    for (let tries = 0; tries < 100 && (await used()) > 54_000_000; tries += 1) await pause(100, signal);
    expect(await used()).toBeLessThan(54_000_000);
  });

  it('is rid of what a builder that was killed has left, once the next one starts', async () => {
    const left = await rig.docker.createContainer({
      Image: 'gantry/stack:latest',
      Cmd: ['/'],
      Labels: { 'gantry.builder': `${rig.engine.hostAddress}:${rig.registry.port}` },
    });
    const foreign = await rig.docker.createContainer({
      Image: 'gantry/stack:latest',
      Cmd: ['/'],
      Labels: { 'gantry.builder': '10.9.8.7:5000' },
    });
    const name = `${rig.engine.hostAddress}:${rig.registry.port}/apps/left`;
    await rig.docker.getImage('gantry/stack:latest').tag({ repo: name, tag: 'b-0' });
    await rig.restart('SIGKILL');
    const found = (await rig.docker.listContainers({ all: true })).map((one) => one.Id);
    expect(found).toEqual([foreign.id]);
    expect(found).not.toContain(left.id);
    const images = await rig.docker.listImages();
    expect(images.flatMap((image) => image.RepoTags ?? [])).not.toContain(`${name}:b-0`);
    await foreign.remove();
    expect(
      await callJson({ socket: rig.socket, method: 'GET', path: '/status' }, 5000, signal),
    ).toMatchObject({
      engine: true,
    });
  });
});
