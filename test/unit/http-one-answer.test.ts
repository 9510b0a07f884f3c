import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

describe('a body that is no object', () => {
  it.each(['[]', '[{}]', 'null', '"x"', '7', 'true', '{', 'x'])(
    'is told so in the same words: %s',
    async (body) => {
      for (const path of ['/apps', '/apps/demo/config-vars'])
        expect(await door.call(path === '/apps' ? 'POST' : 'PATCH', path, { body })).toMatchObject({
          status: 400,
          body: {
            id: 'bad_request',
            message: 'The request could not be read: its body must be a JSON object.',
          },
        });
      expect(door.world.writes).toEqual([]);
    },
  );
});

describe('a call that is wrong, by somebody who may not make it,', () => {
  it.each([
    ['POST', '/apps/demo/webhooks', { url: 'bogus' }],
    ['POST', '/apps/demo/dynos', {}],
    ['POST', '/apps/demo/collaborators', {}],
    ['PATCH', '/apps/demo', { name: 7 }],
    ['PUT', '/apps/demo/buildpack-installations', { updates: [{}] }],
    ['POST', '/account/app-transfers', { app: 'demo' }],
  ])('is refused as a right one is, and not told what is wrong: %s %s', async (method, path, body) => {
    const { otherToken } = door.world;
    expect(await door.call(method, path, { token: otherToken, body })).toMatchObject({
      status: 404,
      body: { id: 'not_found', resource: 'app' },
    });
    expect(await door.call(method, path, { body })).toMatchObject({
      status: 422,
      body: { id: 'invalid_params' },
    });
  });
});
