import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { BUG } from '../../test/support/build-courses.ts';
import { failsBefore, meanwhile } from '../../test/support/mishaps.ts';
import {
  commit,
  createDeployRig,
  MAIN,
  OBJECTS,
  patient,
  type DeployRig,
} from '../../test/support/services-rig.ts';
import type { App } from '../domain/app.ts';
import type { PushedBuild } from '../domain/build.ts';
import { createBranches } from './branches.ts';

const FAILED = { status: 'failed', failure: 'npm ci failed.' } as const;
const OK = { status: 'succeeded' } as const;

function createRig() {
  const rig = createDeployRig();
  const repositories = rig.mishaps.on('repositories', rig.repositories);
  /** A server's look after branches, as a new process would begin it. */
  const start = () =>
    createBranches({ apps: rig.apps, builds: rig.builds, repositories, open: rig.open, log: quietLog() });
  return { ...rig, start, branches: start() };
}

/** A build that has ended so; its push is closed. */
async function ended(rig: DeployRig, app: App, digit: string, outcome: typeof OK | typeof FAILED = OK) {
  const from = rig.repositories.refs.get(`${app.id} ${MAIN}`) ?? null;
  const build = await rig.submit(app, { commit: commit(digit), from });
  await rig.builds.claim(app.id, 1, patient);
  await rig.builds.settle(build.id, 1, outcome, patient);
  return build;
}

const branchOf = (rig: DeployRig, app: App): string | undefined =>
  rig.repositories.refs.get(`${app.id} ${MAIN}`);
const gitMoves = (rig: DeployRig, build: PushedBuild) =>
  rig.repositories.refs.set(`${build.appId} ${build.push.ref}`, build.push.commit);

describe('a branch', () => {
  it('is moved to the last successful deploy when git could not, and its source is forgotten', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    await ended(rig, app, 'a');
    await rig.branches.repair(patient);
    expect(branchOf(rig, app)).toBe(commit('a'));
    expect([...rig.repositories.kept]).toEqual([]);
  });

  it('that has been looked after leaves behind how large the repository is then', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    await ended(rig, app, 'a');
    rig.repositories.sizes.set(app.id, 4_000);
    await rig.branches.repair(patient);
    expect((await rig.again(app)).repositoryBytes).toBe(4_000);
  });

  it('is moved from wherever it is, also in the next life of the process', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    rig.repositories.refs.set(`${app.id} ${MAIN}`, commit('9'));
    await ended(rig, app, 'a');
    await ended(rig, app, 'b', FAILED);
    await rig.start().repair(patient);
    expect(branchOf(rig, app)).toBe(commit('a'));
  });

  it('is left to git while the push is open', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const build = await ended(rig, app, 'a');
    rig.open.add(build.id);
    await rig.branches.repair(patient);
    expect(branchOf(rig, app)).toBeUndefined();
    expect([...rig.repositories.kept]).toEqual([build.id]);
    rig.open.delete(build.id);
    await rig.branches.repair(patient);
    expect(branchOf(rig, app)).toBe(commit('a'));
  });

  it('is not looked at again once it is right', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    gitMoves(rig, await ended(rig, app, 'a'));
    await rig.branches.repair(patient);
    for (const call of ['resolve', 'move', 'release'])
      rig.mishaps.at(`repositories.${call}`, failsBefore(new Error('a git process for nothing')));
    await rig.branches.repair(patient);
    expect(rig.mishaps.unused()).toHaveLength(3);
  });

  it('is asked about in one question, however many apps there are', async () => {
    const rig = createRig();
    for (let nth = 0; nth < 3; nth += 1) {
      const app = await rig.createApp(`app-${nth}`);
      gitMoves(rig, await ended(rig, app, 'a'));
    }
    await rig.branches.repair(patient);
    rig.mishaps.at('builds.lastDeployed', failsBefore(new Error('a question for each app')));
    await rig.branches.repair(patient);
    expect(rig.mishaps.unused()).toHaveLength(1);
  });

  it('is not moved back by a look that a newer deploy overtook', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    await ended(rig, app, 'a');
    rig.mishaps.at(
      'repositories.resolve',
      meanwhile(async () => {
        const newer = await ended(rig, app, 'b');
        rig.open.add(newer.id);
        gitMoves(rig, newer);
      }),
    );
    await rig.branches.repair(patient);
    expect(branchOf(rig, app)).toBe(commit('b'));
  });

  it('that somebody else moves at the same moment is tried again', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const build = await ended(rig, app, 'a');
    rig.mishaps.at(
      'repositories.move',
      meanwhile(() => Promise.resolve(rig.repositories.refs.set(`${app.id} ${MAIN}`, commit('7')))),
    );
    await rig.branches.repair(patient);
    expect([branchOf(rig, app), ...rig.repositories.kept]).toEqual([commit('7'), build.id]);
    await rig.branches.repair(patient);
    expect([branchOf(rig, app), ...rig.repositories.kept]).toEqual([commit('a')]);
  });

  it.each(['resolve', 'move', 'release'])(
    'whose repository fails at %s is tried again, and stops no other app',
    async (call) => {
      const rig = createRig();
      const [first, second] = [await rig.createApp('aaa'), await rig.createApp('bbb')];
      await ended(rig, first, 'a');
      await ended(rig, second, 'b');
      rig.mishaps.at(`repositories.${call}`, failsBefore(BUG));
      await rig.branches.repair(patient);
      expect(rig.mishaps.unused()).toEqual([]);
      expect(branchOf(rig, second)).toBe(commit('b'));
      await rig.branches.repair(patient);
      expect(branchOf(rig, first)).toBe(commit('a'));
      expect([...rig.repositories.kept]).toEqual([]);
    },
  );

  it('waits for the next round when the server stops', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    await ended(rig, app, 'a');
    await expect(rig.branches.repair(AbortSignal.abort(new Error('shutting down')))).rejects.toThrow(
      'shutting down',
    );
    expect(branchOf(rig, app)).toBeUndefined();
  });
});

describe('what builds left behind', () => {
  const HOUR_MS = 3_600_000;

  it('is swept once it is old, but for what is open, waits, or is not on its branch yet', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const overtaken = await ended(rig, app, 'a');
    const last = await ended(rig, app, 'b');
    await ended(rig, app, 'c', FAILED);
    const open = await ended(rig, app, 'd', FAILED);
    rig.open.add(open.id);
    const queued = await rig.submit(app, { commit: commit('e') });
    // Its server died before it was recorded.
    const lost = { id: randomUUID(), commit: commit('f'), quarantine: OBJECTS };
    await rig.repositories.receive(app.id, lost, patient);

    await rig.branches.sweep(HOUR_MS, patient);
    expect(rig.repositories.kept.size, 'young ones may belong to a push under way').toBe(6);
    rig.repositories.age(HOUR_MS);
    await rig.branches.sweep(HOUR_MS, patient);
    expect([...rig.repositories.kept]).toEqual([last.id, open.id, queued.id]);
    gitMoves(rig, last);
    await rig.branches.sweep(HOUR_MS, patient);
    expect([...rig.repositories.kept]).toEqual([open.id, queued.id]);
    expect(overtaken.id).not.toBe(last.id);
  });

  it('is swept of every other app when one repository fails', async () => {
    const rig = createRig();
    for (const name of ['aaa', 'bbb']) await ended(rig, await rig.createApp(name), 'a', FAILED);
    rig.repositories.age(HOUR_MS);
    rig.mishaps.at('repositories.leftovers', failsBefore(BUG));
    await rig.branches.sweep(HOUR_MS, patient);
    expect(rig.repositories.kept.size).toBe(1);
  });

  it('keeps no branch waiting', async () => {
    const rig = createRig();
    const [first, second] = [await rig.createApp('aaa'), await rig.createApp('bbb')];
    for (let i = 0; i < 20; i += 1) await ended(rig, first, 'f', FAILED);
    await ended(rig, first, 'a');
    await ended(rig, second, 'b');
    const moved: (string | undefined)[] = [];
    rig.mishaps.at('repositories.release', async (call) => {
      moved.push(branchOf(rig, first), branchOf(rig, second));
      return call();
    });
    await rig.branches.repair(patient);
    expect(moved).toEqual([commit('a'), commit('b')]);
    expect(rig.repositories.kept.size, 'and is not cleared while branches are looked after').toBe(20);
  });
});
