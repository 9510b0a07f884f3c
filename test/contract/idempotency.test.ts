import { expect, it } from 'vitest';
import { onEveryStore, patient } from '../support/stores.ts';

onEveryStore((open) => {
  it('answers a repeated request as it did the first time, to the one who asked', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const { idempotency } = stores;
    expect(await idempotency.find(ann.userId, 'r-1', patient)).toBeUndefined();

    const answer = { status: 201, body: { name: 'shop', list: [1, null, 'é'] } };
    await idempotency.remember(ann.userId, 'r-1', answer, patient);
    await idempotency.remember(ann.userId, 'r-1', { status: 500, body: 'later' }, patient);

    expect(await idempotency.find(ann.userId, 'r-1', patient)).toEqual(answer);
    expect(await idempotency.find(ann.userId, 'r-2', patient)).toBeUndefined();
    expect(await idempotency.find(bob.userId, 'r-1', patient)).toBeUndefined();
  });

  it('remembers an answer that has no body', async () => {
    await using stores = await open();
    const { userId } = await stores.addUser();
    await stores.idempotency.remember(userId, 'r-1', { status: 204, body: undefined }, patient);
    expect(await stores.idempotency.find(userId, 'r-1', patient)).toEqual({ status: 204, body: undefined });
  });

  it('forgets after a day, and then remembers anew', async () => {
    await using stores = await open();
    const { userId } = await stores.addUser();
    await stores.idempotency.remember(userId, 'r-1', { status: 200, body: 'old' }, patient);
    stores.time.passed(24 * 60 * 60_000 + 1);
    expect(await stores.idempotency.find(userId, 'r-1', patient)).toBeUndefined();
    await stores.idempotency.remember(userId, 'r-1', { status: 200, body: 'new' }, patient);
    expect(await stores.idempotency.find(userId, 'r-1', patient)).toMatchObject({ body: 'new' });
  });
});
