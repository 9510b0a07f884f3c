import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { EVERYTHING, MARK_LENGTH, type Actor } from '../../server/domain/actor.ts';
import type { TokenDraft } from '../../server/ports/tokens.ts';
import { onEveryStore, patient, type Stores } from '../support/stores.ts';

onEveryStore((open) => {
  const draftOf = (actor: Actor, stores: Stores, given: Partial<TokenDraft> = {}): TokenDraft => ({
    ...{ id: randomUUID(), userId: actor.userId, hash: randomUUID(), hint: 'abcdef' },
    ...{ description: 'robot', scopes: EVERYTHING, session: false, ip: null, addresses: [] },
    ...{ lifetimeMs: null, expiresAt: null, createdAt: stores.time.now() },
    ...given,
  });

  it('lets a token in with its scopes, and says which token it was', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const draft = draftOf(ann, stores, { scopes: ['read', `deploy:${randomUUID()}`] });
    const token = await stores.tokens.create(draft, 10, patient);
    expect(token).toMatchObject({ id: draft.id, email: ann.email, scopes: draft.scopes, lastUsedAt: null });
    expect(token).not.toHaveProperty('hash');
    expect(await stores.accounts.findByTokenHash(draft.hash, patient)).toEqual({
      ...ann,
      scopes: draft.scopes,
      credential: { kind: 'token', id: draft.id, mark: draft.hash.slice(0, MARK_LENGTH) },
    });
  });

  it('keeps the addresses that a token is bound to, also when it is rotated [S-API-05]', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const addresses = ['192.0.2.0/24', '2001:db8::1'];
    const draft = draftOf(ann, stores, { addresses });
    expect(await stores.tokens.create(draft, 10, patient)).toMatchObject({ addresses });
    const actor = await stores.accounts.findByTokenHash(draft.hash, patient);
    expect(actor?.credential).toMatchObject({ id: draft.id, addresses });
    expect(actor && (await stores.accounts.renew(actor, patient))).toEqual(actor);
    const fresh = { hash: randomUUID(), hint: 'zzzzzz', expiresAt: null };
    expect(await stores.tokens.rotate(ann.userId, draft.id, fresh, patient)).toMatchObject({ addresses });
    expect((await stores.accounts.findByTokenHash(fresh.hash, patient))?.credential).toMatchObject({
      addresses,
    });
  });

  it('makes none for an account that is not there', async () => {
    await using stores = await open();
    const nobody = { ...(await stores.addUser()), userId: randomUUID() };
    expect(await stores.tokens.create(draftOf(nobody, stores), 10, patient)).toBeUndefined();
  });

  it('forgets a token when its time is over', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const expiresAt = new Date(stores.time.now().getTime() + 1000);
    const draft = draftOf(ann, stores, { expiresAt, lifetimeMs: 1000 });
    await stores.tokens.create(draft, 10, patient);
    const actor = await stores.accounts.findByTokenHash(draft.hash, patient);
    stores.time.passed(1000);
    expect(await stores.accounts.findByTokenHash(draft.hash, patient)).toBeUndefined();
    expect(actor && (await stores.accounts.renew(actor, patient))).toBeUndefined();
    expect(await stores.tokens.list(ann.userId, patient)).toEqual([]);
    expect(await stores.tokens.find(ann.userId, draft.id, patient)).toBeUndefined();
    expect(await stores.tokens.revoke(ann.userId, draft.id, patient)).toBeUndefined();
  });

  it('shows and changes nobody another’s [S-API-02]', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const token = await stores.tokens.create(draftOf(ann, stores), 10, patient);
    const id = token?.id ?? '';
    const fresh = { hash: 'x', hint: 'x', expiresAt: null };
    expect(await stores.tokens.list(bob.userId, patient)).toEqual([]);
    expect(await stores.tokens.find(bob.userId, id, patient)).toBeUndefined();
    expect(await stores.tokens.describe(bob.userId, id, 'mine', patient)).toBeUndefined();
    expect(await stores.tokens.rotate(bob.userId, id, fresh, patient)).toBeUndefined();
    expect(await stores.tokens.revoke(bob.userId, id, patient)).toBeUndefined();
    expect(await stores.tokens.find(ann.userId, "' OR 1=1 --", patient)).toBeUndefined();
    expect(await stores.tokens.find(ann.userId, id, patient)).toEqual(token);
  });

  it('has a rotated token open by its new secret only', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const draft = draftOf(ann, stores);
    await stores.tokens.create(draft, 10, patient);
    const before = await stores.accounts.findByTokenHash(draft.hash, patient);
    stores.time.passed(5_000);
    const fresh = { hash: randomUUID(), hint: 'zzzzzz', expiresAt: null };
    expect(await stores.tokens.rotate(ann.userId, draft.id, fresh, patient)).toMatchObject({
      hint: 'zzzzzz',
      updatedAt: stores.time.now(),
    });
    expect(await stores.accounts.findByTokenHash(draft.hash, patient)).toBeUndefined();
    const after = await stores.accounts.findByTokenHash(fresh.hash, patient);
    expect(after).toMatchObject(ann);
    // What was opened with the old secret closes as well.
    expect(before && (await stores.accounts.renew(before, patient))).toBeUndefined();
    expect(after && (await stores.accounts.renew(after, patient))).toEqual(after);
  });

  it('revokes a token once', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const draft = draftOf(ann, stores);
    await stores.tokens.create(draft, 10, patient);
    const actor = await stores.accounts.findByTokenHash(draft.hash, patient);
    const both = await Promise.all([1, 2].map(() => stores.tokens.revoke(ann.userId, draft.id, patient)));
    expect(both.filter(Boolean)).toHaveLength(1);
    expect(await stores.accounts.findByTokenHash(draft.hash, patient)).toBeUndefined();
    expect(actor && (await stores.accounts.renew(actor, patient))).toBeUndefined();
  });

  it('notes when a token was used, but not more often than asked [S-API-05]', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const draft = draftOf(ann, stores);
    await stores.tokens.create(draft, 10, patient);
    const first = stores.time.now();
    await stores.tokens.touch(draft.id, new Date(first.getTime() - 60_000), patient);
    stores.time.passed(30_000);
    await stores.tokens.touch(draft.id, new Date(stores.time.now().getTime() - 60_000), patient);
    expect(await stores.tokens.find(ann.userId, draft.id, patient)).toMatchObject({ lastUsedAt: first });
    stores.time.passed(60_000);
    await stores.tokens.touch(draft.id, new Date(stores.time.now().getTime() - 60_000), patient);
    expect(await stores.tokens.find(ann.userId, draft.id, patient)).toMatchObject({
      lastUsedAt: stores.time.now(),
    });
  });

  it('renews an actor by key or by account as long as these are there', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const key = { id: randomUUID(), userId: ann.userId, fingerprint: 'SHA256:one', comment: '' };
    const added = { ...key, publicKey: 'ssh-ed25519 AAAA', createdAt: stores.time.now() };
    await stores.accounts.addKey(added, patient);
    const byKey = await stores.accounts.findByKeyFingerprint('SHA256:one', patient);
    expect(byKey && (await stores.accounts.renew(byKey, patient))).toEqual(byKey);
    await stores.accounts.removeKey(ann.userId, key.id, patient);
    expect(byKey && (await stores.accounts.renew(byKey, patient))).toBeUndefined();
    expect(await stores.accounts.renew(ann, patient)).toEqual(ann);
    const gone = { ...ann, userId: randomUUID() };
    expect(await stores.accounts.renew(gone, patient)).toBeUndefined();
  });

  it('has room for so many of a person, and for a login in place of the oldest one', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const make = (session: boolean) => {
      stores.time.passed(1000);
      return stores.tokens.create(draftOf(ann, stores, { session }), 3, patient);
    };
    const robot = await make(false);
    const [first, second] = [await make(true), await make(true)];
    await expect(make(false)).rejects.toMatchObject({ id: 'too_many_tokens' });
    const third = await make(true);
    const left = await stores.tokens.list(ann.userId, patient);
    expect(left.map(({ id }) => id)).toEqual([robot?.id, second?.id, third?.id]);
    expect(left).not.toContainEqual(first);
    expect(await stores.tokens.create(draftOf(bob, stores), 3, patient)).toBeDefined();
  });

  it('counts one by one those that are made at once, and none that has expired', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const expiresAt = new Date(stores.time.now().getTime() + 1000);
    await stores.tokens.create(draftOf(ann, stores, { expiresAt, lifetimeMs: 1000 }), 3, patient);
    stores.time.passed(1000);
    const made = await Promise.allSettled(
      Array.from({ length: 6 }, () => stores.tokens.create(draftOf(ann, stores), 3, patient)),
    );
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await stores.tokens.list(ann.userId, patient)).toHaveLength(3);
  });
});
