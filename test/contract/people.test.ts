import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { EVERYTHING } from '../../server/domain/actor.ts';
import { addApp, onEveryStore, patient, type Stores } from '../support/stores.ts';

onEveryStore((open) => {
  const inAnHour = (stores: Stores) => new Date(stores.time.now().getTime() + 3_600_000);
  const invite = (stores: Stores, email: string, hash: string = randomUUID()) =>
    stores.people.invite(
      { id: randomUUID(), email, admin: false },
      { hash, expiresAt: inAnHour(stores) },
      patient,
    );
  const session = async (stores: Stores, userId: string, isSession = true) => {
    const draft = {
      ...{ id: randomUUID(), userId, hash: randomUUID(), hint: '', description: '', scopes: EVERYTHING },
      ...{
        addresses: [],
        session: isSession,
        ip: null,
        lifetimeMs: null,
        expiresAt: null,
        createdAt: stores.time.now(),
      },
    };
    await stores.tokens.create(draft, 10, patient);
    return draft;
  };

  it('knows who was invited, once under each email, and who may choose a password', async () => {
    await using stores = await open();
    const person = await invite(stores, 'ann@example.com', 'one');
    expect(person).toMatchObject({ hasPassword: false, invitedUntil: inAnHour(stores), twoFactor: false });
    await expect(invite(stores, 'ann@example.com')).rejects.toMatchObject({ id: 'email_taken' });
    expect(await stores.people.find('ann@example.com', patient)).toEqual(person);
    expect(await stores.people.find(person.id, patient)).toEqual(person);
    expect(await stores.people.findInvited('one', patient)).toEqual(person);
    await stores.people.inviteAgain(person.id, { hash: 'two', expiresAt: inAnHour(stores) }, patient);
    expect(await stores.people.findInvited('one', patient)).toBeUndefined();
    const both = await Promise.all(['p', 'q'].map((hash) => stores.people.accept('two', hash, patient)));
    expect(both.filter(Boolean)).toMatchObject([{ hasPassword: true, invitedUntil: null }]);
    expect(await stores.people.list(patient)).toMatchObject([{ email: 'ann@example.com' }]);
  });

  it('lets an invitation end', async () => {
    await using stores = await open();
    const person = await invite(stores, 'ann@example.com', 'one');
    stores.time.passed(3_600_000);
    expect(await stores.people.findInvited('one', patient)).toBeUndefined();
    expect(await stores.people.accept('one', 'p', patient)).toBeUndefined();
    expect(await stores.people.find(person.id, patient)).toMatchObject({ invitedUntil: null });
  });

  it('ends the sessions of whoever changes a password, but the one it is done in, and no other tokens', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [mine, other] = [await session(stores, ann.userId), await session(stores, ann.userId)];
    const robot = await session(stores, ann.userId, false);
    await stores.people.setPassword(ann.userId, 'hash', { tokenId: mine.id }, patient);
    const left = await stores.tokens.list(ann.userId, patient);
    expect(left.map(({ id }) => id).sort()).toEqual([mine.id, robot.id].sort());
    expect(left).not.toContainEqual(expect.objectContaining({ id: other.id }));
    expect(await stores.people.findLogin(ann.email, patient)).toMatchObject({ password: 'hash', totp: null });
  });

  it('keeps the key of a second factor, uses no time step and no recovery code twice', async () => {
    await using stores = await open();
    const { userId } = await stores.addUser();
    const { people } = stores;
    expect(await people.confirmTotp(userId, { step: 1, recoveryHashes: [] }, patient)).toBe(false);
    await people.beginTotp(userId, new Secret('KEY'), patient);
    expect((await people.findLogin(userId, patient))?.totpPending?.reveal()).toBe('KEY');
    const proof = { step: 100, recoveryHashes: ['a', 'b'] };
    const confirmed = await Promise.all([1, 2].map(() => people.confirmTotp(userId, proof, patient)));
    expect(confirmed.filter(Boolean)).toHaveLength(1);
    const login = await people.findLogin(userId, patient);
    expect(login).toMatchObject({ totpPending: null, recoveryCodes: 2 });
    expect(login?.totp?.reveal()).toBe('KEY');
    for (const [step, works] of [
      [100, false],
      [99, false],
      [101, true],
      [101, false],
    ] as const)
      expect(await people.useTotpStep(userId, step, patient)).toBe(works);
    const used = await Promise.all([1, 2].map(() => people.useRecoveryCode(userId, 'a', patient)));
    expect(used.filter(Boolean)).toHaveLength(1);
    expect(await people.useRecoveryCode(userId, 'unknown', patient)).toBe(false);
    await people.beginTotp(userId, new Secret('OTHER'), patient);
    expect((await people.findLogin(userId, patient))?.totp?.reveal()).toBe('KEY');
    await people.clearTotp(userId, patient);
    expect(await people.findLogin(userId, patient)).toMatchObject({ totp: null, recoveryCodes: 0 });
  });

  it('removes nobody who owns apps, and of all others what lets them in', async () => {
    await using stores = await open();
    await stores.addUser({ admin: true });
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const app = await addApp(stores, ann, 'hello');
    await expect(stores.people.remove(ann.userId, patient)).rejects.toMatchObject({
      id: 'user_owns_apps',
      params: { email: ann.email, apps: ['hello'] },
    });
    const token = await session(stores, bob.userId);
    expect(await stores.people.remove(bob.userId, patient)).toMatchObject({ email: bob.email });
    expect(await stores.people.remove(bob.userId, patient)).toBeUndefined();
    expect(await stores.accounts.findByTokenHash(token.hash, patient)).toBeUndefined();
    expect(await stores.accounts.findAccount(bob.userId, patient)).toBeUndefined();
    expect(await stores.people.find(bob.email, patient)).toBeUndefined();
    await expect(invite(stores, bob.email)).resolves.toMatchObject({ email: bob.email });
    await stores.apps.markDeleted(app, patient);
    await expect(stores.people.remove(ann.userId, patient)).resolves.toBeDefined();
  });

  it('leaves the platform an administrator, however many try at once', async () => {
    await using stores = await open();
    const admins = [await stores.addUser({ admin: true }), await stores.addUser({ admin: true })];
    const asked = await Promise.allSettled(
      admins.map(({ userId }) => stores.people.setAdmin(userId, { admin: false }, patient)),
    );
    expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const left = (await stores.people.list(patient)).filter(({ admin }) => admin);
    expect(left).toHaveLength(1);
    await expect(stores.people.remove(left[0]?.id ?? '', patient)).rejects.toMatchObject({
      id: 'last_admin',
    });
  });
});
