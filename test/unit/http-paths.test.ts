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
    ['/Apps/demo', 200],
    ['/APPS/demo/', 200],
    ['/apps/demo?x=1', 200],
    ['/apps//demo', 404],
  ])('is read as express reads it: %s answers %d', async (path, expected) => {
    expect((await door.call('GET', path)).status).toBe(expected);
  });

  it('tells nobody by OPTIONS what there is', async () => {
    for (const path of ['/apps', '/apps/demo', '/oauth/tokens', '/schema', '/none']) {
      expect(await door.call('OPTIONS', path, { token: null }), path).toMatchObject({ status: 401 });
      const { status, headers } = await door.call('OPTIONS', path);
      expect([status, headers['allow']], path).toEqual([404, undefined]);
    }
  });
});
