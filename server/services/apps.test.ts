import { describe, expect, it } from 'vitest';
import { meanwhile } from '../../test/support/mishaps.ts';
import { commit, createStoresRig, imageOf, patient } from '../../test/support/services-rig.ts';
import { createApps } from './apps.ts';

function createRig() {
  const rig = createStoresRig();
  const repositories = rig.mishaps.on('repositories', rig.repositories);
  const service = createApps({
    ...{ store: rig.apps, teams: rig.teams, repositories, controller: rig.controller },
    routed: () => true,
  });
  return { ...rig, service };
}

describe('creating an app', () => {
  it('gives it release v1, an empty repository and its owner, and wakes the controller', async () => {
    const rig = createRig();
    const app = await rig.service.create(rig.ann, { name: 'hello' }, patient);
    expect(app).toMatchObject({
      name: 'hello',
      owner: { id: rig.ann.userId },
      formation: new Map(),
      releasedAt: null,
    });
    expect(await rig.releases.latest(app.id, patient)).toMatchObject({
      version: 1,
      image: null,
      current: true,
    });
    expect([...rig.repositories.made]).toEqual([app.id]);
    expect(rig.woken).toEqual([app.id]);
  });

  it('without a name gives it one that could have been chosen', async () => {
    const rig = createRig();
    const names = new Set<string>();
    for (let i = 0; i < 20; i += 1) names.add((await rig.service.create(rig.ann, {}, patient)).name);
    expect(names.size).toBe(20);
    for (const name of names) expect(name).toMatch(/^[a-z]+-[a-z]+-\d{5}$/);
  });

  it.each([
    ['Hello', 'Name must be 3 to 30 characters'],
    ['ab', 'Name must be 3 to 30 characters'],
    ['x'.repeat(31), 'Name must be 3 to 30 characters'],
    ['a/../b', 'Name must be 3 to 30 characters'],
    ['hello\n', 'Name must be 3 to 30 characters'],
    ['', 'Name must be 3 to 30 characters'],
    ['api', 'Name is reserved by the platform.'],
    ['status', 'Name is reserved by the platform.'],
    ['static', 'Name is reserved by the platform.'],
  ])('refuses the name %j', async (name, sentence) => {
    const rig = createRig();
    const asked = rig.service.create(rig.ann, { name }, patient);
    await expect(asked).rejects.toMatchObject({ id: 'invalid_params' });
    await expect(asked).rejects.toThrow(sentence);
    expect(await rig.service.list(rig.admin, patient)).toEqual([]);
    expect(rig.repositories.made.size).toBe(0);
  });

  it('gives a name to one of two who want it at once', async () => {
    const rig = createRig();
    const both = await Promise.allSettled(
      [rig.ann, rig.bob].map((actor) => rig.service.create(actor, { name: 'hello' }, patient)),
    );
    expect(both).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { id: 'name_taken', params: { name: 'hello' } } },
    ]);
    expect(rig.repositories.made.size).toBe(1);
  });

  it('makes no repository for an app that was not recorded, and keeps an app whose repository failed', async () => {
    const rig = createRig();
    await rig.service.create(rig.ann, { name: 'first' }, patient);
    rig.mishaps.at('repositories.ensure', () => Promise.reject(new Error('disk full')));
    await expect(rig.service.create(rig.bob, { name: 'first' }, patient)).rejects.toMatchObject({
      id: 'name_taken',
    });
    expect(rig.mishaps.unused()).toEqual(['repositories.ensure']);
    await expect(rig.service.create(rig.ann, { name: 'second' }, patient)).rejects.toThrow('disk full');
    expect(await rig.service.find(rig.ann, 'second', patient)).toMatchObject({ name: 'second' });
  });
});

describe('destroying an app', () => {
  it('ends what is on its way, frees its name and wakes the controller', async () => {
    const rig = createRig();
    const app = await rig.service.create(rig.ann, { name: 'hello' }, patient);
    const { deployment } = await rig.release(app, imageOf());
    rig.woken.length = 0;
    await rig.service.destroy(rig.ann, app.id, patient);
    expect(await rig.releases.findDeployment(deployment.id, patient)).toMatchObject({ status: 'superseded' });
    expect(rig.woken).toEqual([app.id]);
    for (const name of ['hello', app.id])
      await expect(rig.service.find(rig.ann, name, patient)).rejects.toMatchObject({ id: 'not_found' });
    expect((await rig.service.create(rig.bob, { name: 'hello' }, patient)).id).not.toBe(app.id);
  });

  it('that somebody changes at the same moment is refused, and the app lives', async () => {
    const rig = createRig();
    const app = await rig.service.create(rig.ann, { name: 'hello' }, patient);
    rig.woken.length = 0;
    rig.mishaps.at(
      'apps.markDeleted',
      meanwhile(() => rig.apps.setFormation(app, new Map([['web', 2]]), patient)),
    );
    await expect(rig.service.destroy(rig.ann, 'hello', patient)).rejects.toThrow(
      'hello was changed by someone else at the same moment; look again and retry.',
    );
    expect(await rig.service.find(rig.ann, 'hello', patient)).toMatchObject({ id: app.id });
    expect(rig.woken).toEqual([]);
  });

  it('twice at once happens once', async () => {
    const rig = createRig();
    await rig.service.create(rig.ann, { name: 'hello' }, patient);
    const both = await Promise.allSettled([1, 2].map(() => rig.service.destroy(rig.ann, 'hello', patient)));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('who may see an app', () => {
  it('is its owner and every admin', async () => {
    const rig = createRig();
    const [hello, other] = [
      await rig.service.create(rig.ann, { name: 'hello' }, patient),
      await rig.service.create(rig.bob, { name: 'bobs' }, patient),
    ];
    expect(await rig.service.list(rig.ann, patient)).toEqual([hello]);
    expect((await rig.service.list(rig.admin, patient)).map(({ name }) => name)).toEqual([
      other.name,
      hello.name,
    ]);
    for (const actor of [rig.ann, rig.admin])
      expect(await rig.service.find(actor, 'hello', patient)).toMatchObject({ id: hello.id, name: 'hello' });
  });

  it('is nobody else: their sentence is that of an app that never was', async () => {
    const rig = createRig();
    const app = await rig.service.create(rig.ann, { name: 'hello' }, patient);
    const sentence = async (asked: Promise<unknown>): Promise<unknown> =>
      asked.then(
        () => 'seen',
        (err: unknown) => (err instanceof Error ? err.message : err),
      );
    const strange = await sentence(rig.service.find(rig.bob, 'never', patient));
    for (const name of ['hello', app.id]) {
      const told = await sentence(rig.service.find(rig.bob, name, patient));
      expect(told).toBe(String(strange).replace('never', name));
      expect(await sentence(rig.service.destroy(rig.bob, name, patient))).toBe(told);
    }
    expect(await rig.service.find(rig.ann, 'hello', patient)).toEqual(app);
    await expect(rig.service.find(rig.bob, 'x'.repeat(500), patient)).rejects.toMatchObject({
      params: { name: 'x'.repeat(100) },
    });
  });
});

describe('the branch that deploys an app', () => {
  it('is what its owner says, and main or master again when nothing is said', async () => {
    const rig = createRig();
    await rig.service.create(rig.ann, { name: 'hello' }, patient);
    const set = (branch: string | null) => rig.service.setDeployBranch(rig.ann, 'hello', branch, patient);
    expect(await set('live')).toMatchObject({ deployBranch: 'live' });
    expect(await rig.service.find(rig.ann, 'hello', patient)).toMatchObject({ deployBranch: 'live' });
    await set(null);
    expect(await rig.service.find(rig.ann, 'hello', patient)).toMatchObject({ deployBranch: null });
  });

  it.each([
    '',
    '-x',
    '.x',
    'a..b',
    'a//b',
    '/a',
    'a/',
    'a/.b',
    'a/-b',
    'a.',
    'a.lock',
    'a.lock/b',
    'a b',
    'a~1',
    'a@{1}',
    'a\\b',
    'x\n',
    'refs/heads/x',
    'HEAD',
    'x'.repeat(245),
    'ü'.repeat(123),
  ])('is not %j [S-INJ-03]', async (branch) => {
    const rig = createRig();
    await rig.service.create(rig.ann, { name: 'hello' }, patient);
    await expect(rig.service.setDeployBranch(rig.ann, 'hello', branch, patient)).rejects.toMatchObject({
      id: 'invalid_params',
    });
  });

  it.each(['feature/login', 'dependabot/npm/@types/node-20', 'x;id', "it's", '#1-grüße', 'x'.repeat(244)])(
    'may be %j',
    async (branch) => {
      const rig = createRig();
      await rig.service.create(rig.ann, { name: 'hello' }, patient);
      const app = await rig.service.setDeployBranch(rig.ann, 'hello', branch, patient);
      expect(app.deployBranch).toBe(branch);
    },
  );

  it.each([
    ['main/live', 'main'],
    ['feature', 'feature/login'],
  ])('is not %j beside %j, which its repository has: git keeps only one of them', async (branch, there) => {
    const rig = createRig();
    const app = await rig.service.create(rig.ann, { name: 'hello' }, patient);
    rig.repositories.refs.set(`${app.id} refs/heads/${there}`, commit('a'));
    rig.repositories.refs.set(`another refs/heads/${branch}/x`, commit('a'));
    const set = (name: string) => rig.service.setDeployBranch(rig.ann, 'hello', name, patient);
    await expect(set(branch)).rejects.toThrow(
      `cannot be ${branch} beside ${there}, which hello has from an earlier deploy; choose another name`,
    );
    expect((await set(there)).deployBranch, 'the very branch that is there').toBe(there);
    expect((await set(`${there}2`)).deployBranch).toBe(`${there}2`);
  });

  it('is nobody else’s to choose', async () => {
    const rig = createRig();
    await rig.service.create(rig.ann, { name: 'hello' }, patient);
    await expect(rig.service.setDeployBranch(rig.bob, 'hello', 'live', patient)).rejects.toMatchObject({
      id: 'not_found',
    });
  });
});

describe('an app whose name no other gets any more', () => {
  it('keeps it, and may be called by it again, until it takes another', async () => {
    const rig = createRig();
    const app = await rig.service.create(rig.ann, { name: 'hello' }, patient);
    const row = rig.world.apps.get(app.id);
    if (row) Object.assign(row, { name: 'status' });
    expect((await rig.service.find(rig.ann, 'status', patient)).id).toBe(app.id);
    expect((await rig.service.rename(rig.ann, 'status', 'status', patient)).name).toBe('status');
    await rig.service.rename(rig.ann, 'status', 'hello', patient);
    await expect(rig.service.rename(rig.ann, 'hello', 'status', patient)).rejects.toThrow('reserved');
  });
});
