import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Actor } from '../../server/domain/actor.ts';
import { onEveryStore, patient, type Stores } from '../support/stores.ts';

onEveryStore((open) => {
  const keyOf = (actor: Actor, fingerprint: string, stores: Stores) => ({
    id: randomUUID(),
    userId: actor.userId,
    fingerprint,
    publicKey: `ssh-ed25519 AAAA${fingerprint}`,
    comment: 'laptop',
    createdAt: stores.time.now(),
  });

  it('makes one first admin, whoever asks and however many ask at once [S-API-12]', async () => {
    await using stores = await open();
    const asked = await Promise.all(
      ['a', 'b', 'c'].map((who) =>
        stores.accounts.createFirstAdmin(`${who}@example.com`, `hash-${who}`, patient),
      ),
    );
    expect(asked.filter(Boolean)).toHaveLength(1);
    const found = await Promise.all(
      ['a', 'b', 'c'].map((who) => stores.accounts.findByTokenHash(`hash-${who}`, patient)),
    );
    expect(found.filter(Boolean)).toEqual([expect.objectContaining({ admin: true })]);
    expect(await stores.accounts.createFirstAdmin('d@example.com', 'hash-d', patient)).toBe(false);
  });

  it('knows an account by its id, and nobody by anything else', async () => {
    await using stores = await open();
    const { userId, email } = await stores.addUser();
    expect(await stores.accounts.findAccount(userId, patient)).toEqual({
      ...{ id: userId, email, name: null, admin: false, twoFactor: false, lastLoginAt: null },
      createdAt: expect.any(Date) as Date,
      updatedAt: expect.any(Date) as Date,
    });
    expect(await stores.accounts.findAccount(randomUUID(), patient)).toBeUndefined();
    expect(await stores.accounts.findAccount("' OR 1=1 --", patient)).toBeUndefined();
    expect(await stores.accounts.findByTokenHash('unknown', patient)).toBeUndefined();
    expect(await stores.accounts.findByKeyFingerprint('SHA256:unknown', patient)).toBeUndefined();
  });

  it('finds the owner of a key, and lists a person only their own, oldest first', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser({ admin: true })];
    const first = await stores.accounts.addKey(keyOf(ann, 'SHA256:one', stores), patient);
    expect(first).toMatchObject({ email: ann.email, comment: 'laptop', fingerprint: 'SHA256:one' });
    stores.time.passed(1000);
    await stores.accounts.addKey(keyOf(ann, 'SHA256:two', stores), patient);
    await stores.accounts.addKey(keyOf(bob, 'SHA256:three', stores), patient);

    expect(await stores.accounts.findByKeyFingerprint('SHA256:three', patient)).toMatchObject(bob);
    const keys = await stores.accounts.listKeys(ann.userId, patient);
    expect(keys.map((key) => key.fingerprint)).toEqual(['SHA256:one', 'SHA256:two']);
    expect(keys[0]).toEqual(first);
  });

  it('registers a key once, for anyone', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    await stores.accounts.addKey(keyOf(ann, 'SHA256:one', stores), patient);
    for (const who of [ann, bob])
      await expect(stores.accounts.addKey(keyOf(who, 'SHA256:one', stores), patient)).rejects.toMatchObject({
        id: 'key_taken',
      });
  });

  it('removes a key by id or fingerprint, but never of another person', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const one = await stores.accounts.addKey(keyOf(ann, 'SHA256:one', stores), patient);
    await stores.accounts.addKey(keyOf(ann, 'SHA256:two', stores), patient);

    expect(await stores.accounts.removeKey(bob.userId, one.id, patient)).toBe(false);
    expect(await stores.accounts.removeKey(ann.userId, one.id, patient)).toBe(true);
    expect(await stores.accounts.removeKey(ann.userId, one.id, patient)).toBe(false);
    expect(await stores.accounts.removeKey(ann.userId, 'SHA256:two', patient)).toBe(true);
    expect(await stores.accounts.findByKeyFingerprint('SHA256:two', patient)).toBeUndefined();
  });
});
