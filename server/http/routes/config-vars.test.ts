import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../../../test/support/fake-door.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

describe('config vars', () => {
  it.each(['__proto__', 'constructor', 'A B', '1A', ''])(
    'called %j are refused or kept, and never lost on the way [S-INJ-08]',
    async (name) => {
      const body = `{${JSON.stringify(name)}: "x"}`;
      const answer = await door.call('PATCH', '/apps/demo/config-vars', { body });
      if (answer.status === 200) expect(Object.keys(answer.body as object)).toContain(name);
      else expect(answer).toMatchObject({ status: 422, body: { id: 'invalid_params' } });
      const config = (await door.call('GET', '/apps/demo/config-vars')).text;
      expect(config).toBe(answer.status === 200 ? answer.text : '{"LANG":"C.UTF-8"}');
    },
  );
});
