import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../../../test/support/fake-door.ts';
import { sampleKey } from '../../../test/support/sample-keys.ts';
import { key } from '../../contract/resources.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

describe('keys', () => {
  it('are found and removed by a fingerprint with a slash in it, escaped or not', async () => {
    const publicKey = sampleKey('2');
    const added = key.parse(
      (await door.call('POST', '/account/keys', { body: { public_key: publicKey } })).body,
    );
    expect(added.fingerprint).toContain('/');
    for (const which of [added.id, added.fingerprint, encodeURIComponent(added.fingerprint)])
      expect(key.parse((await door.call('GET', `/account/keys/${which}`)).body).id).toBe(added.id);
    expect((await door.call('DELETE', `/account/keys/${added.fingerprint}`)).status).toBe(200);
    expect((await door.call('GET', '/account/keys')).body).toEqual([]);
  });
});
