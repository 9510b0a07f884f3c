import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { onEveryStore, patient, type Stores } from '../support/stores.ts';

onEveryStore((open) => {
  async function begin(stores: Stores) {
    const createdAt = stores.time.now();
    const draft = {
      ...{ id: randomUUID(), pageHash: randomUUID(), clientHash: randomUUID(), createdAt },
      ...{ description: 'laptop', ip: '192.0.2.7', expiresAt: new Date(createdAt.getTime() + 1000) },
    };
    await stores.loginRequests.create(draft, patient);
    return draft;
  }

  it('is decided once and collected once', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const { loginRequests } = stores;
    const { pageHash, clientHash, id } = await begin(stores);
    expect(await loginRequests.find(pageHash, patient)).toMatchObject({
      id,
      description: 'laptop',
      ip: '192.0.2.7',
    });
    expect(await loginRequests.collect(clientHash, patient)).toBe('pending');
    const verdicts = await Promise.all([
      loginRequests.decide(pageHash, { status: 'approved', userId: ann.userId }, patient),
      loginRequests.decide(pageHash, { status: 'approved', userId: ann.userId }, patient),
    ]);
    expect(verdicts.filter(Boolean)).toHaveLength(1);
    expect(await loginRequests.find(pageHash, patient)).toBeUndefined();
    const collected = await Promise.all([1, 2].map(() => loginRequests.collect(clientHash, patient)));
    expect(collected.filter((one) => one !== undefined)).toMatchObject([
      { userId: ann.userId, request: { id } },
    ]);
  });

  it('is denied for good', async () => {
    await using stores = await open();
    const { pageHash, clientHash } = await begin(stores);
    await stores.loginRequests.decide(pageHash, { status: 'denied', userId: null }, patient);
    expect(await stores.loginRequests.collect(clientHash, patient)).toBe('denied');
    const late = { status: 'approved', userId: (await stores.addUser()).userId } as const;
    expect(await stores.loginRequests.decide(pageHash, late, patient)).toBe(false);
  });

  it('ends with its time, and by the other secret it is not found', async () => {
    await using stores = await open();
    const { pageHash, clientHash } = await begin(stores);
    expect(await stores.loginRequests.find(clientHash, patient)).toBeUndefined();
    expect(await stores.loginRequests.collect(pageHash, patient)).toBeUndefined();
    stores.time.passed(1000);
    expect(await stores.loginRequests.find(pageHash, patient)).toBeUndefined();
    expect(await stores.loginRequests.collect(clientHash, patient)).toBeUndefined();
    expect(await stores.loginRequests.decide(pageHash, { status: 'denied', userId: null }, patient)).toBe(
      false,
    );
  });
});
