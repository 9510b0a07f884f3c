import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { app as appShape, build, release, slug, source } from '../../server/contract/resources.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';
import { HOSTILE } from '../support/memory-uploads.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

async function opened(token = door.world.adminToken) {
  const answer = await door.call('POST', '/sources', { body: {}, token });
  expect(answer.status).toBe(201);
  return source.parse(answer.body).source_blob;
}

/** The path of an address that the door gave. */
const pathOf = (url: string): string => new URL(url).pathname;
const send = (url: string, text: string) =>
  fetch(url, { method: 'PUT', body: text, headers: { 'content-type': '' } });

describe('a source', () => {
  it('is sent to one address and read from another, by whoever has them', async () => {
    const { put_url, get_url } = await opened();
    expect((await send(put_url, 'an archive')).status).toBe(200);
    const read = await fetch(get_url);
    expect([read.status, await read.text()]).toEqual([200, 'an archive']);
    expect((await send(get_url, 'another')).status).toBe(404);
    expect((await fetch(put_url)).status).toBe(404);
    expect((await fetch(get_url.slice(0, -2))).status).toBe(404);
    expect((await fetch((await opened()).get_url)).status).toBe(422); // nothing was sent
  });

  it('is forgotten by its address after an hour', async () => {
    let now = new Date('2026-11-21T10:00:00Z');
    await using other = await openTestDoor({ now: () => now });
    const answer = await other.call('POST', '/sources', { body: {} });
    const { put_url } = source.parse(answer.body).source_blob;
    now = new Date('2026-11-21T11:00:01Z');
    expect((await send(put_url, 'late')).status).toBe(404);
  });

  it('that was sent becomes a build, and the answer tells nobody where it was', async () => {
    const { put_url, get_url } = await opened();
    await send(put_url, 'an archive');
    const body = { source_blob: { url: get_url, version: 'v1', version_description: 'first' } };
    const answer = await door.call('POST', '/apps/demo/builds', { body });
    expect(answer.status).toBe(201);
    expect(build.parse(answer.body)).toMatchObject({
      status: 'pending',
      source_blob: { url: null, version: 'v1', version_description: 'first' },
    });
    expect(answer.text).not.toContain('/sources/');
    const listed = build.array().parse((await door.call('GET', '/apps/demo/builds')).body);
    expect(listed).toHaveLength(1);
  });

  it.each([
    ['without TLS', 'http://example.com/x.tar.gz', 'invalid_params'],
    ['inside the house', 'https://127.0.0.1:6379/', 'egress_refused'],
    ['that is no URL', 'x', 'invalid_params'],
    ['that was made up', `http://api.localhost/sources/${'x'.repeat(60)}`, 'upload_missing'],
  ])('%s is not fetched', async (_, url, id) => {
    const answer = await door.call('POST', '/apps/demo/builds', { body: { source_blob: { url } } });
    expect([answer.status, answer.body]).toMatchObject([422, { id }]);
    expect(door.world.writes).toEqual([]);
  });

  it('of another host is fetched in the call, and the answer tells nobody where it was', async () => {
    const body = { source_blob: { url: 'https://example.com/secret.tgz', version: 'v1' } };
    const answer = await door.call('POST', '/apps/demo/builds', { body });
    expect([answer.status, answer.body]).toMatchObject([
      201,
      { status: 'pending', source_blob: { url: null, version: 'v1' } },
    ]);
    expect(answer.text).not.toContain('secret');
    const away = { source_blob: { url: 'https://away.example/x.tgz' } };
    expect(await door.call('POST', '/apps/demo/builds', { body: away })).toMatchObject({
      ...{ status: 503, body: { id: 'egress_failed', retry: true } },
    });
  });

  it('that is hostile is refused before there is a build', async () => {
    const { put_url, get_url } = await opened();
    await send(put_url, HOSTILE);
    const answer = await door.call('POST', '/apps/demo/builds', { body: { source_blob: { url: get_url } } });
    expect([answer.status, answer.body]).toMatchObject([422, { id: 'source_refused' }]);
    expect((await door.call('GET', '/apps/demo/builds')).body).toEqual([]);
  });

  it('builds nothing for those who may not see the app', async () => {
    const { put_url, get_url } = await opened(door.world.otherToken);
    await send(put_url, 'an archive');
    for (const [method, path, body] of [
      ['POST', '/apps/demo/builds', { source_blob: { url: get_url } }],
      ['POST', '/apps/demo/builds', { source_blob: { url: 'x' } }],
      ['POST', '/apps/demo/sources', {}],
      ['POST', '/apps/demo/slugs', {}],
      ['DELETE', '/apps/demo/build-cache', undefined],
      ['DELETE', '/apps/demo/builds/x', undefined],
    ] as const) {
      const answer = await door.call(method, path, { body, token: door.world.otherToken });
      expect([path, answer.status, answer.body]).toMatchObject([path, 404, { id: 'not_found' }]);
    }
  });
});

describe('a build', () => {
  it('that waits is cancelled, once', async () => {
    const { put_url, get_url } = await opened();
    await send(put_url, 'an archive');
    const made = await door.call('POST', '/apps/demo/builds', { body: { source_blob: { url: get_url } } });
    const { id } = build.parse(made.body);
    const ended = await door.call('DELETE', `/apps/demo/builds/${id}`);
    expect(build.parse(ended.body)).toMatchObject({
      status: 'failed',
      failure: 'It was cancelled by admin@example.com; nothing of it is live',
    });
    const again = await door.call('DELETE', `/apps/demo/builds/${id}`);
    expect([again.status, again.body]).toMatchObject([422, { id: 'build_over' }]);
  });

  it('leaves a cache that can be forgotten', async () => {
    const answer = await door.call('DELETE', '/apps/demo/build-cache');
    expect(appShape.parse(answer.body).name).toBe('demo');
  });
});

describe('a slug', () => {
  const current = async () =>
    release
      .array()
      .parse((await door.call('GET', '/apps/demo/releases')).body)
      .find((one) => one.current);

  it('is the image of a release, and can be released again with the config of now', async () => {
    const id = (await current())?.slug?.id ?? '';
    const shown = slug.parse((await door.call('GET', `/apps/demo/slugs/${id}`)).body);
    expect(shown).toMatchObject({ id, commit: '1a2b3c4', process_types: { web: 'node server.js' } });

    const body = { slug: id, description: 'Retry of v2: Deploy 1a2b3c4' };
    const made = await door.call('POST', '/apps/demo/releases', { body });
    expect([made.status, made.body]).toMatchObject([
      201,
      { version: 3, status: 'pending', slug: { id }, description: 'Retry of v2: Deploy 1a2b3c4' },
    ]);
  });

  it('that no release has is not found', async () => {
    const answer = await door.call('POST', '/apps/demo/releases', { body: { slug: 'x' } });
    expect([answer.status, answer.body]).toMatchObject([404, { resource: 'slug' }]);
    expect((await door.call('GET', '/apps/demo/slugs/x')).status).toBe(404);
  });
});

describe('an app', () => {
  it('gets another name, under which all it has is found, and the old one is free', async () => {
    const renamed = await door.call('PATCH', '/apps/demo', { body: { name: 'newname' } });
    expect(appShape.parse(renamed.body)).toMatchObject({
      name: 'newname',
      web_url: 'http://newname.localhost:8080/',
      git_url: 'ssh://git@localhost:2222/newname.git',
    });
    expect((await door.call('GET', '/apps/demo')).status).toBe(404);
    expect(release.array().parse((await door.call('GET', '/apps/newname/releases')).body)).toHaveLength(2);
    expect((await door.call('POST', '/apps', { body: { name: 'demo' } })).status).toBe(201);
  });

  it('does not get a name that another has', async () => {
    door.world.deployed('taken');
    const answer = await door.call('PATCH', '/apps/demo', { body: { name: 'taken' } });
    expect([answer.status, answer.body]).toMatchObject([422, { id: 'name_taken' }]);
    expect((await door.call('PATCH', '/apps/demo', { body: { name: 'demo' } })).status).toBe(200);
  });

  it('can be built on our stack, and on no other', async () => {
    expect((await door.call('PATCH', '/apps/demo', { body: { build_stack: 'gantry' } })).status).toBe(200);
    expect((await door.call('PATCH', '/apps/demo', { body: { build_stack: 'heroku-24' } })).status).toBe(422);
    expect((await door.call('GET', '/apps/demo/available-stacks')).body).toMatchObject([{ name: 'gantry' }]);
    expect((await door.call('GET', '/apps/demo/available-dyno-sizes')).body).toMatchObject([
      { name: 'small' },
    ]);
    expect(pathOf((await opened()).put_url)).toMatch(/^\/sources\//);
  });
});
