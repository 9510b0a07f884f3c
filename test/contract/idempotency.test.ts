import { expect, it } from 'vitest';
import { onEveryStore, patient } from '../support/stores.ts';

const CALL = 'a fingerprint';

onEveryStore((open) => {
  it('answers a repeated request as it did the first time, to the one who asked', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const { idempotency } = stores;
    expect(await idempotency.begin(ann.userId, 'r-1', CALL, patient)).toBe('begun');

    const answer = { request: CALL, status: 201, body: { name: 'shop', list: [1, null, 'é'] } };
    await idempotency.finish(ann.userId, 'r-1', answer, patient);
    await idempotency.finish(ann.userId, 'r-1', { request: CALL, status: 500, body: 'later' }, patient);

    expect(await idempotency.begin(ann.userId, 'r-1', 'whatever', patient)).toEqual(answer);
    expect(await idempotency.begin(ann.userId, 'r-2', CALL, patient)).toBe('begun');
    expect(await idempotency.begin(bob.userId, 'r-1', CALL, patient)).toBe('begun');
  });

  it('knows that a request was begun and never finished', async () => {
    await using stores = await open();
    const { userId } = await stores.addUser();
    await stores.idempotency.begin(userId, 'r-1', CALL, patient);
    expect(await stores.idempotency.begin(userId, 'r-1', 'another', patient)).toEqual({ unfinished: CALL });
  });

  it('lets only one of many begin', async () => {
    await using stores = await open();
    const { userId } = await stores.addUser();
    const tries = Array.from({ length: 8 }, () => stores.idempotency.begin(userId, 'r-1', CALL, patient));
    expect((await Promise.all(tries)).filter((one) => one === 'begun')).toHaveLength(1);
  });

  it('gives up what was refused, but never what was finished', async () => {
    await using stores = await open();
    const { userId } = await stores.addUser();
    await stores.idempotency.begin(userId, 'r-1', CALL, patient);
    await stores.idempotency.giveUp(userId, 'r-1', patient);
    expect(await stores.idempotency.begin(userId, 'r-1', CALL, patient)).toBe('begun');
    await stores.idempotency.finish(userId, 'r-1', { request: CALL, status: 204, body: undefined }, patient);
    await stores.idempotency.giveUp(userId, 'r-1', patient);
    const kept = await stores.idempotency.begin(userId, 'r-1', CALL, patient);
    expect(kept).toEqual({ request: CALL, status: 204, body: undefined });
  });

  it('forgets after a day, and then begins anew', async () => {
    await using stores = await open();
    const { userId } = await stores.addUser();
    await stores.idempotency.begin(userId, 'r-1', CALL, patient);
    await stores.idempotency.finish(userId, 'r-1', { request: CALL, status: 200, body: 'old' }, patient);
    stores.time.passed(24 * 60 * 60_000 + 1);
    expect(await stores.idempotency.begin(userId, 'r-1', CALL, patient)).toBe('begun');
  });
});
