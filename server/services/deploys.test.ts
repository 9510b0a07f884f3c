import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { built, DATABASE_AWAY, drained, line, untilAborted } from '../../test/support/build-courses.ts';
import { failsBefore, meanwhile } from '../../test/support/mishaps.ts';
import { commit, createDeployRig, imageOf, MAIN, NEWER, patient } from '../../test/support/services-rig.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe('a build', () => {
  it('becomes an image, a release and a live app, and tells each step', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    const image = imageOf(['web', 'worker']);
    rig.builder.expect(app.id, [
      line('Step 1'),
      { kind: 'stage', name: 'build', ms: 5 },
      line('Step 2'),
      built(image),
    ]);
    await drained(rig, app.id);

    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded', image, failure: null, attempt: 1 });
    expect(await rig.releasesOf(app)).toEqual(['v2 succeeded current', 'v1 succeeded']);
    expect(await rig.releases.latest(app.id, patient)).toMatchObject({
      description: 'Deploy aaaaaaaa',
      commit: commit('a'),
      user: { email: 'ann@example.com' },
    });
    expect((await rig.again(app)).formation).toEqual(
      new Map([
        ['web', 1],
        ['worker', 0],
      ]),
    );
    expect(await rig.said(build)).toEqual([
      'Step 1',
      'Step 2',
      '-----> Launching...',
      '       Starting v2',
      '       Released v2',
      '       healthy after 1.3 s, switched in 8 ms; 42 requests served meanwhile, 0 dropped',
      '       http://hello.test deployed to Gantry',
      '',
      'Verifying deploy... done.',
    ]);
  });

  it('gives the builder the source, the config of the newest release and a token for that repository alone', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    expect(rig.builder.orders).toEqual([
      {
        id: build.id,
        appId: app.id,
        archive: `/sources/${build.id}.tar`,
        commit: commit('a'),
        buildpack: null,
        config: new Map(),
        repository: `apps/${app.id}`,
        token: `may push apps/${app.id}`,
      },
    ]);
  });

  it('that the builder refuses fails with its reason, and touches nothing', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const before = await rig.live(app);
    const build = await rig.submit(app);
    rig.builder.expect(app.id, [
      line('npm ci'),
      { kind: 'failed', id: 'build_failed', message: 'npm ci failed.', retry: false },
    ]);
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'failed', failure: 'npm ci failed' });
    expect(await rig.said(build)).toEqual([
      'npm ci',
      '',
      ' !     npm ci failed.',
      ' !     Push failed; what served before was not touched.',
    ]);
    expect(await rig.releases.latest(app.id, patient)).toMatchObject({
      id: before.release.id,
      current: true,
    });
  });

  it('whose release does not become ready fails with the reason, and the old release stays current', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    await rig.live(app);
    rig.course.outcome = { failure: 'web.1 exited with status 3.' };
    const build = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({
      status: 'failed',
      failure: 'web.1 exited with status 3',
    });
    expect(await rig.releasesOf(app)).toEqual(['v3 failed', 'v2 succeeded current', 'v1 succeeded']);
    expect(await rig.said(build)).toContain(' !     web.1 exited with status 3.');
    expect((await rig.said(build)).join()).not.toContain('Verifying deploy');
  });

  it('of an app that was destroyed before its turn builds nothing', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const build = await rig.submit(app);
    rig.mishaps.at(
      'apps.find',
      meanwhile(() => rig.apps.markDeleted(app, patient)),
    );
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({
      status: 'superseded',
      failure: 'hello was destroyed.',
    });
    expect([...rig.builder.orders, ...rig.complaints]).toEqual([]);
  });
});

describe('the branch', () => {
  const push = { from: commit('1'), commit: commit('2') };

  it.each([
    ['where its sender saw it', commit('1')],
    ['where it is to go already', commit('2')],
  ])('%s lets a push have its turn', async (_, at) => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.repositories.refs.set(`${app.id} ${MAIN}`, at);
    const build = await rig.submit(app, push);
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({ status: 'succeeded' });
  });

  it.each([
    ['elsewhere', commit('3')],
    ['gone', null],
  ])('%s since refuses the push before anything is built', async (_, at) => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    if (at !== null) rig.repositories.refs.set(`${app.id} ${MAIN}`, at);
    const build = await rig.submit(app, push);
    await drained(rig, app.id);
    expect(await rig.buildOf(build)).toMatchObject({
      status: 'failed',
      failure: 'main has moved since this push was sent; fetch, then push again',
    });
    expect(rig.builder.orders).toEqual([]);
  });

  it('about to be moved by the push before it, which git has not done yet, refuses the push too', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.repositories.refs.set(`${app.id} ${MAIN}`, commit('1'));
    await rig.submit(app, push);
    rig.builder.expect(app.id, [built()]);
    let second: string | undefined;
    // Its deployment has succeeded, so the newer push leaves it to settle.
    rig.mishaps.at(
      'builds.settle',
      meanwhile(async () => {
        second = (await rig.submit(app, { from: commit('1'), commit: commit('3') })).id;
      }),
    );
    await drained(rig, app.id);
    expect(await rig.releasesOf(app)).toEqual(['v2 succeeded current', 'v1 succeeded']);
    expect(await rig.buildOf({ id: second ?? '' })).toMatchObject({
      status: 'failed',
      failure: 'main has moved since this push was sent; fetch, then push again',
    });
  });

  it('that another push of the same commit is about to move has nothing built for this one, which was to move it too', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.repositories.refs.set(`${app.id} ${MAIN}`, commit('1'));
    await rig.submit(app, push);
    rig.builder.expect(app.id, [built()]);
    let twin = '';
    rig.mishaps.at(
      'builds.settle',
      meanwhile(async () => (twin = (await rig.submit(app, push)).id)),
    );
    await drained(rig, app.id);
    expect(rig.builder.orders).toHaveLength(1);
    expect(await rig.releasesOf(app)).toEqual(['v2 succeeded current', 'v1 succeeded']);
    expect(await rig.buildOf({ id: twin })).toMatchObject({
      status: 'superseded',
      failure: 'Another push of 22222222 was first, and it is live already, as v2',
    });
    expect((await rig.builds.lastDeployed(app.id, patient))?.id).not.toBe(twin);
  });

  it('that deployed the app while a push of the other one waited is the deploy branch from then on', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.builder.expect(app.id, [built()]);
    await rig.submit(app, { ref: 'refs/heads/master', commit: commit('c') });
    let second = '';
    rig.mishaps.at(
      'builds.settle',
      meanwhile(async () => (second = (await rig.submit(app, { commit: commit('b') })).id)),
    );
    await drained(rig, app.id);
    expect(await rig.buildOf({ id: second })).toMatchObject({
      status: 'failed',
      failure:
        'hello deploys master, so nothing of main was stored or deployed; to deploy it, push it there (git push gantry main:master) or choose it (gantry git:deploy-branch main)',
    });
    expect(rig.builder.orders.map((order) => order.commit)).toEqual([commit('c')]);
  });
});

describe('a newer push', () => {
  it('cancels the build of the older one and goes live in its place', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const older = await rig.submit(app);
    let newer = older;
    rig.builder.expect(
      app.id,
      untilAborted(async () => (newer = await rig.submit(app, { commit: commit('b') }))),
    );
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    expect(rig.builder.cancelled).toEqual([older.id]);
    expect(rig.complaints).toEqual([]);
    expect(await rig.buildOf(older)).toMatchObject({ status: 'superseded', failure: NEWER });
    expect(await rig.buildOf(newer)).toMatchObject({ status: 'succeeded' });
    expect(await rig.releases.latest(app.id, patient)).toMatchObject({ version: 2, commit: commit('b') });
  });

  it('is noticed although the database was away for a moment during the build', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const older = await rig.submit(app);
    rig.builder.expect(
      app.id,
      untilAborted(() => rig.submit(app, { commit: commit('b') })),
    );
    rig.builder.expect(app.id, [built()]);
    rig.mishaps.at('builds.find', failsBefore(DATABASE_AWAY));
    await drained(rig, app.id);
    expect(rig.builder.cancelled).toEqual([older.id]);
    expect(await rig.releases.latest(app.id, patient)).toMatchObject({ commit: commit('b') });
  });

  const LAUNCHED = '-----> Launching...';
  const TOLD = ['', ` !     ${NEWER}`, ' !     Push failed; nothing is live yet.'];

  it.each([
    ['builds.recordImage', []],
    ['releases.create', [LAUNCHED]],
    ['builds.recordRelease', [LAUNCHED]],
    ['releases.findDeployment', [LAUNCHED, ...TOLD]],
  ])('that comes just before %s leaves nothing of the older one live', async (moment, told) => {
    const rig = createDeployRig();
    rig.course.outcome = 'by hand';
    const app = await rig.createApp();
    const older = await rig.submit(app);
    let newer = older;
    rig.builder.expect(app.id, [built()]);
    rig.builder.expect(app.id, [built()]);
    rig.mishaps.at(
      moment,
      meanwhile(async () => {
        newer = await rig.submit(app, { commit: commit('b') });
        rig.course.outcome = 'live';
      }),
    );
    await drained(rig, app.id);
    expect(await rig.buildOf(older)).toMatchObject({ status: 'superseded' });
    expect(await rig.buildOf(newer)).toMatchObject({ status: 'succeeded' });
    const current = (await rig.releases.list(app.id, patient)).find((release) => release.current);
    expect(current?.commit).toBe(commit('b'));
    expect(await rig.releases.undecided(app.id, patient)).toEqual([]);
    expect(await rig.said(older)).toEqual(told);
    expect(rig.complaints).toEqual([]);
  });

  it('says why the older one ended, and a failure of ours in the same moment adds nothing to it', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const older = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    rig.builder.expect(app.id, [built()]);
    rig.mishaps.at('builds.recordImage', async () => {
      await rig.submit(app, { commit: commit('b') });
      throw DATABASE_AWAY;
    });
    await drained(rig, app.id);
    expect(await rig.buildOf(older)).toMatchObject({ status: 'superseded', failure: NEWER });
    expect(await rig.said(older)).toEqual([]);
  });

  it('that comes once the older one is live waits for it to be told so', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const older = await rig.submit(app);
    rig.builder.expect(app.id, [built()]);
    rig.mishaps.at(
      'releases.find',
      meanwhile(async () => {
        rig.repositories.refs.set(`${app.id} ${MAIN}`, commit('a'));
        await rig.submit(app, { from: commit('a'), commit: commit('b') });
      }),
    );
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    expect(await rig.buildOf(older)).toMatchObject({ status: 'succeeded' });
    expect(await rig.releasesOf(app)).toEqual(['v3 succeeded current', 'v2 succeeded', 'v1 succeeded']);
  });

  it('that was many before its turn came is the only one built', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    for (const digit of ['a', 'b', 'c']) await rig.submit(app, { commit: commit(digit) });
    rig.builder.expect(app.id, [built()]);
    await drained(rig, app.id);
    expect(rig.builder.orders.map((order) => order.commit)).toEqual([commit('c')]);
  });
});
