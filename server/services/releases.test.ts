import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { meanwhile } from '../../test/support/mishaps.ts';
import { createStoresRig, imageOf, patient } from '../../test/support/services-rig.ts';
import { createConfigVars } from './config-vars.ts';
import { createReleases } from './releases.ts';

function createRig() {
  const rig = createStoresRig();
  const service = createReleases({ apps: rig.apps, store: rig.releases, controller: rig.controller });
  return { ...rig, service, config: createConfigVars(rig) };
}

/** An app with two deployed releases, v2 and v3, of which v3 is current. */
async function deployedTwice() {
  const rig = createRig();
  const app = await rig.createApp();
  const v2 = (await rig.live(app)).release;
  const v3 = (await rig.live(app)).release;
  return { rig, app, v2, v3 };
}

describe('a rollback', () => {
  it('is a new release with the code and the config of the old one', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    await rig.config.change(rig.ann, 'hello', new Map([['A', 'old']]), patient);
    const { release: old } = await rig.live(app);
    const changed = await rig.config.change(rig.ann, 'hello', new Map([['A', 'new']]), patient);
    if (changed.deployment) await rig.decide(changed.deployment);
    rig.woken.length = 0;

    const { release, deployment } = await rig.service.rollback(
      rig.admin,
      'hello',
      `v${old.version}`,
      patient,
    );
    expect(release).toMatchObject({
      version: 5,
      description: 'Rollback to v3',
      image: old.image,
      commit: old.commit,
      status: 'pending',
      user: { email: 'admin@example.com' },
    });
    expect(deployment).toMatchObject({ releaseId: release.id, status: 'pending' });
    expect(await rig.releases.configOf(release.id, patient)).toEqual(new Map([['A', new Secret('old')]]));
    expect((await rig.releases.configOf(release.id, patient)).get('A')?.reveal()).toBe('old');
    expect(rig.woken).toEqual([app.id]);
  });

  it('without a version goes to the newest that ran before the current one, over the failed ones', async () => {
    const { rig, app, v2 } = await deployedTwice();
    await rig.decide((await rig.release(app, imageOf())).deployment, 'web.1 exited.');
    const first = await rig.service.rollback(rig.ann, 'hello', null, patient);
    expect(first.release).toMatchObject({ version: 5, description: 'Rollback to v2', image: v2.image });
    await rig.decide(first.deployment);
    // v4 failed, so it is passed over; v5 itself is current.
    const second = await rig.service.rollback(rig.ann, 'hello', null, patient);
    expect(second.release.description).toBe('Rollback to v3');
  });

  it('to what runs waits while something else may take its place, and is refused when that has failed', async () => {
    const { rig, app } = await deployedTwice();
    const { deployment } = await rig.release(app, imageOf());
    const back = () => rig.service.rollback(rig.ann, 'hello', 'v3', patient);
    await expect(back()).rejects.toMatchObject({ id: 'deploy_in_progress' });
    await rig.decide(deployment, 'web.1 exited.');
    await expect(back()).rejects.toMatchObject({ id: 'no_rollback_target' });
  });

  it.each([
    ['version', () => 'v2'],
    ['bare number', () => '2'],
    ['id', (id: string) => id],
  ])('finds its target by %s', async (_, name) => {
    const { rig, v2 } = await deployedTwice();
    const { release } = await rig.service.rollback(rig.ann, 'hello', name(v2.id), patient);
    expect(release.description).toBe('Rollback to v2');
  });

  it.each([
    ['the current release', 'v3', 'v3'],
    ['a release without image', 'v1', 'v1'],
    ['a failed release', 'v4', 'v4'],
  ])('cannot go to %s', async (_, wanted, named) => {
    const { rig, app } = await deployedTwice();
    await rig.decide((await rig.release(app, imageOf())).deployment, 'web.1 exited.');
    const asked = rig.service.rollback(rig.ann, 'hello', wanted, patient);
    await expect(asked).rejects.toMatchObject({ id: 'no_rollback_target' });
    await expect(asked).rejects.toThrow(`hello cannot be rolled back to ${named}: only a release that ran`);
    expect(await rig.releases.undecided(app.id, patient)).toEqual([]);
    expect(rig.woken).toEqual([]);
  });

  it('cannot go back before the first deploy', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    for (const deploy of [false, true]) {
      if (deploy) await rig.live(app);
      await expect(rig.service.rollback(rig.ann, 'hello', null, patient)).rejects.toThrow(
        'hello cannot be rolled back to an earlier release',
      );
    }
  });

  it('does not find a release of another app, or one whose name is too long to repeat', async () => {
    const { rig } = await deployedTwice();
    const other = await rig.live(await rig.createApp('other'));
    for (const wanted of [other.release.id, 'v9', 'x'.repeat(500)])
      await expect(rig.service.rollback(rig.ann, 'hello', wanted, patient)).rejects.toMatchObject({
        id: 'not_found',
        params: { resource: 'release', name: wanted.slice(0, 100) },
      });
  });

  it('during a deploy is refused; of two at once one wins', async () => {
    const { rig, app } = await deployedTwice();
    const both = await Promise.allSettled([
      rig.service.rollback(rig.ann, 'hello', 'v2', patient),
      rig.service.rollback(rig.admin, 'hello', 'v2', patient),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { id: 'deploy_in_progress', retry: true, params: { app: 'hello', version: 4 } },
    });
    expect(await rig.releases.undecided(app.id, patient)).toHaveLength(1);
  });

  it('that a whole deploy overtakes is refused rather than undo what it did not see', async () => {
    const { rig, app } = await deployedTwice();
    rig.mishaps.at(
      'releases.create',
      meanwhile(() => rig.live(app)),
    );
    // The inner deploy uses up no mishap of its own: it comes after this one was taken.
    await expect(rig.service.rollback(rig.ann, 'hello', 'v2', patient)).rejects.toMatchObject({
      id: 'app_changed',
    });
  });

  it('brings back a web process that the current release lost', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    await rig.live(app, imageOf(['web', 'worker']), new Map([['web', 3]]));
    // A slip in the Procfile: `wbe:`. Its deploy succeeds, and the count of web goes with the type.
    await rig.live(await rig.again(app), imageOf(['wbe', 'worker']), new Map());
    expect([...(await rig.again(app)).formation.keys()]).not.toContain('web');
    const { deployment } = await rig.service.rollback(rig.ann, 'hello', null, patient);
    await rig.decide(deployment);
    expect((await rig.again(app)).formation.get('web')).toBe(1);
  });

  it('keeps the counts that somebody chose, also none', async () => {
    const { rig, app } = await deployedTwice();
    await rig.apps.setFormation(await rig.again(app), new Map([['web', 0]]), patient);
    await rig.service.rollback(rig.ann, 'hello', 'v2', patient);
    expect((await rig.again(app)).formation).toEqual(new Map([['web', 0]]));
  });
});

describe('an image that is deployed again', () => {
  it('is a new release with the code of the one and the config of now', async () => {
    const { rig, app, v2 } = await deployedTwice();
    const changed = await rig.config.change(rig.ann, 'hello', new Map([['A', 'now']]), patient);
    if (changed.deployment) await rig.decide(changed.deployment);
    rig.woken.length = 0;
    const again = (said: string | null) => rig.service.again(rig.ann, 'hello', v2.id, said, patient);
    const { release, deployment } = await again(null);
    expect(release).toMatchObject({ version: 5, description: 'Deploy v2 again', image: v2.image });
    expect((await rig.releases.configOf(release.id, patient)).get('A')?.reveal()).toBe('now');
    expect(rig.woken).toEqual([app.id]);
    await rig.decide(deployment);
    expect((await again('As I say')).release.description).toBe('As I say');
  });

  it('is one that there is, of this app', async () => {
    const { rig } = await deployedTwice();
    const other = await rig.live(await rig.createApp('other'));
    const [v1] = (await rig.service.list(rig.ann, 'hello', patient)).slice(-1);
    for (const id of [v1?.id ?? '', other.release.id, 'x'.repeat(200)])
      await expect(rig.service.again(rig.ann, 'hello', id, null, patient)).rejects.toMatchObject({
        id: 'not_found',
        params: { resource: 'slug', name: id.slice(0, 100) },
      });
    expect(rig.woken).toEqual([]);
  });

  it('is deployed by those who may deploy', async () => {
    const { rig, app, v2 } = await deployedTwice();
    await rig.collaborators.put(app.id, rig.bob.userId, 'view', patient);
    const asked = rig.service.again(rig.bob, 'hello', v2.id, null, patient);
    await expect(asked).rejects.toMatchObject({ id: 'forbidden' });
  });
});

describe('a rollback to a release whose image was cleared away', () => {
  it('says so, with the commit to push again, and is not taken for one that never ran', async () => {
    const { rig, app, v2 } = await deployedTwice();
    const row = rig.world.releases.get(v2.id);
    if (row) row.collectedAt = rig.clock.now();
    await expect(rig.service.rollback(rig.ann, 'hello', 'v2', patient)).rejects.toMatchObject({
      id: 'image_collected',
      params: { app: 'hello', version: 2, commit: v2.commit },
    });
    await expect(rig.service.rollback(rig.ann, 'hello', null, patient)).rejects.toMatchObject({
      id: 'no_rollback_target',
    });
    expect(await rig.releases.undecided(app.id, patient)).toEqual([]);
  });
});

describe('reading releases', () => {
  it('lists them newest first, and finds one with its newest deployment', async () => {
    const { rig, app, v3 } = await deployedTwice();
    const all = await rig.service.list(rig.ann, 'hello', patient);
    expect(all.map(({ version, current }) => [version, current])).toEqual([
      [3, true],
      [2, false],
      [1, false],
    ]);
    expect(await rig.service.find(rig.ann, 'hello', 'v3', patient)).toEqual(all[0]);
    const restart = await rig.releases.redeploy(app, patient);
    expect(await rig.service.deploymentOf(rig.ann, 'hello', v3.id, patient)).toEqual(restart);
    const v1 = all.at(-1)?.id ?? '';
    expect(await rig.service.deploymentOf(rig.ann, 'hello', v1, patient)).toBeUndefined();
    await expect(rig.service.find(rig.ann, 'hello', 'v9', patient)).rejects.toThrow('that release: v9');
  });

  it('tells nothing of another app’s deployment', async () => {
    const { rig, v3 } = await deployedTwice();
    await rig.createApp('other');
    expect(await rig.service.deploymentOf(rig.ann, 'other', v3.id, patient)).toBeUndefined();
  });

  it('answers a stranger as if there were no such app, whatever is asked', async () => {
    const { rig, v3 } = await deployedTwice();
    for (const asked of [
      rig.service.list(rig.bob, 'hello', patient),
      rig.service.find(rig.bob, 'hello', 'v3', patient),
      rig.service.rollback(rig.bob, 'hello', 'v2', patient),
      rig.service.deploymentOf(rig.bob, 'hello', v3.id, patient),
    ])
      await expect(asked).rejects.toMatchObject({
        id: 'not_found',
        params: { resource: 'app', name: 'hello' },
      });
  });
});
