import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { built, drained, line, untilAborted } from '../../test/support/build-courses.ts';
import { meanwhile } from '../../test/support/mishaps.ts';
import {
  commit,
  createDeployRig,
  MAIN,
  OBJECTS,
  patient,
  type DeployRig,
} from '../../test/support/services-rig.ts';
import type { App } from '../domain/app.ts';

const FROM = commit('1');
const TO = commit('2');
const LIVE = [
  '-----> Another push of 22222222 was first, and it is live already, as v2',
  '       Nothing was built; http://hello.test serves it',
];

let rig: DeployRig;
let app: App;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  rig = createDeployRig();
  app = await rig.createApp();
  branchTo(FROM);
});
afterEach(() => void vi.useRealTimers());

function branchTo(id: string, ref = MAIN): void {
  rig.repositories.refs.set(`${app.id} ${ref}`, id);
}

interface Sent {
  readonly from?: string | null;
  readonly to?: string;
  readonly ref?: string;
  readonly tags?: readonly string[];
}

function push({ from = FROM, to = TO, ref = MAIN, tags = [] }: Sent = {}) {
  const told: string[] = [];
  const updates = [{ ref, from, to }, ...tags.map((tag) => ({ ref: `refs/tags/${tag}`, from: null, to }))];
  const offer = { updates, quarantine: OBJECTS, say: (text: string) => void told.push(text) };
  const answer = rig.pushes.receive(rig.ann, app.id, offer, patient);
  answer.catch(() => undefined); // told by who awaits it
  return { answer, told };
}

/** Pushes a commit and sees it live; git moves the branch. */
async function deployed(to = TO): Promise<void> {
  rig.builder.expect(app.id, [built()]);
  const { answer } = push({ from: rig.repositories.refs.get(`${app.id} ${MAIN}`) ?? null, to });
  await vi.advanceTimersByTimeAsync(1);
  await drained(rig, app.id);
  expect(await answer).toBe(true);
  branchTo(to);
}

const reasonOf = ({ answer }: ReturnType<typeof push>): Promise<string> =>
  answer.then(
    () => 'nothing was wrong',
    (err: unknown) => String(err),
  );

describe('a push of the very commit that another push has brought', () => {
  it('ends well, with the truth and without a build, once that is live', async () => {
    await deployed();
    const twin = push();
    expect(await twin.answer).toBe(true);
    expect(twin.told).toEqual(LIVE);
    expect(await rig.builds.list(app.id, patient)).toHaveLength(1);
    expect(await rig.releasesOf(app)).toEqual(['v2 succeeded current', 'v1 succeeded']);
  });

  it('ends well too while git has yet to move the branch for the first one', async () => {
    await deployed();
    branchTo(FROM);
    expect(await push().answer).toBe(true);
  });

  it('of an app that had none before ends well too', async () => {
    rig.repositories.refs.clear();
    await deployed();
    const twin = push({ from: null });
    expect(await twin.answer).toBe(true);
    expect(twin.told).toEqual(LIVE);
  });

  it('names the release that serves it now, when its config was changed since', async () => {
    await deployed();
    const image = (await rig.releases.latest(app.id, patient)).image;
    if (!image) throw new Error('it was built');
    const base = await rig.releases.latest(app.id, patient);
    const draft = {
      ...{ base: base.version, description: 'Set A', image, config: new Map(), commit: TO, buildId: null },
      ...{ userId: rig.ann.userId, formation: (await rig.again(app)).formation },
    };
    const { deployment } = await rig.releases.create(await rig.again(app), draft, patient);
    if (!deployment) throw new Error('an image is deployed');
    await rig.decide(deployment, null);
    const twin = push();
    expect(await twin.answer).toBe(true);
    expect(twin.told[0]).toContain('live already, as v3');
  });

  it('that was queued when the first one went live is told so in its turn, and its source is forgotten', async () => {
    rig.builder.expect(app.id, [built()]);
    const first = push();
    await vi.advanceTimersByTimeAsync(1);
    let twin = first;
    rig.mishaps.at(
      'builds.settle',
      meanwhile(async () => {
        twin = push();
        await vi.advanceTimersByTimeAsync(1); // it is recorded
      }),
    );
    await drained(rig, app.id);
    expect(await Promise.all([first.answer, twin.answer])).toEqual([true, true]);
    expect(twin.told).toEqual(LIVE);
    expect(rig.builder.orders).toHaveLength(1);
    expect(rig.repositories.kept.size, 'only that of the first, whose branch may not show it yet').toBe(1);
  });

  it('is built in the place of the first one while that is not live', async () => {
    let twin: ReturnType<typeof push> | undefined;
    rig.builder.expect(
      app.id,
      untilAborted(async () => Promise.resolve((twin = push()))),
    );
    rig.builder.expect(app.id, [line('again'), built()]);
    const first = push();
    await vi.advanceTimersByTimeAsync(1);
    await drained(rig, app.id);
    expect(await twin?.answer).toBe(true);
    expect(await rig.releasesOf(app)).toEqual(['v2 succeeded current', 'v1 succeeded']);
    expect(await first.answer, 'it looked late enough to see its commit live').toBe(true);
    expect(first.told.slice(-2)).toEqual(LIVE);
    expect(twin?.told).toContain('again');
  });

  it('does not bring back what was rolled back since, and says how to', async () => {
    await deployed(commit('9'));
    await deployed();
    await rig.live(app); // somebody's rollback
    const reason = await reasonOf(push({ from: commit('9') }));
    expect(reason).toContain(
      'Push refused: 22222222 was deployed already, as v3, and is not what is live now, which is v4 (Deploy); bring it back with gantry rollback v3 -a hello.',
    );
    expect(await rig.builds.list(app.id, patient)).toHaveLength(2);
  });
});

describe('a push that comes too late', () => {
  it('is refused before it ends the build of a newer one', async () => {
    await deployed();
    rig.builder.expect(app.id, async function* () {
      await vi.advanceTimersByTimeAsync(1);
      yield line('still at it');
      late = await reasonOf(push({ to: commit('4') }));
      yield built();
    } as never);
    let late = '';
    const newer = push({ from: TO, to: commit('3') });
    await vi.advanceTimersByTimeAsync(1);
    await drained(rig, app.id);
    expect(late).toContain('Push refused: main has moved since this push was sent; fetch, then push again.');
    expect(await newer.answer).toBe(true);
  });

  it.each([
    ['refs/heads/main/live', 'main/live', 'refs/heads/main', 'main'],
    ['refs/heads/feature', 'feature', 'refs/heads/feature/login', 'feature/login'],
  ])('or whose branch %s git could not keep is refused before it is built', async (ref, name, there, old) => {
    branchTo(commit('1'), there);
    expect(await rig.apps.setDeployBranch(await rig.again(app), name, patient)).toBe(true);
    expect(await reasonOf(push({ ref, from: null }))).toContain(
      `Push refused: git keeps no branch ${name} beside ${old}, which hello has from an earlier deploy; choose another name (gantry git:deploy-branch).`,
    );
    expect(await rig.builds.list(app.id, patient)).toEqual([]);
  });

  it('for one of its tags is refused, and one whose tag is there already is not', async () => {
    branchTo(commit('5'), 'refs/tags/v1');
    expect(await reasonOf(push({ tags: ['v1'] }))).toContain(
      'Push refused: tag v1 has moved since this push was sent; fetch it, then push again.',
    );
    await deployed();
    branchTo(TO, 'refs/tags/v1');
    expect(await push({ tags: ['v1'] }).answer).toBe(true);
  });
});
