import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { createFastPasswords } from '../../test/support/memory-people.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import { createAccounts } from './accounts.ts';
import { createPeople } from './people.ts';
import { recover, type RecoveryWish } from './recovery.ts';

function createRig() {
  const rig = createStoresRig();
  const { people, tokens, clock } = rig;
  const accounts = createAccounts({ store: rig.accounts, tokens, clock });
  const wish: RecoveryWish = { email: undefined, former: undefined, password: 'keep', secondFactor: 'keep' };
  return {
    ...rig,
    entered: (token: Secret) => accounts.authenticate(token.reveal(), '192.0.2.7', patient),
    recover: (given: Partial<RecoveryWish> = {}) =>
      recover({ accounts: rig.accounts, people, tokens, clock }, { ...wish, ...given }, patient),
    accept: (secret: Secret) =>
      createPeople({ store: people, passwords: createFastPasswords(), clock }).accept(
        { secret, password: new Secret('wide river, three stones') },
        patient,
      ),
  };
}

describe('recovery', () => {
  it('lets in the administrator who is here longest, and ends the token it replaces', async () => {
    const rig = createRig();
    const first = await rig.recover();
    expect(first).toMatchObject({ person: { email: 'admin@example.com' }, invitation: null });
    expect(await rig.entered(first.token)).toMatchObject({ admin: true, scopes: ['global'] });
    const second = await rig.recover({ former: first.token });
    await expect(rig.entered(first.token)).rejects.toMatchObject({ id: 'unauthorized' });
    await expect(rig.entered(second.token)).resolves.toBeDefined();
  });

  it('makes an administrator of whoever is named', async () => {
    const rig = createRig();
    const { token } = await rig.recover({ email: ' Ann@example.com' });
    expect(await rig.entered(token)).toMatchObject({ userId: rig.ann.userId, admin: true });
    await expect(rig.recover({ email: 'nobody@example.com' })).rejects.toMatchObject({ id: 'not_found' });
  });

  it('removes a second factor and resets a password only when it is told to', async () => {
    const rig = createRig();
    await rig.people.beginTotp(rig.admin.userId, new Secret('KEY'), patient);
    await rig.people.confirmTotp(rig.admin.userId, { step: 1, recoveryHashes: ['a'] }, patient);
    await rig.recover();
    expect((await rig.people.findLogin(rig.admin.userId, patient))?.totp).not.toBeNull();
    const { invitation } = await rig.recover({ password: 'reset', secondFactor: 'remove' });
    expect(await rig.people.findLogin(rig.admin.userId, patient)).toMatchObject({
      totp: null,
      recoveryCodes: 0,
    });
    expect(invitation && (await rig.accept(invitation))).toMatchObject({ hasPassword: true });
  });
});
