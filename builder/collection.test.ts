import { describe, expect, it } from 'vitest';
import { DeadlineError } from '../lib/deadline.ts';
import { createCollection } from './collection.ts';
import { createPushes } from './pushes.ts';
import type { RegistryImages } from './registry-images.ts';

const patient = new AbortController().signal;
const ORDER = { repository: 'apps/a', token: 'may delete there', keep: ['sha256:a'] };

function createRig({ own = true } = {}) {
  const pushes = createPushes();
  const there = new Set(['sha256:a', 'sha256:b', 'sha256:c']);
  const calls: string[] = [];
  let forgotten = 0;
  const images: Pick<RegistryImages, 'list' | 'remove'> = {
    list: (repository, token) => Promise.resolve((calls.push(`list ${repository} ${token}`), there)),
    remove(repository, digest, token) {
      calls.push(`remove ${repository} ${digest} ${token}`);
      return Promise.resolve(digest !== 'sha256:c');
    },
  };
  const disk = {
    repositories: () => Promise.resolve(['apps/a', 'apps/b']),
    sweep: (spared: (name: string) => boolean, signal: AbortSignal): Promise<number> => {
      signal.throwIfAborted();
      return Promise.resolve(['apps/a', 'apps/b'].filter((name) => !spared(name)).length);
    },
  };
  const layers = { forget: () => void (forgotten += 1) };
  const collection = createCollection({ pushes, images, disk: own ? disk : null, layers });
  return { collection, pushes, there, calls, disk, images, forgotten: () => forgotten };
}

describe('the images of a repository', () => {
  it('go but for those that are needed, and only what went is counted', async () => {
    const { collection, calls } = createRig();
    const { moment } = await collection.moment();
    expect(await collection.collect({ ...ORDER, moment }, patient)).toEqual({ removed: 1 });
    expect(calls).toEqual([
      'list apps/a may delete there',
      'remove apps/a sha256:b may delete there',
      'remove apps/a sha256:c may delete there',
    ]);
  });

  it('stay when all are needed', async () => {
    const { collection, there, calls } = createRig();
    const { moment } = await collection.moment();
    expect(await collection.collect({ ...ORDER, keep: [...there], moment }, patient)).toEqual({ removed: 0 });
    expect(calls).toHaveLength(1);
  });

  it('all stay when something was built for it since it was looked what is needed', async () => {
    const { collection, pushes, calls } = createRig();
    const { moment } = await collection.moment();
    await pushes.building('apps/a', () => Promise.resolve());
    expect(await collection.collect({ ...ORDER, moment }, patient)).toBeNull();
    expect(calls).toEqual([]);
  });

  it('all stay when a build begins while they are listed', async () => {
    const { collection, pushes, images, there, calls } = createRig();
    const { moment } = await collection.moment();
    let end = (): void => undefined;
    images.list = () => {
      void pushes.building('apps/a', () => new Promise<void>((resolve) => (end = resolve)));
      return Promise.resolve(there);
    };
    expect(await collection.collect({ ...ORDER, moment }, patient)).toBeNull();
    expect(calls).toEqual([]);
    end();
  });

  it('are not held back by builds for others', async () => {
    const { collection, pushes } = createRig();
    const { moment } = await collection.moment();
    await pushes.building('apps/b', () => Promise.resolve());
    expect(await collection.collect({ ...ORDER, moment }, patient)).toEqual({ removed: 1 });
  });

  it('go while nothing is pushed', async () => {
    const { collection, pushes, images } = createRig();
    const { moment } = await collection.moment();
    const order: string[] = [];
    images.remove = async (_, digest) => {
      void pushes.push(
        () => Promise.resolve(void order.push('push')),
        () => order.push('waits'),
        patient,
      );
      order.push(digest);
      return Promise.resolve(true);
    };
    await collection.collect({ ...ORDER, moment }, patient);
    expect(order.slice(0, 4)).toEqual(['waits', 'sha256:b', 'waits', 'sha256:c']);
  });
});

describe('a moment', () => {
  it('is named before the repositories are listed, so that what is built meanwhile counts', async () => {
    const { collection, pushes, disk } = createRig();
    disk.repositories = async () => {
      await pushes.building('apps/a', () => Promise.resolve());
      return ['apps/a'];
    };
    const { moment, repositories } = await collection.moment();
    expect(repositories).toEqual(['apps/a']);
    expect(pushes.touched('apps/a', moment)).toBe(true);
  });

  it('knows no repositories of a registry that is somebody else’s', async () => {
    expect((await createRig({ own: false }).collection.moment()).repositories).toEqual([]);
  });
});

describe('a sweep', () => {
  it('frees what no build is at work for, and lends nothing out any more', async () => {
    const rig = createRig();
    let end = (): void => undefined;
    const building = rig.pushes.building('apps/b', () => new Promise<void>((resolve) => (end = resolve)));
    expect(await rig.collection.sweep(patient)).toEqual({ layers: 1 });
    expect(rig.forgotten()).toBe(1);
    end();
    await building;
  });

  it('of a registry that is somebody else’s frees nothing, and what was lent stays', async () => {
    const rig = createRig({ own: false });
    expect(await rig.collection.sweep(patient)).toEqual({ layers: 0 });
    expect(rig.forgotten()).toBe(0);
  });

  it('that fails is told, and what was lent is forgotten: it may have gone', async () => {
    const rig = createRig();
    rig.disk.sweep = () => Promise.reject(new Error('the disk is broken'));
    await expect(rig.collection.sweep(patient)).rejects.toThrow('the disk is broken');
    expect(rig.forgotten()).toBe(1);
  });

  it('that takes too long is no failure: the next one frees what is left', async () => {
    const rig = createRig();
    rig.disk.sweep = () => Promise.reject(new DeadlineError(1));
    expect(await rig.collection.sweep(patient)).toBeNull();
  });

  it('that nobody waits for any longer ends', async () => {
    const rig = createRig();
    const gone = AbortSignal.abort(new Error('went away'));
    await expect(rig.collection.sweep(gone)).rejects.toThrow('went away');
  });
});
