import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { built, drained, untilAborted } from '../../test/support/build-courses.ts';
import { createMemoryUploads, HOSTILE } from '../../test/support/memory-uploads.ts';
import { commit, createDeployRig, patient } from '../../test/support/services-rig.ts';
import { checkLiteral } from '../adapters/egress/judge.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Egress } from '../ports/egress.ts';
import type { UploadName } from '../ports/uploads.ts';
import { createBuilds, type SentSource } from './builds.ts';

function createRig() {
  const rig = createDeployRig();
  const uploads = createMemoryUploads();
  /** The addresses that were asked for; those of `silent` never answer. */
  const fetched: string[] = [];
  const egress: Pick<Egress, 'check' | 'fetch'> = {
    check: checkLiteral([]),
    async fetch({ url }, take, signal) {
      fetched.push(url);
      if (url.includes('away'))
        throw PlatformError.of('egress_failed', { host: 'away', reason: 'ENOTFOUND' });
      if (url.includes('silent')) await new Promise((_, reject) => signal.addEventListener('abort', reject));
      return take(Readable.from([Buffer.from(url.includes('hostile') ? HOSTILE : 'an archive')]));
    },
  };
  const service = createBuilds({
    ...{ egress, fetchMs: 50 },
    ...{ apps: rig.apps, store: rig.builds, repositories: rig.repositories, uploads },
    ...{ transcripts: rig.transcripts, controller: rig.controller, builder: rig.builder },
    queue: { wake: (appId) => void rig.queued.push(appId) },
  });
  /** Sends a source; answers its name. */
  async function send(text = 'an archive'): Promise<UploadName> {
    const upload = { id: randomUUID(), userId: rig.ann.userId };
    await uploads.put(upload, Readable.from([Buffer.from(text)]), patient);
    return upload;
  }
  return { ...rig, uploads, fetched, service, send };
}

it('lists an app’s builds newest first, and finds each', async () => {
  const rig = createRig();
  const app = await rig.createApp();
  const older = await rig.submit(app);
  const newer = await rig.submit(app, { commit: commit('b') });
  const listed = await rig.service.list(rig.ann, 'hello', patient);
  expect(listed.map(({ id, status }) => [id, status])).toEqual([
    [newer.id, 'queued'],
    [older.id, 'superseded'],
  ]);
  expect(await rig.service.find(rig.ann, 'hello', older.id, patient)).toEqual(listed[1]);
});

it('finds no build under another app, not even for who may see both', async () => {
  const rig = createRig();
  const build = await rig.submit(await rig.createApp());
  await rig.createApp('other');
  await expect(rig.service.find(rig.admin, 'other', build.id, patient)).rejects.toMatchObject({
    id: 'not_found',
    params: { resource: 'build', name: build.id },
  });
  await expect(rig.service.find(rig.ann, 'other', 'x'.repeat(500), patient)).rejects.toMatchObject({
    params: { resource: 'build', name: 'x'.repeat(100) },
  });
});

it('answers a stranger as if there were no such app', async () => {
  const rig = createRig();
  const build = await rig.submit(await rig.createApp());
  for (const asked of [
    rig.service.list(rig.bob, 'hello', patient),
    rig.service.find(rig.bob, 'hello', build.id, patient),
  ])
    await expect(asked).rejects.toMatchObject({
      id: 'not_found',
      params: { resource: 'app', name: 'hello' },
    });
});

describe('a source that is elsewhere', () => {
  const at = (url: string): SentSource => ({
    ...{ from: { url }, checksum: null, version: 'v3', description: null, buildpacks: null },
  });

  it('is fetched, checked and built as one that was sent', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const build = await rig.service.create(rig.ann, 'hello', at('https://example.com/x.tgz'), patient);
    expect(build).toMatchObject({ status: 'queued', push: null, upload: { version: 'v3' } });
    expect([rig.fetched, rig.queued]).toEqual([['https://example.com/x.tgz'], [app.id]]);
    const checksum = `SHA256:${build.upload?.checksum ?? ''}`;
    const same = { ...at('https://example.com/x.tgz'), checksum };
    expect((await rig.service.create(rig.ann, 'hello', same, patient)).status).toBe('queued');
  });

  it.each([
    ['https://away.example/x.tgz', 'egress_failed', 1],
    ['https://hostile.example/x.tgz', 'source_refused', 1],
    ['https://127.0.0.1/x.tgz', 'egress_refused', 0],
    ['https://2130706433/x.tgz', 'egress_refused', 0],
    ['https://localhost/x.tgz', 'egress_refused', 0],
    ['http://example.com/x.tgz', 'invalid_params', 0],
    ['https://me:pw@example.com/x.tgz', 'invalid_params', 0],
    ['x', 'invalid_params', 0],
  ])('leaves no build when it is %s: %s [S-INJ-02]', async (url, id, asked) => {
    const rig = createRig();
    await rig.createApp();
    await expect(rig.service.create(rig.ann, 'hello', at(url), patient)).rejects.toMatchObject({ id });
    expect(rig.fetched).toHaveLength(asked);
    expect(await rig.service.list(rig.ann, 'hello', patient)).toEqual([]);
  });

  it('is fetched for nobody who may not deploy, and waited for no longer than a caller waits', async () => {
    const rig = createRig();
    await rig.createApp();
    const silent = at('https://silent.example/x.tgz');
    await expect(rig.service.create(rig.bob, 'hello', silent, patient)).rejects.toMatchObject({
      id: 'not_found',
    });
    expect(rig.fetched).toEqual([]);
    await expect(rig.service.create(rig.ann, 'hello', silent, patient)).rejects.toMatchObject({
      ...{ id: 'egress_failed', message: expect.stringContaining('by way of POST /sources') as unknown },
    });
  });

  it('is one of a few that are fetched at a time', async () => {
    const rig = createRig();
    await rig.createApp();
    const silent = at('https://silent.example/x.tgz');
    const asked = await Promise.allSettled(
      Array.from({ length: 17 }, () => rig.service.create(rig.ann, 'hello', silent, patient)),
    );
    const ids = asked.map((one) => one.status === 'rejected' && (one.reason as { id: string }).id);
    expect(ids.filter((id) => id === 'rate_limit')).toHaveLength(1);
    expect(rig.fetched).toHaveLength(16);
  });
});

describe('a source that was sent without git', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  const NOTHING = { checksum: null, version: null, description: null, buildpacks: null };

  it('is built, released and deployed as a push is, and the branch stays what git made it', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const pushed = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);

    const source: SentSource = {
      ...NOTHING,
      from: { upload: await rig.send() },
      version: 'v2.1',
      description: 'two',
    };
    const build = await rig.service.create(rig.ann, 'hello', source, patient);
    expect(build).toMatchObject({ status: 'queued', push: null, upload: { version: 'v2.1' } });
    expect(rig.queued).toEqual([app.id]);
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);

    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded', failure: null });
    expect(await rig.releasesOf(app)).toEqual(['v3 succeeded current', 'v2 succeeded', 'v1 succeeded']);
    expect(await rig.releases.latest(app.id, patient)).toMatchObject({
      description: 'Deploy v2.1',
      commit: null,
    });
    expect(await rig.builds.lastDeployed(app.id, patient)).toMatchObject({ id: pushed.id });
    expect(rig.builder.orders.at(-1)).toMatchObject({ commit: build.upload?.checksum, buildpack: null });
  });

  it('whose version is a commit is known by it', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const source = { ...NOTHING, from: { upload: await rig.send() }, version: commit('c') };
    await rig.service.create(rig.ann, 'hello', source, patient);
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    expect(await rig.releases.latest(app.id, patient)).toMatchObject({
      description: 'Deploy cccccccc',
      commit: commit('c'),
    });
    expect(rig.builder.orders.at(-1)?.commit).toBe(commit('c'));
  });

  it('must have been sent, be what was meant, and be one that can be unpacked', async () => {
    const rig = createRig();
    await rig.createApp();
    const missing = { id: randomUUID(), userId: rig.ann.userId };
    for (const [source, id] of [
      [{ ...NOTHING, from: { upload: missing } }, 'upload_missing'],
      [
        { ...NOTHING, from: { upload: await rig.send() }, checksum: `SHA256:${'0'.repeat(64)}` },
        'checksum_wrong',
      ],
      [{ ...NOTHING, from: { upload: await rig.send(HOSTILE) } }, 'source_refused'],
      [{ ...NOTHING, from: { upload: await rig.send() }, buildpacks: ['../x'] }, 'invalid_params'],
    ] as const)
      await expect(rig.service.create(rig.ann, 'hello', source, patient)).rejects.toMatchObject({ id });
    expect(await rig.service.list(rig.ann, 'hello', patient)).toEqual([]);
  });

  it('that takes the place of an older build says so, and by what', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const older = await rig.submit(app);
    await rig.service.create(
      rig.ann,
      'hello',
      { ...NOTHING, from: { upload: await rig.send() }, version: 'v9' },
      patient,
    );
    expect(await rig.buildOf(older)).toMatchObject({
      status: 'superseded',
      failure: 'A newer build (v9 by ann@example.com) took its place; nothing of it is live',
    });
  });

  it('fails early, in a sentence, for a buildpack that is not here', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    await rig.options.setBuildpacks(app.id, ['heroku/ruby'], patient);
    const build = await rig.service.create(
      rig.ann,
      'hello',
      { ...NOTHING, from: { upload: await rig.send() } },
      patient,
    );
    await drained(rig, app.id);
    expect((await rig.buildOf(build)).failure).toMatch(
      /^The buildpack heroku\/ruby is not one of this platform/,
    );
    expect(rig.builder.orders).toEqual([]);

    const own = {
      ...NOTHING,
      from: { upload: await rig.send() },
      buildpacks: ['urn:buildpack:heroku/nodejs'],
    };
    await rig.service.create(rig.ann, 'hello', own, patient);
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    expect(rig.builder.orders).toMatchObject([{ buildpack: 'nodejs' }]);
  });
});

describe('cancelling a build', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  const REASON = 'It was cancelled by ann@example.com; nothing of it is live';

  it('that waits ends it at once, and it is never begun', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    expect(await rig.service.cancel(rig.ann, 'hello', build.id, patient)).toMatchObject({
      status: 'superseded',
      failure: REASON,
    });
    await drained(rig, app.id);
    expect(rig.builder.orders).toEqual([]);
    expect(await rig.said(build)).toEqual(['', ` !     ${REASON}.`]);
  });

  it('that is being built stops the builder within seconds', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    const cancel = () => rig.service.cancel(rig.ann, 'hello', build.id, patient);
    rig.builder.expect(app.id, untilAborted(cancel));
    await drained(rig, app.id, 2_000);
    expect(rig.builder.cancelled).toEqual([build.id]);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'superseded', failure: REASON });
  });

  it('that is being rolled out leaves what served before', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    await rig.live(app);
    rig.course.outcome = 'by hand';
    const build = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    const done = rig.deploys.drain(app.id, patient);
    await vi.advanceTimersByTimeAsync(100);
    expect(await rig.releasesOf(app)).toEqual(['v3 pending', 'v2 succeeded current', 'v1 succeeded']);
    await rig.service.cancel(rig.ann, 'hello', build.id, patient);
    await vi.advanceTimersByTimeAsync(5_000);
    await done;
    expect(await rig.releasesOf(app)).toEqual(['v3 failed', 'v2 succeeded current', 'v1 succeeded']);
    expect(rig.woken).toContain(app.id);
  });

  it('that is over is refused, and says how it ended', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    const asked = rig.service.cancel(rig.ann, 'hello', build.id, patient);
    await expect(asked).rejects.toMatchObject({ id: 'build_over' });
    await expect(asked).rejects.toThrow('it has succeeded already');
  });

  it('and all else is not for strangers', async () => {
    const rig = createRig();
    const build = await rig.submit(await rig.createApp());
    const source = {
      from: { upload: await rig.send() },
      checksum: null,
      version: null,
      description: null,
      buildpacks: null,
    };
    for (const asked of [
      rig.service.cancel(rig.bob, 'hello', build.id, patient),
      rig.service.create(rig.bob, 'hello', source, patient),
      rig.service.purgeCache(rig.bob, 'hello', patient),
    ])
      await expect(asked).rejects.toMatchObject({ id: 'not_found' });
    expect((await rig.buildOf(build)).status).toBe('queued');
  });
});
