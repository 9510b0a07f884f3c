import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { quietLog } from '../../lib/log.ts';
import { createControllerRig } from '../../test/support/controller-rig.ts';
import { createFakeRegistry } from '../../test/support/fake-registry.ts';
import { PlatformError } from '../domain/errors.ts';
import type { ImageHistory } from '../domain/image-use.ts';
import { repositoryOf } from '../domain/release.ts';
import { createCollection, type CollectionDeps } from './collection.ts';

const patient = new AbortController().signal;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A collection over books that the test writes, two images of each app staying. */
function createRig(change: Partial<CollectionDeps> = {}) {
  const registry = createFakeRegistry();
  const histories = new Map<string, ImageHistory>();
  const retired: string[] = [];
  const engineKept = new Set<string>();
  let nowMs = 0;
  const collection = createCollection({
    imageUse: {
      histories: () => Promise.resolve([...histories.values()]),
      retire(appId) {
        retired.push(appId);
        return Promise.resolve(histories.get(appId) ?? null);
      },
    },
    registry,
    engine: {
      collectImages(keep) {
        for (const image of keep) engineKept.add(image);
        return Promise.resolve(0);
      },
    },
    keepImages: 2,
    epoch: () => 1,
    nowMs: () => nowMs,
    log: quietLog(),
    ...change,
  });
  /** An app that has released these images, newest first, which are in the registry with one that nobody recorded. */
  function app(...digests: string[]): string {
    const appId = randomUUID();
    const images = digests.map((digest) => `${repositoryOf(appId)}@${digest}`);
    const releases = images.map((image) => ({ image, status: 'succeeded' as const }));
    histories.set(appId, {
      appId,
      releases,
      deployed: images.slice(0, 1),
      building: [],
      promotions: 0,
      lastBuild: 1,
    });
    for (const digest of [...digests, 'unrecorded']) registry.build(repositoryOf(appId), digest);
    return appId;
  }
  return {
    ...{ collection, registry, histories, retired, engineKept, app },
    imagesOf: (appId: string) => registry.images(repositoryOf(appId)).toSorted(),
    pass: (ms: number) => (nowMs += ms),
  };
}

describe('a look over the images', () => {
  it('deletes from the registry what no release keeps, and keeps the same on the engine', async () => {
    const rig = createRig();
    const [a, b] = [rig.app('d3', 'd2', 'd1'), rig.app('e1')];
    await rig.collection.registry(patient);
    await rig.collection.engine(patient);
    expect(rig.imagesOf(a)).toEqual(['d2', 'd3']);
    expect(rig.imagesOf(b)).toEqual(['e1']);
    const kept = [`${repositoryOf(a)}@d2`, `${repositoryOf(a)}@d3`, `${repositoryOf(b)}@e1`];
    expect([...rig.engineKept].toSorted()).toEqual(kept.toSorted());
  });

  it('looks again at an app only when something has become of it', async () => {
    const rig = createRig();
    const a = rig.app('d1');
    await rig.collection.registry(patient);
    await rig.collection.registry(patient);
    expect(rig.retired).toEqual([a]);
    const before = rig.histories.get(a);
    rig.registry.build(repositoryOf(a), 'failed after its push');
    if (before) rig.histories.set(a, { ...before, lastBuild: 2 });
    await rig.collection.registry(patient);
    expect(rig.imagesOf(a)).toEqual(['d1']);
  });

  it('leaves alone what is built while it looks, and comes back to it', async () => {
    const rig = createRig();
    const a = rig.app('d1');
    const histories = rig.histories.get(a);
    const built = createRig({
      registry: rig.registry,
      imageUse: {
        histories: () => Promise.resolve(histories ? [histories] : []),
        retire() {
          // The image that nobody recorded is made again, after it was found that nobody needs it.
          rig.registry.build(repositoryOf(a), 'unrecorded');
          return Promise.resolve(histories ?? null);
        },
      },
    });
    await built.collection.registry(patient);
    expect(rig.imagesOf(a)).toEqual(['d1', 'unrecorded']);
    await rig.collection.registry(patient);
    expect(rig.imagesOf(a)).toEqual(['d1']);
  });

  it('leaves alone an app that may be building', async () => {
    const rig = createRig();
    const a = rig.app('d1');
    const building = createRig({
      registry: rig.registry,
      imageUse: {
        histories: () => Promise.resolve([...rig.histories.values()]),
        retire: () => Promise.resolve(null),
      },
    });
    await building.collection.registry(patient);
    expect(rig.imagesOf(a)).toEqual(['d1', 'unrecorded']);
  });

  it('is not ended for the others by an app whose images cannot be deleted', async () => {
    const rig = createRig();
    const [a, b] = [rig.app('d1'), rig.app('e1')];
    const { registry } = rig;
    const collect = registry.collect.bind(registry);
    registry.collect = (order, signal) =>
      order.repository === repositoryOf(a) ? Promise.reject(new Error('500')) : collect(order, signal);
    await rig.collection.registry(patient);
    expect(rig.imagesOf(b)).toEqual(['e1']);
  });

  it('waits for a builder that is away', async () => {
    const rig = createRig();
    const a = rig.app('d1');
    const moment = rig.registry.moment.bind(rig.registry);
    rig.registry.moment = () => Promise.reject(PlatformError.of('builder_away', {}));
    await rig.collection.registry(patient);
    rig.registry.moment = moment;
    await rig.collection.registry(patient);
    expect(rig.imagesOf(a)).toEqual(['d1']);
  });
});

describe('a repository of no app', () => {
  it('goes after a day, so that a database that was mixed up does not cost the images', async () => {
    const rig = createRig();
    const a = rig.app('d1');
    const history = rig.histories.get(a);
    rig.registry.build('gantry/stack', 'stack');
    rig.histories.clear();
    await rig.collection.registry(patient);
    rig.pass(DAY - MINUTE);
    await rig.collection.registry(patient);
    expect(rig.imagesOf(a)).toEqual(['d1', 'unrecorded']);
    if (history) rig.histories.set(a, history);
    await rig.collection.registry(patient);
    rig.histories.clear();
    rig.pass(MINUTE);
    await rig.collection.registry(patient);
    expect(rig.imagesOf(a)).toEqual(['d1']);
    rig.pass(DAY);
    await rig.collection.registry(patient);
    expect(rig.imagesOf(a)).toEqual([]);
    expect(rig.registry.images('gantry/stack')).toEqual(['stack']);
  });
});

describe('the disk of the registry', () => {
  it('is swept when something was deleted, but not too often, and once a day', async () => {
    const rig = createRig();
    const swept = async (afterMs: number): Promise<number> => {
      rig.pass(afterMs);
      await rig.collection.registry(patient);
      return rig.registry.sweeps();
    };
    expect(await swept(0)).toBe(0);
    rig.app('d1');
    expect(await swept(0)).toBe(1);
    rig.app('e1');
    expect(await swept(9 * MINUTE)).toBe(1);
    expect(await swept(MINUTE)).toBe(2);
    expect(await swept(DAY - MINUTE)).toBe(2);
    expect(await swept(MINUTE)).toBe(3);
  });

  it('is swept soon after a start, which knows nothing of what was deleted before', async () => {
    const rig = createRig();
    rig.pass(10 * MINUTE);
    await rig.collection.registry(patient);
    expect(rig.registry.sweeps()).toBe(1);
  });

  it('is swept at the next look when pushes were in the way', async () => {
    const rig = createRig();
    const sweep = rig.registry.sweep.bind(rig.registry);
    let asked = 0;
    rig.registry.sweep = (signal) => {
      asked += 1;
      return asked === 1 ? Promise.resolve('busy') : sweep(signal);
    };
    rig.pass(10 * MINUTE);
    for (let look = 0; look < 3; look += 1) await rig.collection.registry(patient);
    expect(asked).toBe(2);
  });

  it('is swept again, but not at once, after a sweep that failed', async () => {
    const rig = createRig();
    const sweep = rig.registry.sweep.bind(rig.registry);
    let asked = 0;
    rig.registry.sweep = (signal) => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error('the collector ended with 1')) : sweep(signal);
    };
    const look = (afterMs: number): Promise<unknown> => {
      rig.pass(afterMs);
      return rig.collection.registry(patient).catch(() => undefined);
    };
    await look(10 * MINUTE);
    await look(MINUTE);
    expect([asked, rig.registry.sweeps()]).toEqual([1, 0]);
    await look(4 * MINUTE);
    expect([asked, rig.registry.sweeps()]).toEqual([2, 1]);
  });
});

describe('a destroyed app', () => {
  it('takes all its images with it, and is known until they are gone', async () => {
    const rig = createControllerRig();
    const app = await rig.createApp('hello');
    await using controller = await rig.startController();
    for (const digest of ['d1', 'd2']) rig.registry.build(repositoryOf(app.id), digest);
    let refused = 0;
    const collect = rig.registry.collect.bind(rig.registry);
    rig.registry.collect = (order, signal) => {
      refused += 1;
      return refused === 1 ? Promise.resolve('busy') : collect(order, signal);
    };
    await rig.apps.markDeleted(await rig.living(app.id), patient);
    controller.wake(app.id);
    while (refused === 0) await pause(10, patient);
    expect(await rig.state.desired(patient)).toHaveLength(1);
    while ((await rig.state.desired(patient)).length > 0) await pause(10, patient);
    expect(rig.registry.images(repositoryOf(app.id))).toEqual([]);
  });
});
