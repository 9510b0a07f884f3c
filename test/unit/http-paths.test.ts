import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

describe('a path', () => {
  it.each([
    '/APPS',
    '/apps/',
    '//apps',
    '/apps//demo',
    '/apps/demo/',
    '/apps/demo/Dynos',
    '/Account',
    '/STREAMS/x',
  ])('is one, and %s is another, at which nothing is', async (path) => {
    expect(await door.call('GET', path)).toMatchObject({
      status: 404,
      body: { id: 'not_found', resource: 'path' },
    });
  });

  it.each(['/Health', '/health/', '/AUTH/BROWSER/x', '/Auth/wait', '/SCHEMA', '/Stacks'])(
    'is one also where nobody need be known, and %s lets nobody past the doorman',
    async (path) => {
      expect(await door.call('GET', path, { token: null })).toMatchObject({ status: 401 });
    },
  );

  it('that is another is no way to log in', async () => {
    const headers = { authorization: `Basic ${Buffer.from('ann@example.com:secret').toString('base64')}` };
    for (const path of ['/OAUTH/authorizations', '/oauth/authorizations/'])
      expect(await door.call('POST', path, { token: null, headers, body: {} })).toMatchObject({
        status: 401,
      });
  });

  it('may be asked something after it', async () => {
    expect((await door.call('GET', '/apps?x=/')).status).toBe(200);
    expect((await door.call('GET', '/apps/demo?')).status).toBe(200);
  });

  it('tells nobody by OPTIONS what there is', async () => {
    for (const path of ['/apps', '/apps/demo', '/oauth/tokens', '/schema', '/none']) {
      expect(await door.call('OPTIONS', path, { token: null }), path).toMatchObject({ status: 401 });
      const { status, headers } = await door.call('OPTIONS', path);
      expect([status, headers['allow']], path).toEqual([404, undefined]);
    }
  });

  it.each([
    ['PUT', '/apps/demo/pre-authorizations'],
    ['POST', '/apps/demo/pre-authorizations'],
    ['PUT', '/users/~/pre-authorizations'],
    ['POST', '/oauth/tokens'],
    ['GET', '/oauth/tokens'],
  ])(
    'of the Platform API that there is not here is not found, whatever is sent to it: %s %s',
    async (method, path) => {
      for (const body of [undefined, {}, { grant: { code: 'x', type: 'authorization_code' } }]) {
        const { status, headers, body: answer } = await door.call(method, path, { body });
        expect([status, headers['content-type']]).toEqual([404, 'application/json; charset=utf-8']);
        expect(answer).toMatchObject({
          ...{ id: 'not_found', resource: 'path', retry: false },
          message: expect.stringContaining(`${method} ${path}`) as unknown,
        });
      }
      const nobody = await door.call(method, path, { token: null, body: {} });
      expect(nobody).toMatchObject({ status: 401, body: { id: 'unauthorized' } });
      for (const body of ['{', '[]'])
        expect(await door.call(method, path, { body })).toMatchObject({
          ...{ status: 400, body: { id: 'bad_request' } },
        });
    },
  );
});

it('names what was asked for as it was written, but for what could do something to a terminal', async () => {
  const named = async (name: string): Promise<unknown> =>
    ((await door.call('GET', `/apps/${encodeURIComponent(name)}`)).body as { message: string }).message;
  expect(await named('ünï')).toBe("Couldn't find that app: ünï. It may not exist, or you may not see it.");
  expect(await named('a\u001b[31m\u202e b')).toBe(
    "Couldn't find that app: a?[31m??b. It may not exist, or you may not see it.",
  );
});
