import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestCli } from '../../test/support/test-cli.ts';
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

/** As the heroku command makes its list of who may do what with an app of a team. */
function united(
  collaborators: readonly { readonly role: string; readonly user: { readonly email: string } }[],
  members: readonly { readonly role: string; readonly email: string }[],
): string[] {
  const others = collaborators.filter(({ role }) => role !== 'admin').map(({ user }) => user.email);
  return [...others, ...members.filter(({ role }) => role === 'admin').map(({ email }) => email)];
}

it('has clients list nobody twice who is an administrator of the team and a collaborator of its app', async () => {
  await door.call('POST', '/teams', { body: { name: 'acme' } });
  await door.call('POST', '/teams/apps', { body: { name: 'shop', team: 'acme' } });
  await door.call('POST', '/apps/shop/collaborators', { body: { user: door.world.other.email } });
  const read = async (path: string) => (await door.call('GET', path)).body as never;
  const members: never = await read('/teams/acme/members');
  for (const path of ['/apps/shop/collaborators', '/teams/apps/shop/collaborators'])
    expect(united(await read(path), members).sort(), path).toEqual(
      [door.world.admin.email, door.world.other.email].sort(),
    );
});

it('and our own command does not either', async () => {
  await using cli = await openTestCli();
  await cli.gantry(['teams:create', 'acme']);
  await cli.gantry(['apps:create', 'shop', '--team', 'acme', '--no-remote']);
  const { out } = await cli.gantry(['access', '-a', 'shop']);
  expect(out.match(/@/g)).toHaveLength(1);
  expect(out).toMatch(/ admin /);
});
