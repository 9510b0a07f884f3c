import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  BUG,
  built,
  DATABASE_AWAY,
  dies,
  drained,
  line,
  untilAborted,
} from '../../test/support/build-courses.ts';
import { failsAfter, failsBefore } from '../../test/support/mishaps.ts';
import { commit, createDeployRig, imageOf, LEDGER, MAIN, patient } from '../../test/support/services-rig.ts';
import type { Deployment } from '../domain/deployment.ts';
import type { BuildNews } from '../ports/builder.ts';
import { createConfigVars } from './config-vars.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe('the builder', () => {
  it('that dies is asked once more, after what it had said', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    rig.builder.expect(app.id, dies('Step 1', 'Step 2'));
    rig.builder.expect(app.id, [line('Step 1 again'), built()]);
    rig.mishaps.at('lines.append', async (call) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return call();
    });
    await drained(rig, app.id);
    expect((await rig.said(build)).slice(0, 4)).toEqual([
      'Step 1',
      'Step 2',
      ' !     The builder went away; trying once more',
      'Step 1 again',
    ]);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded' });
  });

  it.each<[string, () => AsyncIterable<BuildNews>, string]>([
    ['dies', dies(), 'The builder stopped answering'],
    [
      'ends without a last word',
      async function* () {
        yield await Promise.resolve(line('x'));
      },
      'The builder stopped answering',
    ],
    [
      'asks for another try',
      async function* () {
        yield await Promise.resolve({
          kind: 'failed',
          id: 'engine_away',
          message: 'The build engine was away.',
          retry: true,
        } as const);
      },
      'The build engine was away',
    ],
  ])('that %s twice fails the build', async (_, course, reason) => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    rig.builder.expect(app.id, course);
    rig.builder.expect(app.id, course);
    await drained(rig, app.id);
    const { status, failure } = await rig.buildOf(build);
    expect([status, failure]).toEqual(['failed', expect.stringContaining(reason)]);
    expect(rig.builder.orders).toHaveLength(2);
    expect(await rig.releasesOf(app)).toEqual(['v1 succeeded current']);
  });

  it('is given time to be started again before the second try', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    await rig.submit(app);
    rig.builder.expect(app.id, dies());
    rig.builder.expect(app.id, [built()]);
    const done = rig.deploys.drain(app.id, patient);
    await vi.advanceTimersByTimeAsync(2_900);
    expect(rig.builder.orders).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    await done;
    expect(rig.builder.orders).toHaveLength(2);
  });

  it('that breaks in a way nobody knows fails the build without a second try', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    // eslint-disable-next-line require-yield -- it breaks before its first word
    rig.builder.expect(app.id, async function* () {
      await Promise.resolve();
      throw BUG;
    });
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'failed', failure: BUG.message });
    expect(rig.builder.orders).toHaveLength(1);
  });
});

describe('drain', () => {
  it('runs once at a time per app, and sees what came during the last look', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    let building = 0;
    let most = 0;
    let second: Promise<void> | undefined;
    const course = async function* (): AsyncGenerator<BuildNews> {
      most = Math.max(most, (building += 1));
      second ??= rig.deploys.drain(app.id, patient);
      try {
        await Promise.resolve();
        yield built();
      } finally {
        building -= 1;
      }
    };
    rig.builder.expect(app.id, course);
    rig.builder.expect(app.id, course);
    await rig.submit(app);
    const claimedDuringBuilds: number[] = [];
    for (let i = 0; i < 3; i += 1)
      rig.mishaps.at('builds.claim', (call) => {
        claimedDuringBuilds.push(building);
        return call();
      });
    const first = rig.deploys.drain(app.id, patient);
    expect(rig.deploys.draining(app.id)).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all([first, second]);
    expect(rig.deploys.draining(app.id)).toBe(false);
    expect([most, rig.builder.orders.length]).toEqual([1, 1]);
    expect(claimedDuringBuilds).toEqual([0, 0, 0]);

    // A hint during a drain that has made its last claim: the build must not wait for another hint.
    let joined: Promise<void> | undefined;
    rig.mishaps.at('builds.claim', async (call) => {
      const nothing = await call();
      rig.repositories.refs.set(`${app.id} ${MAIN}`, commit('a'));
      await rig.submit(app, { from: commit('a'), commit: commit('b') });
      joined = rig.deploys.drain(app.id, patient);
      return nothing;
    });
    await rig.deploys.drain(app.id, patient);
    await vi.advanceTimersByTimeAsync(1_000);
    await joined;
    expect([most, rig.builder.orders.length]).toEqual([1, 2]);
  });

  it.each([
    ['failed', failsBefore(DATABASE_AWAY)],
    ['claimed a build and did not hear so', failsAfter(DATABASE_AWAY)],
  ])('goes on after a drain that %s', async (_, mishap) => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    rig.mishaps.at('builds.claim', mishap);
    const [first, second] = [rig.deploys.drain(app.id, patient), rig.deploys.drain(app.id, patient)];
    await expect(first).rejects.toBe(DATABASE_AWAY);
    await second;
    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded' });
    expect(rig.deploys.draining(app.id)).toBe(false);
  });

  it.each(['while it builds', 'while it looks where the branch is', 'while it rolls out'])(
    'told to stop %s stops, and leaves the build to the next server',
    async (moment) => {
      const rig = createDeployRig();
      const stop = new AbortController();
      const enough = new Error('shutting down');
      const app = await rig.createApp();
      const build = await rig.submit(app);
      const abort = async (): Promise<void> => {
        stop.abort(enough);
        return Promise.resolve();
      };
      rig.course.outcome = 'by hand';
      if (moment === 'while it looks where the branch is')
        rig.mishaps.at('repositories.resolve', async (call) => {
          const found = await call();
          await abort();
          return found;
        });
      rig.builder.expect(app.id, moment === 'while it rolls out' ? [built()] : untilAborted(abort));
      const done = rig.deploys.drain(app.id, stop.signal);
      const ended = expect(done).rejects.toBe(enough);
      await vi.advanceTimersByTimeAsync(1_000);
      await abort();
      await vi.advanceTimersByTimeAsync(1_000);
      await ended;
      expect(await rig.buildOf(build)).toMatchObject({ status: 'building', failure: null });
      expect((await rig.said(build)).join()).not.toContain('Push failed');
      expect(rig.builder.orders).toHaveLength(moment === 'while it looks where the branch is' ? 0 : 1);
    },
  );
});

describe('a build that a dead server left behind', () => {
  /** A build in the hands of servers that died before this one, as often as that. */
  async function leftBehind(deaths: number) {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    for (let death = 0; death < deaths; death += 1)
      await rig.builds.claim(app.id, death - deaths + 1, patient);
    return { rig, app, build };
  }

  it('is built again once', async () => {
    const { rig, app, build } = await leftBehind(1);
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded', attempt: 2 });
  });

  it('is given up when it has met two deaths, with what to do', async () => {
    const { rig, app, build } = await leftBehind(2);
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({
      status: 'failed',
      failure: 'The platform was restarted twice in the middle of this build; push again',
    });
    expect(rig.builder.orders).toEqual([]);
  });

  it('is not built again once it has an image, however many have died since', async () => {
    const { rig, app, build } = await leftBehind(3);
    await rig.builds.recordImage(build.id, 0, imageOf(), patient);
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded', attempt: 4 });
    expect(rig.builder.orders).toEqual([]);
  });

  it('only waits for its deployment once it has a release, and tells its outcome', async () => {
    const { rig, app, build } = await leftBehind(3);
    const image = imageOf();
    await rig.builds.recordImage(build.id, 0, image, patient);
    const { release, deployment } = await rig.release(app, image);
    await rig.builds.recordRelease(build.id, 0, release.id, patient);
    await rig.decide(deployment, 'web.1 exited.');
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'failed', failure: 'web.1 exited' });
    expect(await rig.releases.list(app.id, patient)).toHaveLength(2);
    expect(await rig.said(build)).not.toContain('-----> Launching...');
  });
});

describe('a release that cannot be made yet', () => {
  it('is made when the config change that is being rolled out has ended, with that config', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    await rig.live(app);
    const build = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    rig.course.outcome = 'by hand';
    let restart: Deployment | undefined;
    rig.mishaps.at('builds.recordImage', async (call) => {
      restart = await rig.releases.redeploy(app, patient);
      return call();
    });
    const done = rig.deploys.drain(app.id, patient);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await rig.releases.list(app.id, patient), 'it waits').toHaveLength(2);
    rig.course.outcome = 'live';
    if (restart) await rig.decide(restart, null);
    await vi.advanceTimersByTimeAsync(2_000);
    await done;
    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded' });
    expect(await rig.releasesOf(app)).toEqual(['v3 succeeded current', 'v2 succeeded', 'v1 succeeded']);
  });

  it('is composed anew from what somebody changed at the same moment', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    const config = createConfigVars(rig);
    rig.mishaps.at('releases.create', async (call) => {
      await config.change(rig.ann, app.id, new Map([['A', 'theirs']]), patient);
      return call();
    });
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded' });
    const current = await rig.releases.latest(app.id, patient);
    expect(current.version).toBe(3);
    expect((await rig.releases.configOf(current.id, patient)).get('A')?.reveal()).toBe('theirs');
  });
});

describe('a port that fails once', () => {
  const BEFORE_RELEASE = ['apps.find', 'releases.latest', 'builds.lastDeployed', 'lines.append'];

  it.each([...BEFORE_RELEASE, 'builds.recordImage'])(
    'at %s, before there is a release, because the database is away, is waited out, and nothing is built twice',
    async (moment) => {
      const rig = createDeployRig();
      const app = await rig.createApp();
      const build = await rig.submit(app);
      rig.builder.expect(app.id, [line('x'), built()]);
      rig.mishaps.at(moment, failsBefore(DATABASE_AWAY));
      await drained(rig, app.id);
      expect(rig.mishaps.unused()).toEqual([]);
      expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded', attempt: 1 });
      expect(rig.builder.orders).toHaveLength(1);
      expect(await rig.releasesOf(app)).toEqual(['v2 succeeded current', 'v1 succeeded']);
      expect((await rig.said(build)).filter((text) => text.includes('Launching'))).toHaveLength(1);
    },
  );

  it.each([...BEFORE_RELEASE, 'builds.recordImage', 'repositories.resolve'])(
    'at %s, before there is a release, for a reason nobody knows, fails the push, and nothing is live',
    async (moment) => {
      const rig = createDeployRig();
      const app = await rig.createApp();
      const before = await rig.live(app);
      const build = await rig.submit(app);
      rig.builder.expect(app.id, [line('x'), built()]);
      rig.mishaps.at(moment, failsBefore(BUG));
      await drained(rig, app.id);
      expect(rig.mishaps.unused()).toEqual([]);
      expect(await rig.buildOf(build)).toMatchObject({ status: 'failed', failure: BUG.message });
      expect(await rig.releases.undecided(app.id, patient)).toEqual([]);
      const current = (await rig.releases.list(app.id, patient)).find((release) => release.current);
      expect(current?.id).toBe(before.release.id);
    },
  );

  it.each([
    ['releases.create', failsAfter(DATABASE_AWAY)],
    ['builds.recordRelease', failsBefore(DATABASE_AWAY)],
    ['releases.findDeployment', failsBefore(DATABASE_AWAY)],
    ['releases.findDeployment', failsBefore(BUG)],
    ['releases.find', failsBefore(DATABASE_AWAY)],
    ['builds.settle', failsBefore(DATABASE_AWAY)],
    ['builds.settle', failsBefore(BUG)],
  ])('at %s, once there is a release, does not fail the push of a live app', async (moment, mishap) => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    rig.mishaps.at(moment, mishap);
    rig.course.outcome = 'by hand';
    const done = rig.deploys.drain(app.id, patient);
    for (let second = 0; second < 5; second += 1) {
      await vi.advanceTimersByTimeAsync(1_000);
      for (const deployment of await rig.releases.undecided(app.id, patient))
        await rig.decide(deployment, null);
    }
    await done;
    expect(rig.mishaps.unused()).toEqual([]);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded', failure: null });
    expect(await rig.releasesOf(app)).toEqual(['v2 succeeded current', 'v1 succeeded']);
    expect((await rig.said(build)).at(-1)).toBe('Verifying deploy... done.');
    expect((await rig.said(build)).filter((text) => text.includes('Starting'))).toHaveLength(1);
    expect((await rig.said(build)).join()).not.toContain('Push failed');
  });

  it('and goes on failing while the refusal is written leaves no build undecided', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    rig.mishaps.at('releases.latest', failsBefore(BUG));
    for (let i = 0; i < 3; i += 1) rig.mishaps.at('lines.append', failsBefore(DATABASE_AWAY));
    rig.mishaps.at('builds.settle', failsBefore(DATABASE_AWAY));
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'failed', failure: BUG.message });
  });

  it('because the database is away from the release to the end of the rollout, leaves the word to the deployment', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    rig.course.outcome = 'by hand';
    const done = rig.deploys.drain(app.id, patient);
    await vi.advanceTimersByTimeAsync(100);
    for (const call of ['releases.findDeployment', 'builds.find', 'apps.find', 'lines.append'])
      for (let i = 0; i < 4; i += 1) rig.mishaps.at(call, failsBefore(DATABASE_AWAY));
    const [deployment] = await rig.releases.undecided(app.id, patient);
    if (!deployment) throw new Error('the build is being rolled out');
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await rig.state.begin(deployment.id, 1, patient)).toBe(true);
    await rig.state.succeed(deployment.id, 1, LEDGER, patient);
    await vi.advanceTimersByTimeAsync(20_000);
    await done;
    expect(rig.mishaps.unused()).toEqual([]);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded' });
    rig.repositories.refs.set(`${app.id} ${MAIN}`, commit('a'));
    const next = await rig.submit(app, { from: commit('a'), commit: commit('b') });
    rig.course.outcome = 'live';
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    expect(await rig.buildOf(next), 'and the app takes the next push').toMatchObject({ status: 'succeeded' });
  });
});
