import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pino } from 'pino';
import { BUG } from '../../test/support/build-courses.ts';
import { failsBefore } from '../../test/support/mishaps.ts';
import { createDeployRig, patient } from '../../test/support/services-rig.ts';
import type { App } from '../domain/app.ts';
import { CLEAR_MS, createHousekeeping } from './housekeeping.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Housekeeping of apps with these names, in this order, and what it complains of. */
async function createRig(...names: string[]) {
  const rig = createDeployRig();
  const complaints: string[] = [];
  const repositories = rig.mishaps.on('repositories', rig.repositories);
  const log = pino({ level: 'warn' }, { write: (text) => void complaints.push(text) });
  const made: App[] = [];
  for (const name of names) made.push(await rig.createApp(name));
  const cleared = (): string[] =>
    rig.repositories.cleared.map((id) => made.find((app) => app.id === id)?.name ?? '');
  const housekeeping = createHousekeeping({ apps: rig.apps, repositories, log });
  // The pushes of the rig hold what its own housekeeping clears.
  return { ...rig, made, complaints, cleared, housekeeping, doorkeeping: rig.housekeeping };
}

/** A clearing that goes on until it is told to stop; `begun` when it is at it. */
function endless(rig: Awaited<ReturnType<typeof createRig>>, id: string) {
  const seen = { stopped: false };
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const clear = rig.repositories.clear.bind(rig.repositories);
  rig.repositories.clear = (appId, olderThanMs, signal) => {
    if (appId !== id) return clear(appId, olderThanMs, signal);
    begin();
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        seen.stopped = true;
        reject(signal.reason as Error);
      }),
    );
  };
  return { begun, seen };
}

describe('clearing', () => {
  it('goes through all apps, and notes how large their repositories are then', async () => {
    const rig = await createRig('one', 'two');
    for (const { id } of rig.made) rig.repositories.sizes.set(id, 700);
    await rig.housekeeping.clear(patient);
    expect(rig.cleared().sort()).toEqual(['one', 'two']);
    for (const app of rig.made) expect((await rig.again(app)).repositoryBytes).toBe(700);
  });

  it('measures nothing where nothing has changed', async () => {
    const rig = await createRig('one');
    rig.mishaps.at('repositories.clear', () => Promise.resolve(false));
    rig.mishaps.at('repositories.bytes', failsBefore(new Error('a look at a disk for nothing')));
    await rig.housekeeping.clear(patient);
    expect(rig.mishaps.unused()).toHaveLength(1);
    expect(rig.complaints).toEqual([]);
  });

  it('of one repository that fails is told of, and stops no other', async () => {
    const rig = await createRig('one', 'two');
    rig.mishaps.at('repositories.clear', failsBefore(BUG));
    await rig.housekeeping.clear(patient);
    expect(rig.cleared()).toHaveLength(1);
    expect(rig.complaints.join()).toContain('could not clear the repository of an app');
    await rig.housekeeping.clear(patient);
    expect(rig.cleared(), 'and it is tried again').toHaveLength(3);
  });

  it('of one repository that does not end is given up, and stops no other', async () => {
    const rig = await createRig('one', 'two');
    const [first, second] = await rig.apps.list(rig.admin, patient);
    const { begun } = endless(rig, first?.id ?? '');
    const round = rig.housekeeping.clear(patient);
    await begun;
    await vi.advanceTimersByTimeAsync(CLEAR_MS);
    await round;
    expect(rig.cleared()).toEqual([second?.name]);
    expect(rig.complaints.join()).toContain('no answer within');
  });

  it('ends with the server, without a complaint', async () => {
    const rig = await createRig('one', 'two');
    const [first] = await rig.apps.list(rig.admin, patient);
    const { begun } = endless(rig, first?.id ?? '');
    const stop = new AbortController();
    const round = rig.housekeeping.clear(stop.signal);
    round.catch(() => undefined);
    await begun;
    stop.abort(new Error('shutting down'));
    await expect(round).rejects.toThrow('shutting down');
    expect([...rig.cleared(), ...rig.complaints]).toEqual([]);
  });
});

describe('a push', () => {
  it('keeps what its repository has until all that hold it have left', async () => {
    const rig = await createRig('one', 'two');
    const [one, two] = rig.made;
    const first = await rig.housekeeping.hold(one?.id ?? '');
    const second = await rig.housekeeping.hold(one?.id ?? '');
    first();
    first(); // whoever leaves twice has left once
    await rig.housekeeping.clear(patient);
    expect(rig.cleared()).toEqual([two?.name]);
    second();
    await rig.housekeeping.clear(patient);
    expect(rig.cleared().filter((name) => name === 'one')).toHaveLength(1);
  });

  it('that comes while its repository is cleared has that stop first, and others are cleared', async () => {
    const rig = await createRig('one', 'two');
    const [first, second] = await rig.apps.list(rig.admin, patient);
    const { begun, seen } = endless(rig, first?.id ?? '');
    const round = rig.housekeeping.clear(patient);
    await begun;
    const leave = await rig.housekeeping.hold(first?.id ?? '');
    expect(seen.stopped).toBe(true);
    await round;
    expect(rig.cleared()).toEqual([second?.name]);
    expect(rig.complaints).toEqual([]);
    leave();
  });

  it('holds its repository from its door on; a fetch holds nothing', async () => {
    const rig = await createRig('one');
    const [app] = rig.made;
    const repositoriesOf = (access: 'read' | 'write') => rig.pushes.open(rig.ann, 'one', access, patient);
    const cleared = async (): Promise<number> => {
      const before = rig.repositories.cleared.length;
      await rigs.clear(patient);
      return rig.repositories.cleared.length - before;
    };
    const rigs = rig.doorkeeping;
    const fetch = await repositoriesOf('read');
    expect(await cleared()).toBe(1);
    fetch.leave();
    const push = await repositoriesOf('write');
    expect(push.appId).toBe(app?.id);
    expect(await cleared()).toBe(0);
    push.leave();
    expect(await cleared()).toBe(1);
  });

  it('whose repository cannot be opened holds nothing', async () => {
    const rig = await createRig('one');
    rig.mishaps.at('repositories.ensure', failsBefore(BUG));
    await expect(rig.pushes.open(rig.ann, 'one', 'write', patient)).rejects.toBe(BUG);
    await rig.doorkeeping.clear(patient);
    expect(rig.repositories.cleared).toHaveLength(1);
  });
});
