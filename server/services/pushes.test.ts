import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import fc from 'fast-check';
import { BUG, built, DATABASE_AWAY, line } from '../../test/support/build-courses.ts';
import { failsAfter, failsBefore, meanwhile } from '../../test/support/mishaps.ts';
import {
  commit,
  createDeployRig,
  MAIN,
  OBJECTS,
  patient,
  type DeployRig,
} from '../../test/support/services-rig.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { RefUpdate } from './pushes.ts';

const TO_MAIN: RefUpdate = { ref: MAIN, from: null, to: commit('a') };

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Pushes as a client would, with a worker beside it; the promise of what came of it, and what it was told. */
function push(
  rig: DeployRig,
  appId: string,
  updates: readonly RefUpdate[] = [TO_MAIN],
  { actor = rig.ann, signal = patient }: { actor?: Actor; signal?: AbortSignal } = {},
) {
  const told: string[] = [];
  const offer = { updates, quarantine: OBJECTS, say: (text: string) => void told.push(text) };
  const answer = rig.pushes.receive(actor, appId, offer, signal);
  answer.catch(() => undefined); // told by who awaits it
  return { answer, told };
}

/** Lets a second or more go by in which the app's builds are worked off. */
async function worked(rig: DeployRig, appId: string, ms = 2_000): Promise<void> {
  await vi.advanceTimersByTimeAsync(1); // the push is recorded
  rig.deploys.drain(appId, patient).catch(() => undefined);
  await vi.advanceTimersByTimeAsync(ms);
}

describe('open', () => {
  it('makes the repository that a crash at the app’s creation left out', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    await rig.repositories.remove(app.id, patient);
    expect(await rig.pushes.open(rig.ann, 'hello', 'write', patient)).toMatchObject({
      appId: app.id,
      path: `/repositories/${app.id}.git`,
    });
    expect(rig.repositories.made).toContain(app.id);
  });

  it.each(['read', 'write'] as const)(
    'answers a stranger who wants to %s as if there were none [S-GIT-16]',
    async (access) => {
      const rig = createDeployRig();
      await rig.createApp();
      for (const name of ['hello', 'nothing'])
        await expect(rig.pushes.open(rig.bob, name, access, patient)).rejects.toThrow(
          PlatformError.of('not_found', { resource: 'app', name }),
        );
    },
  );
});

describe('a push', () => {
  it('may move its ref once the app is live, and tells the whole story', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const { answer, told } = push(rig, app.id);
    rig.builder.expect(app.id, [line('Step 1'), built()]);
    await worked(rig, app.id);
    expect(await answer).toBe(true);
    expect(rig.queued).toEqual([app.id]);
    const [build] = await rig.builds.list(app.id, patient);
    expect(build).toMatchObject({
      push: { ref: MAIN, commit: commit('a'), from: null },
      userId: rig.ann.userId,
    });
    expect(told).toEqual(await rig.said({ id: build?.id ?? '' }));
    expect(told.at(-1)).toBe('Verifying deploy... done.');
  });

  it('may not move its ref when the deploy failed; nothing of it is kept', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.course.outcome = { failure: 'web.1 exited with status 1.' };
    rig.builder.expect(app.id, [built()]);
    const { answer, told } = push(rig, app.id);
    await worked(rig, app.id);
    expect(await answer).toBe(false);
    expect(told).toContain(' !     web.1 exited with status 1.');
    expect([...rig.repositories.kept]).toEqual([]);
  });

  it('that a newer one replaces says by whom, and only the newer may move the ref', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const first = push(rig, app.id);
    await vi.advanceTimersByTimeAsync(10);
    const second = push(rig, app.id, [{ ...TO_MAIN, to: commit('b') }], { actor: rig.admin });
    await vi.advanceTimersByTimeAsync(10);
    rig.builder.expect(app.id, [built()]);
    await worked(rig, app.id);
    expect(await Promise.all([first.answer, second.answer])).toEqual([false, true]);
    expect(first.told).toEqual([
      ' !     A newer push (bbbbbbb by admin@example.com) took its place; nothing of it is live.',
    ]);
  });

  it('is asked for in the name of somebody who may see the app, before anything is stored [S-GIT-16]', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const { answer } = push(rig, app.id, [TO_MAIN], { actor: rig.bob });
    await expect(answer).rejects.toMatchObject({ id: 'not_found', params: { resource: 'app' } });
    expect([...rig.repositories.kept]).toEqual([]);
  });

  it('goes on being deployed when nobody listens any more', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const laptop = new AbortController();
    const { answer } = push(rig, app.id, [TO_MAIN], { signal: laptop.signal });
    await vi.advanceTimersByTimeAsync(10);
    laptop.abort(new Error('closed'));
    await expect(answer).rejects.toThrow('closed');
    rig.builder.expect(app.id, [built()]);
    await worked(rig, app.id);
    expect(await rig.releasesOf(app)).toEqual(['v2 succeeded current', 'v1 succeeded']);
    expect(rig.repositories.kept.size, 'its hidden ref holds the commit until the branch is moved').toBe(1);
  });

  it('is left to git until git has had the time to move its branch', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.builder.expect(app.id, [built()]);
    const { answer } = push(rig, app.id);
    await worked(rig, app.id);
    await answer;
    const [build] = await rig.builds.list(app.id, patient);
    expect([...rig.open]).toEqual([build?.id]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([...rig.open]).toEqual([]);
  });
});

describe('when something fails', () => {
  it('a push for which its repository has no room is refused before it ends the build of an older one', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const older = await rig.submit(app, { commit: commit('b') });
    const full = PlatformError.of('push_refused', { reason: 'its repository would hold 2 GiB' });
    rig.mishaps.at('repositories.checkPush', failsBefore(full));
    await expect(push(rig, app.id).answer).rejects.toBe(full);
    expect(await rig.buildOf(older)).toMatchObject({ status: 'queued' });
    expect([...rig.repositories.kept]).toEqual([older.id]);
  });

  it('a source that is refused is not recorded, and nothing of it is kept', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.repositories.refuse('it holds a link to /etc');
    const { answer } = push(rig, app.id);
    await expect(answer).rejects.toThrow('The source was refused: it holds a link to /etc.');
    expect(await rig.builds.list(app.id, patient)).toEqual([]);
    expect([...rig.repositories.kept]).toEqual([]);
  });

  it.each([
    ['was away', failsBefore(DATABASE_AWAY)],
    ['took the push but could not say so', failsAfter(DATABASE_AWAY)],
  ])('a push whose record the database %s waits for it, is told so, and is built once', async (_, mishap) => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.builder.expect(app.id, [built()]);
    rig.mishaps.at('builds.submit', mishap);
    const { answer, told } = push(rig, app.id);
    await vi.advanceTimersByTimeAsync(1_000);
    await worked(rig, app.id);
    expect(await answer).toBe(true);
    expect(told[0]).toBe(' !     The database of the platform does not answer; waiting for it');
    expect(await rig.builds.list(app.id, patient)).toHaveLength(1);
  });

  it('a push waits ten minutes for the database, then says where its end can be seen, and its source stays', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    for (let i = 0; i < 1_200; i += 1) rig.mishaps.at('builds.submit', failsAfter(DATABASE_AWAY));
    const { answer, told } = push(rig, app.id);
    const ended = expect(answer).rejects.toBe(DATABASE_AWAY);
    await vi.advanceTimersByTimeAsync(600_000);
    await ended;
    expect(told).toEqual([
      ' !     The database of the platform does not answer; waiting for it',
      ' !     The push goes on without you; gantry releases -a hello tells what became of it',
    ]);
    expect(rig.repositories.kept.size).toBe(1);
    rig.builder.expect(app.id, [built()]);
    await worked(rig, app.id);
    expect(await rig.releasesOf(app)).toEqual(['v2 succeeded current', 'v1 succeeded']);
  });

  it('a source whose reading breaks is not kept', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.mishaps.at('repositories.receive', failsAfter(BUG));
    rig.mishaps.at('repositories.release', failsAfter(BUG));
    await expect(push(rig, app.id).answer, 'not that cleaning up failed too').rejects.toBe(BUG);
    expect([...rig.repositories.kept]).toEqual([]);
  });

  it('an app that was destroyed while the source was read takes no push', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.mishaps.at(
      'builds.submit',
      meanwhile(() => rig.apps.markDeleted(app, patient)),
    );
    await expect(push(rig, app.id).answer).rejects.toMatchObject({ id: 'not_found' });
    expect([...rig.repositories.kept]).toEqual([]);
  });

  it('an app that is destroyed during the build ends the push with that sentence', async () => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const { answer, told } = push(rig, app.id);
    await vi.advanceTimersByTimeAsync(10);
    await rig.apps.markDeleted(app, patient);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await answer).toBe(false);
    expect(told).toEqual([' !     hello was destroyed.']);
  });

  it.each(['builds.submit', 'builds.recordImage', 'releases.create', 'builds.settle'])(
    'a database that goes away right after %s does not fail the push of a live app',
    async (moment) => {
      const rig = createDeployRig();
      const app = await rig.createApp();
      let away = false;
      rig.builder.expect(app.id, [line('Step 1'), built()]);
      for (let i = 0; i < 50; i += 1)
        rig.mishaps.at('builds.find', (call) => (away ? Promise.reject(DATABASE_AWAY) : call()));
      rig.mishaps.at(moment, async (call) => {
        const done = await call();
        away = true;
        setTimeout(() => (away = false), 1_500);
        return done;
      });
      const { answer, told } = push(rig, app.id);
      await worked(rig, app.id, 5_000);
      expect(await answer).toBe(true);
      expect(told.filter((text) => text === 'Step 1')).toHaveLength(1);
      expect(told.filter((text) => text.includes('database'))).toHaveLength(1);
      expect(told.at(-1)).toBe('Verifying deploy... done.');
    },
  );

  it.each([
    ['waits for a database that is away', DATABASE_AWAY, false],
    ['does not wait for a bug to go away', BUG, BUG],
  ])('the question how it ended %s', async (_, err, outcome) => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    const { answer } = push(rig, app.id);
    await vi.advanceTimersByTimeAsync(10);
    await rig.apps.markDeleted(app, patient);
    rig.mishaps.at('builds.find', (call) => call()); // the follower's, who sees that it is over
    rig.mishaps.at('builds.find', failsBefore(err));
    await vi.advanceTimersByTimeAsync(1_500);
    expect(rig.mishaps.unused()).toEqual([]);
    expect(await answer.catch((reason: unknown) => reason)).toBe(outcome);
  });
});

describe('what a push deploys', () => {
  const refused = async (updates: readonly RefUpdate[], branch: string | null = null): Promise<unknown> => {
    const rig = createDeployRig();
    const app = await rig.createApp('hello', branch);
    const err: unknown = await push(rig, app.id, updates).answer.catch((reason: unknown) => reason);
    expect([...rig.repositories.kept]).toEqual([]);
    return err;
  };
  const to = (ref: string, commitId: string | null = commit('a')): RefUpdate => ({
    ref,
    from: commit('1'),
    to: commitId,
  });

  it.each([
    [
      'another branch',
      [to('refs/heads/topic')],
      'hello deploys main or master, so nothing of topic was stored or deployed; to deploy it, push it there (git push gantry topic:main) or choose it (gantry git:deploy-branch topic)',
    ],
    [
      'a branch whose name a shell would read as something else',
      [to('refs/heads/x;id')],
      "push it there (git push gantry 'x;id:main') or choose it (gantry git:deploy-branch 'x;id')",
    ],
    [
      'a branch with a slash',
      [to('refs/heads/feature/login')],
      'push it there (git push gantry feature/login:main) or choose it (gantry git:deploy-branch feature/login)',
    ],
    [
      'a branch and another',
      [to(MAIN), to('refs/heads/topic')],
      'hello deploys main or master, so nothing of topic',
    ],
    [
      'a ref that is no branch',
      [to('refs/notes/x')],
      'hello deploys main or master, so nothing of refs/notes/x',
    ],
    ['tags alone', [to('refs/tags/v1')], 'tags alone deploy nothing; push main along with them'],
    [
      'both deploy branches',
      [to(MAIN), to('refs/heads/master')],
      'one push deploys one branch, not main and master',
    ],
    [
      'the end of the branch',
      [to(MAIN, null)],
      'the deploy branch cannot be deleted; use gantry apps:destroy to remove the app',
    ],
    ['nothing', [], 'tags alone deploy nothing'],
  ])('is refused for %s, with the way out [S-GIT-13]', async (_, updates, sentence) => {
    const err = await refused(updates);
    expect(err).toMatchObject({ id: 'push_refused' });
    expect(String(err)).toContain('Push refused: ');
    expect(String(err)).toContain(sentence);
  });

  it.each([
    ['main', 'master'],
    ['master', 'main'],
  ])('is %s alone once that has been deployed, and %s says how to deploy it', async (first, other) => {
    const rig = createDeployRig();
    const app = await rig.createApp();
    rig.builder.expect(app.id, [built()]);
    const deployed = push(rig, app.id, [{ ref: `refs/heads/${first}`, from: null, to: commit('a') }]);
    await worked(rig, app.id);
    expect(await deployed.answer).toBe(true);
    const before = rig.repositories.kept.size;
    const refusal = push(rig, app.id, [{ ref: `refs/heads/${other}`, from: null, to: commit('b') }]);
    await expect(refusal.answer).rejects.toThrow(
      `hello deploys ${first}, so nothing of ${other} was stored or deployed; to deploy it, push it there (git push gantry ${other}:${first}) or choose it (gantry git:deploy-branch ${other})`,
    );
    expect(rig.repositories.kept.size).toBe(before);
    expect(await rig.builds.list(app.id, patient)).toHaveLength(1);
  });

  it('is refused for main when the app deploys another branch', async () => {
    expect(String(await refused([to(MAIN)], 'live'))).toContain(
      'hello deploys live, so nothing of main was stored or deployed; to deploy it, push it there (git push gantry main:live) or choose it (gantry git:deploy-branch main)',
    );
  });

  it('is the one deploy branch among any tags, or it is refused and nothing is recorded', async () => {
    const names = [
      'refs/heads/main',
      'refs/heads/master',
      'refs/heads/mainx',
      'refs/tags/main',
      'refs/tags/v1',
    ];
    const updates = fc.uniqueArray(
      fc.record({
        ref: fc.constantFrom(...names),
        from: fc.constantFrom(null, commit('1')),
        to: fc.constantFrom(null, commit('2')),
      }),
      { selector: ({ ref }) => ref, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(updates, async (some) => {
        const rig = createDeployRig();
        const app = await rig.createApp();
        for (const { ref, from } of some)
          if (from !== null) rig.repositories.refs.set(`${app.id} ${ref}`, from);
        const away = new AbortController();
        const { answer } = push(rig, app.id, some, { signal: away.signal });
        await vi.advanceTimersByTimeAsync(1);
        away.abort(new Error('enough'));
        const err: unknown = await answer.catch((reason: unknown) => reason);
        const heads = some.filter(({ ref }) => ref.startsWith('refs/heads/'));
        const [only] = heads;
        const good = heads.length === 1 && only?.ref !== 'refs/heads/mainx' && only?.to !== null;
        expect(PlatformError.is(err, 'push_refused')).toBe(!good);
        const recorded = (await rig.builds.list(app.id, patient)).map((build) => build.push);
        expect(recorded).toEqual(good ? [{ ref: only?.ref, commit: only?.to, from: only?.from }] : []);
      }),
      { numRuns: 60 },
    );
  });
});
