import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import * as resources from '../../server/contract/resources.ts';
import { openTestDoor, type CallOptions, type TestDoor } from '../support/fake-door.ts';
import { TIME } from '../support/fake-app.ts';
import { sampleKey } from '../support/sample-keys.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

const KEY = sampleKey('dev');

/** Every endpoint, what it answers with, and (where it has an app in its path) that app in place of `demo`. */
interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly status: number;
  readonly schema: z.ZodType | null;
}

const { app, account, key, release, formation, dyno, build, configVars, deployment, logSession } = resources;
const endpoints: readonly Endpoint[] = [
  { method: 'GET', path: '/account', status: 200, schema: account },
  { method: 'GET', path: '/account/keys', status: 200, schema: key.array() },
  { method: 'POST', path: '/account/keys', body: { public_key: KEY }, status: 201, schema: key },
  { method: 'GET', path: '/apps', status: 200, schema: app.array() },
  { method: 'GET', path: '/users/~/apps', status: 200, schema: app.array() },
  { method: 'POST', path: '/apps', body: { name: 'fresh' }, status: 201, schema: app },
  { method: 'POST', path: '/apps', status: 201, schema: app },
  { method: 'GET', path: '/apps/demo', status: 200, schema: app },
  { method: 'PATCH', path: '/apps/demo', body: { maintenance: false }, status: 200, schema: app },
  { method: 'DELETE', path: '/apps/demo', status: 200, schema: app },
  { method: 'GET', path: '/apps/demo/collaborators', status: 200, schema: resources.collaborator.array() },
  { method: 'GET', path: '/apps/demo/addons', status: 200, schema: null },
  { method: 'GET', path: '/apps/demo/config-vars', status: 200, schema: configVars },
  {
    method: 'PATCH',
    path: '/apps/demo/config-vars',
    body: { A: '1', LANG: null },
    status: 200,
    schema: configVars,
  },
  { method: 'GET', path: '/apps/demo/releases/2/config-vars', status: 200, schema: configVars },
  { method: 'GET', path: '/apps/demo/formation', status: 200, schema: formation.array() },
  {
    method: 'PATCH',
    path: '/apps/demo/formation',
    body: { updates: [{ type: 'web', quantity: '2' }] },
    status: 200,
    schema: formation.array(),
  },
  { method: 'GET', path: '/apps/demo/formation/web', status: 200, schema: formation },
  {
    method: 'PATCH',
    path: '/apps/demo/formation/web',
    body: { quantity: 3 },
    status: 200,
    schema: formation,
  },
  { method: 'GET', path: '/apps/demo/dynos', status: 200, schema: dyno.array() },
  { method: 'GET', path: '/apps/demo/dynos/web.1', status: 200, schema: dyno },
  { method: 'DELETE', path: '/apps/demo/dynos', status: 202, schema: deployment },
  { method: 'DELETE', path: '/apps/demo/dynos/web.1', status: 202, schema: deployment },
  { method: 'DELETE', path: '/apps/demo/formations/web', status: 202, schema: deployment },
  { method: 'GET', path: '/apps/demo/releases', status: 200, schema: release.array() },
  { method: 'GET', path: '/apps/demo/releases/v2', status: 200, schema: release },
  { method: 'GET', path: '/apps/demo/builds', status: 200, schema: build.array() },
  { method: 'POST', path: '/apps/demo/log-sessions', body: { lines: 1e6 }, status: 201, schema: logSession },
  { method: 'GET', path: '/stacks', status: 200, schema: resources.stack.array() },
  { method: 'GET', path: '/stacks/gantry', status: 200, schema: resources.stack },
  { method: 'GET', path: '/regions', status: 200, schema: resources.region.array() },
  { method: 'GET', path: '/regions/local', status: 200, schema: resources.region },
  { method: 'GET', path: '/dyno-sizes', status: 200, schema: resources.dynoSize.array() },
  { method: 'GET', path: '/dyno-sizes/small', status: 200, schema: resources.dynoSize },
];
const bodyOf = ({ body }: { body?: unknown }): CallOptions => (body === undefined ? {} : { body });

describe.each(endpoints)('$method $path', (endpoint) => {
  const { method, path, status, schema } = endpoint;

  it('answers with the shape of the contract', async () => {
    const answer = await door.call(method, path, bodyOf(endpoint));
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(schema?.safeParse(answer.body).error).toBeUndefined();
  });

  it('is closed to whoever has no credentials, or wrong ones', async () => {
    for (const token of [null, 'gantry_guess']) {
      const answer = await door.call(method, path, { ...bodyOf(endpoint), token });
      expect(answer).toMatchObject({ status: 401, body: { id: 'unauthorized', retry: false } });
    }
    expect(door.world.writes).toEqual([]);
  });
});

describe.each(endpoints.filter(({ path }) => path.startsWith('/apps/demo')))('$method $path', (endpoint) => {
  const { method, path } = endpoint;

  it('answers alike for an app that is not there and one that somebody else has [S-API-02]', async () => {
    const absent = await door.call(method, path.replace('demo', 'nothing'), bodyOf(endpoint));
    const foreign = await door.call(method, path, { ...bodyOf(endpoint), token: door.world.otherToken });
    expect(absent).toMatchObject({ status: 404, body: { id: 'not_found', resource: 'app' } });
    expect(foreign).toMatchObject({ status: 404, body: { id: 'not_found', resource: 'app' } });
    expect(door.world.writes).toEqual([]);
  });

  it('finds the app by its id too', async () => {
    const id = door.world.apps.get('demo')?.app.id ?? '';
    const answer = await door.call(method, path.replace('demo', id), bodyOf(endpoint));
    expect(answer.status).toBe(endpoint.status);
  });
});

describe.each(endpoints.filter(({ method }) => method !== 'GET'))('$method $path', ({ method, path }) => {
  it('refuses a body that is not JSON, and changes nothing', async () => {
    const answer = await door.call(method, path, { body: '{"name": ' });
    expect(answer).toMatchObject({ status: 400, body: { id: 'bad_request' } });
    expect(answer.text).not.toMatch(/at .*\.(js|ts)|SyntaxError/);
    expect(door.world.writes).toEqual([]);
  });
});

it.each(['null', '"x"', '1', 'true', '{"name": '])(
  'a body of %s is refused with what it must be',
  async (body) => {
    const answer = await door.call('POST', '/apps', { body });
    expect(answer.body).toMatchObject({
      message: 'The request could not be read: its body must be a JSON object.',
    });
  },
);

const refused: readonly [what: string, method: string, path: string, body: unknown, says: RegExp][] = [
  ['a field nobody knows', 'POST', '/apps', { name: 'fresh', colour: 'red' }, /colour is not a field/],
  ['a name of the wrong type', 'POST', '/apps', { name: 7 }, /name must be/],
  ['a question in place of a name', 'POST', '/apps', { name: { contains: '' } }, /name must be/],
  ['a name that cannot be a host name', 'POST', '/apps', { name: '-x' }, /Name must be 3 to 30/],
  ['a name that is taken', 'POST', '/apps', { name: 'demo' }, /already taken/],
  ['a stack that is not there', 'POST', '/apps', { stack: 'cedar-14' }, /stack must be gantry/],
  ['a region that is not there', 'POST', '/apps', { region: 'eu' }, /region must be local/],
  ['another name that cannot be one', 'PATCH', '/apps/demo', { name: 'Other' }, /Name must be 3 to 30/],
  ['no key', 'POST', '/account/keys', {}, /public_key must be a string/],
  ['what is no key', 'POST', '/account/keys', { public_key: 'hello' }, /has the type "hello"/],
  ['a config name with a dash', 'PATCH', '/apps/demo/config-vars', { 'A-B': '1' }, /^A-B must be letters/],
  [
    'a config value that is a number',
    'PATCH',
    '/apps/demo/config-vars',
    { A: 1 },
    /A must be a string, or null/,
  ],
  ['a config value with a NUL', 'PATCH', '/apps/demo/config-vars', { A: 'x\0' }, /NUL/],
  ['PORT', 'PATCH', '/apps/demo/config-vars', { PORT: '1' }, /"PORT" is set by the platform/],
  ['no updates', 'PATCH', '/apps/demo/formation', {}, /updates must be/],
  [
    'an empty list of updates',
    'PATCH',
    '/apps/demo/formation',
    { updates: [] },
    /^updates must not be empty\.$/,
  ],
  [
    'a quantity that is less than nothing',
    'PATCH',
    '/apps/demo/formation',
    { updates: [{ type: 'web', quantity: -1 }] },
    /^updates\.0\.quantity must be a number such as 2/,
  ],
  [
    'more instances than fit',
    'PATCH',
    '/apps/demo/formation',
    { updates: [{ type: 'web', quantity: '99999' }] },
    /^demo would have 99999 instances; at most 28 /,
  ],
  [
    'a quantity in words',
    'PATCH',
    '/apps/demo/formation/web',
    { quantity: 'two' },
    /quantity must be a number/,
  ],
  ['a quantity below nothing', 'PATCH', '/apps/demo/formation/web', { quantity: '-5' }, /between 0 and/],
  ['half an instance', 'PATCH', '/apps/demo/formation/web', { quantity: 1.5 }, /quantity must be a number/],
  [
    'a size that is not there',
    'PATCH',
    '/apps/demo/formation/web',
    { size: 'Performance-L' },
    /must be small/,
  ],
  ['a run of another size', 'POST', '/apps/demo/dynos', { command: 'x', size: 'Large' }, /must be small/],
  [
    'a type that is named twice',
    'PATCH',
    '/apps/demo/formation',
    {
      updates: [
        { type: 'web', quantity: 1 },
        { type: 'web', quantity: 2 },
      ],
    },
    /named twice/,
  ],
  ['neither a release nor a slug', 'POST', '/apps/demo/releases', {}, /must name the release/],
  ['a slug of its own', 'POST', '/apps/demo/slugs', { process_types: {} }, /takes no slugs/],
  ['the current release', 'POST', '/apps/demo/releases', { release: 'v2' }, /cannot be rolled back/],
  ['fewer lines than none', 'POST', '/apps/demo/log-sessions', { lines: -1 }, /lines/],
  ['an instance that cannot be', 'POST', '/apps/demo/log-sessions', { dyno: '../x' }, /dyno must look like/],
];

describe.each(refused)('given %s', (_what, method, path, body, says) => {
  it(`${method} ${path} refuses with invalid_params and one clear sentence [S-INJ-09]`, async () => {
    const answer = await door.call(method, path, { body });
    const refusal = resources.failure.parse(answer.body);
    expect(answer.status).toBe(422);
    expect(refusal.message).toMatch(says);
    expect(refusal.message).toMatch(/\.$/);
    expect(door.world.writes).toEqual([]);
  });
});

describe('what is not there', () => {
  it.each([
    ['GET', '/nothing', 'path'],
    ['PUT', '/apps', 'path'],
    ['GET', '/apps/%00', 'app'],
    ['GET', '/apps/a%2Fb', 'app'],
    ['GET', '/apps/demo/releases/v9', 'release'],
    ['GET', '/apps/demo/releases/v1/deployment', 'deployment'],
    ['GET', '/apps/demo/builds/x', 'build'],
    ['GET', '/apps/demo/dynos/web.9', 'dyno'],
    ['DELETE', '/apps/demo/dynos/web.9', 'dyno'],
    ['DELETE', '/apps/demo/formations/clock', 'dyno'],
    ['GET', '/apps/demo/formation/clock', 'formation'],
    ['DELETE', '/account/keys/SHA256:a%2Fb', 'key'],
    ['GET', '/stacks/other', 'stack'],
  ])('%s %s answers 404 and says that it is the %s', async (method, path, resource) => {
    const answer = await door.call(method, path);
    expect(answer).toMatchObject({ status: 404, body: { resource } });
  });

  it('answers a path that cannot be decoded with 400', async () => {
    expect(await door.call('GET', '/apps/%E0%A4%A')).toMatchObject({
      status: 400,
      body: { id: 'bad_request' },
    });
  });
});

describe('the apps of the one who asks', () => {
  it('are those they own, while an admin may see all', async () => {
    await door.call('POST', '/apps', { body: { name: 'theirs' }, token: door.world.otherToken });
    const names = async (path: string, token: string) =>
      app
        .array()
        .parse((await door.call('GET', path, { token })).body)
        .map(({ name }) => name);
    expect(await names('/apps', door.world.adminToken)).toEqual(['demo', 'theirs']);
    expect(await names('/users/~/apps', door.world.adminToken)).toEqual(['demo']);
    expect(await names('/apps', door.world.otherToken)).toEqual(['theirs']);
  });
});

describe('scaling', () => {
  it.each([
    [2, 2],
    ['2', 2],
    ['+1', 2],
    ['-1', 0],
    [0, 0],
  ])('takes %j for web, which is at 1, as %i', async (quantity, want) => {
    const answer = await door.call('PATCH', '/apps/demo/formation', {
      body: { updates: [{ type: 'web', quantity }] },
    });
    expect(formation.array().parse(answer.body)).toMatchObject([
      { type: 'web', quantity: want },
      { type: 'worker' },
    ]);
  });

  it('accepts a size alone and changes nothing', async () => {
    const answer = await door.call('PATCH', '/apps/demo/formation', {
      body: { updates: [{ type: 'web', size: 'small' }] },
    });
    expect(answer.status).toBe(200);
    expect(door.world.writes).toEqual([]);
  });
});

describe('destroying an app', () => {
  it('is refused when the confirmation names another app, wherever it stands', async () => {
    for (const [path, options] of [
      ['/apps/demo', { body: { confirm: 'other' } }],
      ['/apps/demo', { headers: { 'x-confirm': 'other' } }],
      ['/apps/demo?confirm=other', {}],
    ] as const) {
      const answer = await door.call('DELETE', path, options);
      expect(answer).toMatchObject({ status: 423, body: { id: 'confirmation_required' } });
    }
    expect(door.world.writes).toEqual([]);
  });

  it('happens with the right confirmation', async () => {
    expect(await door.call('DELETE', '/apps/demo', { body: { confirm: 'demo' } })).toMatchObject({
      status: 200,
    });
    expect(door.world.writes).toEqual(['destroy']);
  });
});

describe('what the real command line of the Platform API needs', () => {
  it('an app with objects where it reads their fields, and nulls that exist', async () => {
    const { body } = await door.call('GET', '/apps/demo');
    expect(body).toMatchObject({
      name: 'demo',
      web_url: 'http://demo.localhost:8080/',
      git_url: 'ssh://git@localhost:2222/demo.git',
      create_status: 'complete',
      repo_size: 2,
      slug_size: 1,
      owner: { email: 'admin@example.com' },
      generation: { name: 'cedar' },
      released_at: '2026-11-21T10:00:00Z',
    });
  });

  it('ids that are UUIDs, the same each time', async () => {
    const first = await door.call('GET', '/apps/demo/dynos');
    const again = await door.call('GET', '/apps/demo/dynos');
    expect(dyno.array().parse(first.body)[0]?.id).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-/,
    );
    expect(first.body).toEqual(again.body);
  });

  it('Basic credentials with the token as password, whatever the user', async () => {
    for (const user of ['', 'heroku', 'demo']) {
      const basic = Buffer.from(`${user}:${door.world.adminToken}`).toString('base64');
      const answer = await door.call('GET', '/account', {
        token: null,
        headers: { authorization: `Basic ${basic}` },
      });
      expect(answer.status).toBe(200);
    }
  });

  it('the newest release alone, as 206, when it asks for one', async () => {
    const headers = { range: 'version ..; order=desc,max=1' };
    const answer = await door.call('GET', '/apps/demo/releases', { headers });
    expect(answer.status).toBe(206);
    expect(release.array().parse(answer.body)).toMatchObject([{ version: 2, eligible_for_rollback: true }]);
    expect(answer.headers['next-range']).toBe('version ..2[; max=1, order=desc');
  });

  it('all releases, as 200, when they fit', async () => {
    const headers = { range: 'version ..; max=15, order=desc' };
    const answer = await door.call('GET', '/apps/demo/releases', { headers });
    expect(answer.status).toBe(200);
    expect(
      release
        .array()
        .parse(answer.body)
        .map(({ version }) => version),
    ).toEqual([2, 1]);
  });

  it('the builds of an app, with who pushed and how it ended', async () => {
    const demo = door.world.apps.get('demo');
    const id = '5c1b8a3e-8d1f-4c0e-9a57-0d3c8b1c9f00';
    door.world.memory.builds.set(id, {
      id,
      appId: demo?.app.id ?? '',
      userId: door.world.admin.userId,
      status: 'superseded',
      push: { ref: 'refs/heads/main', commit: 'c0ffee', from: null },
      upload: null,
      buildpacks: null,
      attempt: 1,
      failure: 'A newer push took its place.',
      image: null,
      epoch: null,
      createdAt: TIME,
      finishedAt: TIME,
    });
    const answer = await door.call('GET', '/apps/demo/builds');
    expect(build.array().parse(answer.body)).toMatchObject([
      { status: 'failed', user: { email: 'admin@example.com' }, source_blob: { version: 'c0ffee' } },
    ]);
  });
});
