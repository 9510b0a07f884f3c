import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../../test/support/fake-door.ts';
import { failure } from '../contract/resources.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

describe('a body that is no text', () => {
  it.each([
    ['half a surrogate pair in a value', '{"A":"\\ud800"}', 'half a surrogate pair'],
    ['what is nested too deep', `{"a":${'['.repeat(32)}${']'.repeat(32)}}`, 'more than 32 levels deep'],
    ['half a surrogate pair in a name', '{"A\\udfff":"x"}', 'half a surrogate pair'],
    [
      'bytes that are not UTF-8',
      Buffer.from([0x7b, 0x22, 0x41, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
      'UTF-8',
    ],
  ])('is refused, for %s, and nothing is kept [S-API-08]', async (_what, body, problem) => {
    const res = await fetch(`${door.url}/apps/demo/config-vars`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${door.world.adminToken}` },
      body,
    });
    expect(res.status).toBe(400);
    const { id, message } = failure.parse(await res.json());
    expect(id).toBe('bad_request');
    expect(message).toContain(problem);
    expect(door.world.writes).toEqual([]);
  });

  it('takes whole pairs', async () => {
    const answer = await door.call('PATCH', '/apps/demo/config-vars', { body: { A: '\u{1f680} ü' } });
    expect(answer).toMatchObject({ status: 200, body: { A: '\u{1f680} ü' } });
  });
});
