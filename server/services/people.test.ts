import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { createFastPasswords } from '../../test/support/memory-people.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import { createPeople } from './people.ts';

const PASSWORD = new Secret('wide river, three stones');
const DAY_MS = 86_400_000;

function createRig() {
  const rig = createStoresRig();
  const service = createPeople({ store: rig.people, passwords: createFastPasswords(), clock: rig.clock });
  const invite = (email: string, admin = false) => service.invite(rig.admin, { email, admin }, patient);
  return { ...rig, service, invite };
}

describe('an invitation [S-API-12]', () => {
  it('makes an account, whose password whoever has the secret chooses, once', async () => {
    const rig = createRig();
    const { person, secret } = await rig.invite('New@Example.com');
    expect(person).toMatchObject({ email: 'new@example.com', admin: false, hasPassword: false });
    expect(JSON.stringify([...rig.world.users.values()])).not.toContain(secret.reveal());
    expect(await rig.service.accept({ secret, password: PASSWORD }, patient)).toMatchObject({
      id: person.id,
      hasPassword: true,
    });
    await expect(rig.service.accept({ secret, password: PASSWORD }, patient)).rejects.toMatchObject({
      id: 'invitation_over',
    });
  });

  it('is over after a week, and when there is a newer one', async () => {
    const rig = createRig();
    const first = await rig.invite('new@example.com');
    const second = await rig.service.inviteAgain(rig.admin, 'new@example.com', patient);
    await expect(rig.service.accept({ ...first, password: PASSWORD }, patient)).rejects.toMatchObject({
      id: 'invitation_over',
    });
    rig.clock.passed(7 * DAY_MS);
    await expect(rig.service.accept({ ...second, password: PASSWORD }, patient)).rejects.toMatchObject({
      id: 'invitation_over',
    });
  });

  it.each(['', 'gantry_invite_x', `gantry_invite_${'A'.repeat(43)}`])('is not %j', async (text) => {
    const rig = createRig();
    await expect(
      rig.service.accept({ secret: new Secret(text), password: PASSWORD }, patient),
    ).rejects.toMatchObject({ id: 'invitation_over' });
  });

  it('is not used up by a password that will not do', async () => {
    const rig = createRig();
    const { secret } = await rig.invite('new@example.com');
    await expect(
      rig.service.accept({ secret, password: new Secret('I am new@example.com') }, patient),
    ).rejects.toMatchObject({ id: 'invalid_params' });
    await expect(rig.service.accept({ secret, password: PASSWORD }, patient)).resolves.toBeDefined();
  });

  it.each(['', 'x', 'a@b@c', 'a b@example.com', 'a@example.com\n'.repeat(30)])(
    'goes to no %j',
    async (email) => {
      const rig = createRig();
      await expect(rig.invite(email)).rejects.toMatchObject({ id: 'invalid_params' });
    },
  );

  it('for an email that is there already says what to do', async () => {
    const rig = createRig();
    await expect(rig.invite('ANN@example.com')).rejects.toMatchObject({ id: 'email_taken' });
  });
});

describe('people', () => {
  it('are administrators’ business alone', async () => {
    const rig = createRig();
    for (const actor of [rig.ann, { ...rig.admin, scopes: ['write-protected'] as const }])
      for (const asked of [
        rig.service.list(actor, patient),
        rig.service.invite(actor, { email: 'x@example.com', admin: true }, patient),
        rig.service.inviteAgain(actor, 'bob@example.com', patient),
        rig.service.setAdmin(actor, 'ann@example.com', { admin: true }, patient),
        rig.service.remove(actor, 'bob@example.com', patient),
      ])
        await expect(asked).rejects.toMatchObject({
          id: expect.stringMatching(/^(?:forbidden_platform|scope_too_small)$/) as string,
        });
  });

  it('are not removed while they own apps, and leave their name in what they did', async () => {
    const rig = createRig();
    const app = await rig.createApp('hello');
    await expect(rig.service.remove(rig.admin, 'ann@example.com', patient)).rejects.toThrow(
      'ann@example.com still owns hello; destroy these apps or give them to somebody else first.',
    );
    await rig.apps.markDeleted(app, patient);
    await rig.service.remove(rig.admin, 'ann@example.com', patient);
    expect((await rig.service.list(rig.admin, patient)).map(({ email }) => email)).toEqual([
      'admin@example.com',
      'bob@example.com',
    ]);
    expect(await rig.accounts.renew(rig.ann, patient)).toBeUndefined();
    await expect(rig.invite('ann@example.com')).resolves.toBeDefined();
  });

  it('always have an administrator', async () => {
    const rig = createRig();
    for (const asked of [
      () => rig.service.remove(rig.admin, 'admin@example.com', patient),
      () => rig.service.setAdmin(rig.admin, rig.admin.userId, { admin: false }, patient),
    ])
      await expect(asked()).rejects.toMatchObject({ id: 'last_admin' });
    await rig.service.setAdmin(rig.admin, 'bob@example.com', { admin: true }, patient);
    expect(await rig.service.setAdmin(rig.admin, rig.admin.userId, { admin: false }, patient)).toMatchObject({
      admin: false,
    });
  });

  it('that are not there are not found', async () => {
    const rig = createRig();
    await expect(rig.service.remove(rig.admin, 'nobody@example.com', patient)).rejects.toMatchObject({
      id: 'not_found',
      params: { resource: 'user' },
    });
  });
});
