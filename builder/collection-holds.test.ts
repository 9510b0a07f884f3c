import { beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../lib/deadline.ts';
import { createCollection, type CollectionDeps } from './collection.ts';
import { createPushes, type Pushes } from './pushes.ts';

const patient = new AbortController().signal;
const nothing = (): undefined => undefined;

let pushes: Pushes;
let nowMs: number;
let log: string[];
beforeEach(() => {
  pushes = createPushes();
  nowMs = 0;
  log = [];
});

/** A registry with so many images, each of which takes a second to delete. */
function collectionOf(count: number, more: Partial<CollectionDeps> = {}) {
  const there = new Set(Array.from({ length: count }, (_, n) => `sha256:${n}`));
  return createCollection({
    pushes,
    images: {
      list: () => Promise.resolve(new Set(there)),
      remove: async (_repository, digest) => {
        nowMs += 1_000;
        await Promise.resolve();
        log.push('deleted');
        return there.delete(digest);
      },
    },
    disk: null,
    layers: { forget: () => void log.push('layers forgotten') },
    nowMs: () => nowMs,
    ...more,
  });
}

/** A disk whose sweep takes so long, whatever was begun before. */
const diskThatTakes = (ms: number): CollectionDeps['disk'] => ({
  repositories: () => Promise.resolve([]),
  async sweep(_spared, signal) {
    log.push('sweep');
    await pause(ms, signal);
    return 3;
  },
});

const orderOf = (keep: readonly string[], moment: string) => ({
  ...{ repository: 'apps/a', token: 't', keep: [...keep], moment },
});

const push = (name: string) =>
  pushes.push(async () => Promise.resolve(void log.push(name)), nothing, patient);

describe('deleting the images of a repository', () => {
  it('leaves those that are to be kept', async () => {
    const collection = collectionOf(5);
    const { moment } = await collection.moment();
    expect(await collection.collect(orderOf(['sha256:1', 'sha256:3'], moment), patient)).toEqual({
      removed: 3,
    });
    expect(await collection.collect(orderOf(['sha256:1', 'sha256:3'], moment), patient)).toEqual({
      removed: 0,
    });
  });

  it('lets a push that waits pass long before all are gone', async () => {
    const collection = collectionOf(20);
    const { moment } = await collection.moment();
    const collecting = collection.collect(orderOf([], moment), patient);
    while (log.length === 0) await Promise.resolve();
    await push('push');
    expect(await collecting).toEqual({ removed: 20 });
    expect(log.indexOf('push')).toBeLessThan(4);
  });

  it('stops when a build for the repository begins in between, and goes on another time', async () => {
    const collection = collectionOf(20);
    const { moment } = await collection.moment();
    const collecting = collection.collect(orderOf([], moment), patient);
    while (log.length === 0) await Promise.resolve();
    await pushes.building('apps/a', () => push('push'));
    expect(await collecting).toBeNull();
    expect(log.filter((one) => one === 'deleted').length).toBeLessThan(4);
    const { moment: later } = await collection.moment();
    expect((await collection.collect(orderOf([], later), patient))?.removed).toBeGreaterThan(15);
  });
});

describe('sweeping the disk', () => {
  it('answers what it freed, in one hold where that is enough', async () => {
    const collection = collectionOf(0, { disk: diskThatTakes(0) });
    expect(await collection.sweep(patient)).toEqual({ layers: 3 });
    expect(log).toEqual(['sweep', 'layers forgotten']);
  });

  it('lets pushes pass after a while, and holds them longer the next time', async () => {
    const collection = collectionOf(0, { disk: diskThatTakes(40), sweepHoldsMs: [5, 5, 5_000] });
    const sweeping = collection.sweep(patient);
    while (log.length === 0) await Promise.resolve();
    await push('push');
    expect(await sweeping).toEqual({ layers: 3 });
    expect(log).toEqual(['sweep', 'push', 'sweep', 'sweep', 'layers forgotten']);
  });

  it('is given up where even the longest hold is not enough', async () => {
    const collection = collectionOf(0, { disk: diskThatTakes(5_000), sweepHoldsMs: [5, 10] });
    expect(await collection.sweep(patient)).toBeNull();
    expect(log).toEqual(['sweep', 'sweep', 'layers forgotten']);
  });

  it('ends with a failure of the disk', async () => {
    const sweep = () => Promise.reject(new Error('the disk is gone'));
    const disk = { repositories: () => Promise.resolve([]), sweep };
    await expect(collectionOf(0, { disk }).sweep(patient)).rejects.toThrow('the disk is gone');
    await push('push');
    expect(log).toEqual(['layers forgotten', 'push']);
  });
});
