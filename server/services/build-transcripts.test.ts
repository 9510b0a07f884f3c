import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BUG, DATABASE_AWAY } from '../../test/support/build-courses.ts';
import { failsBefore } from '../../test/support/mishaps.ts';
import { createDeployRig, imageOf, patient, type DeployRig } from '../../test/support/services-rig.ts';
import type { Build } from '../domain/build.ts';

const AWAY = ' !     The database of the platform does not answer; waiting for it';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A build whose release is being rolled out. */
async function rolling(rig: DeployRig): Promise<{ build: Build; deploymentId: string }> {
  const app = await rig.createApp();
  const build = await rig.submit(app);
  await rig.builds.claim(app.id, 1, patient);
  const { release, deployment } = await rig.release(app, imageOf());
  await rig.builds.recordRelease(build.id, 1, release.id, patient);
  return { build, deploymentId: deployment.id };
}

/** Follows in the background; what was read so far, and how it ended. */
function follow(rig: DeployRig, stream: string) {
  const read: string[] = [];
  const ended = (async () => {
    for await (const line of rig.transcripts.follow(stream, patient)) read.push(line);
  })();
  ended.catch(() => undefined); // told by who awaits it
  return { read, ended };
}

describe('who follows a build', () => {
  it('reads its lines and those of its deployment once each and in order, however many', async () => {
    const rig = createDeployRig();
    const { build, deploymentId } = await rolling(rig);
    const wanted: string[] = [];
    const say = async (stream: string, count: number): Promise<void> => {
      const lines = Array.from({ length: count }, (_, index) => `${stream} ${wanted.length + index}`);
      wanted.push(...lines);
      await rig.transcripts.append(stream, lines, patient);
    };
    await say(build.id, 1_500);
    await say(deploymentId, 2_300);
    await say(build.id, 10);
    const { read, ended } = follow(rig, build.id);
    await vi.advanceTimersByTimeAsync(100);
    expect(read).toEqual(wanted);
    await say(deploymentId, 1);
    await say(build.id, 2);
    await rig.builds.settle(build.id, 1, { status: 'succeeded' }, patient);
    await vi.advanceTimersByTimeAsync(1_000);
    await ended;
    expect(read).toEqual(wanted);
  });

  it('reads the same after a restart of the release', async () => {
    const rig = createDeployRig();
    const { build, deploymentId } = await rolling(rig);
    await rig.transcripts.append(deploymentId, ['web.1 is up'], patient);
    const app = await rig.apps.find(build.appId, patient);
    const [deployment] = await rig.releases.undecided(build.appId, patient);
    if (!app || !deployment) throw new Error('it is being rolled out');
    await rig.decide(deployment, null);
    await rig.builds.settle(build.id, 1, { status: 'succeeded' }, patient);
    const before = follow(rig, build.id);
    await before.ended;
    const again = await rig.releases.redeploy(app, patient);
    await rig.transcripts.append(again?.id ?? '', ['restarting'], patient);
    const after = follow(rig, build.id);
    await after.ended;
    expect(after.read).toEqual(before.read);
    expect(after.read[0]).toBe('web.1 is up');
  });

  it.each(['builds.find', 'lines.read'])(
    'is told that the database is away at %s, once, and goes on when it is back',
    async (call) => {
      const rig = createDeployRig();
      const { build } = await rolling(rig);
      for (let i = 0; i < 5; i += 1) rig.mishaps.at(call, failsBefore(DATABASE_AWAY));
      const { read, ended } = follow(rig, build.id);
      await vi.advanceTimersByTimeAsync(10_000);
      await rig.transcripts.append(build.id, ['back'], patient);
      await rig.builds.settle(build.id, 1, { status: 'succeeded' }, patient);
      await vi.advanceTimersByTimeAsync(1_000);
      await ended;
      expect(read).toEqual([AWAY, 'back']);
    },
  );

  it('is not kept waiting for a bug to go away, nor for ever', async () => {
    const rig = createDeployRig();
    const { build } = await rolling(rig);
    rig.mishaps.at('lines.read', failsBefore(BUG));
    await expect(follow(rig, build.id).ended).rejects.toBe(BUG);
    for (let i = 0; i < 1_201; i += 1) rig.mishaps.at('builds.find', failsBefore(DATABASE_AWAY));
    const ended = expect(follow(rig, build.id).ended).rejects.toBe(DATABASE_AWAY);
    await vi.advanceTimersByTimeAsync(601_000);
    await ended;
  });

  it('is told when there is no such stream', async () => {
    const rig = createDeployRig();
    await expect(follow(rig, randomUUID()).ended).rejects.toMatchObject({ id: 'not_found' });
  });
});
