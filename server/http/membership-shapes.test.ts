import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../../test/support/fake-door.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
});
afterEach(() => door[Symbol.asyncDispose]());

it('tells clients that rights on apps of a team can be less than everything, or they ask for everything', async () => {
  await door.call('POST', '/teams', { body: { name: 'acme' } });
  const { body } = await door.call('GET', '/teams/acme/features');
  const on = (body as { name: string; enabled: boolean }[]).map(({ name, enabled }) => [name, enabled]);
  expect(on).toEqual([
    ['team-invite-acceptance', false],
    ['org-access-controls', true],
  ]);
  expect(await door.call('GET', '/teams/acme/features/org-access-controls')).toMatchObject({ status: 200 });
});
