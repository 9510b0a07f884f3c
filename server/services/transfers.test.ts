import { describe, expect, it } from 'vitest';
import { createMemoryTransfers } from '../../test/support/memory-membership.ts';
import { meanwhile } from '../../test/support/mishaps.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { Actor } from '../domain/actor.ts';
import { createTransfers } from './transfers.ts';

/** Ann's app `hello`, and `crew`, a team of hers with the app `shared`. */
async function createRig() {
  const rig = createStoresRig();
  const { apps, teams, directory, ann } = rig;
  const transfers = createMemoryTransfers(rig.world);
  const service = createTransfers({ apps, teams, directory, store: transfers });
  const hello = await rig.createApp('hello');
  const crew = await teams.create({ id: 'crew-id', name: 'crew' }, ann.userId, patient);
  await apps.create(
    {
      id: 'shared-id',
      name: 'shared',
      ownerId: ann.userId,
      deployBranch: null,
      team: { ...crew, locked: false },
    },
    patient,
  );
  return {
    ...rig,
    ...{ service, hello, crew },
    offer: (by: Actor, recipient: string, app = 'hello') => service.offer(by, { app, recipient }, patient),
    /** To whom an app belongs. */
    async belongsTo(name: string): Promise<string> {
      const app = await apps.find(name, patient);
      return app?.team?.name ?? app?.owner.email ?? 'nobody';
    },
  };
}

const refused = (id: string, params: object = {}): object => ({ id, params });
const weak = (actor: Actor): Actor => ({ ...actor, scopes: ['write-protected'] });

describe('an app that is offered to somebody', () => {
  it('is theirs once they accept; who owned it stays a collaborator', async () => {
    const rig = await createRig();
    const offer = await rig.offer(rig.ann, 'bob@example.com');
    expect(offer).toMatchObject({
      app: { id: rig.hello.id, name: 'hello' },
      owner: { email: 'ann@example.com' },
      recipient: { email: 'bob@example.com' },
      state: 'pending',
    });
    expect(await rig.belongsTo('hello')).toBe('ann@example.com');
    expect(await rig.service.answer(rig.bob, offer.id, 'accepted', patient)).toMatchObject({
      ...{ id: offer.id, state: 'accepted' },
    });
    expect(await rig.belongsTo('hello')).toBe('bob@example.com');
    expect(await rig.collaborators.list(rig.hello.id, patient)).toMatchObject([
      { user: { email: 'ann@example.com' }, role: 'operate' },
    ]);
  });

  it('stays where it is when they decline', async () => {
    const rig = await createRig();
    const offer = await rig.offer(rig.ann, rig.bob.userId);
    expect((await rig.service.answer(rig.bob, offer.id, 'declined', patient)).state).toBe('declined');
    expect(await rig.belongsTo('hello')).toBe('ann@example.com');
    expect((await rig.service.find(rig.ann, offer.id, patient)).state).toBe('declined');
  });

  it('is offered by its owner only, to somebody that there is and whose it is not', async () => {
    const rig = await createRig();
    await rig.collaborators.put(rig.hello.id, rig.bob.userId, 'manage', patient);
    await expect(rig.offer(rig.bob, 'bob@example.com')).rejects.toMatchObject({ id: 'forbidden' });
    await expect(rig.offer(rig.ann, 'nobody@example.com')).rejects.toMatchObject({ id: 'user_unknown' });
    await expect(rig.offer(rig.ann, 'Ann@example.com')).rejects.toMatchObject(
      refused('invalid_params', { field: 'ann@example.com', problem: 'owns hello already' }),
    );
    expect(await rig.service.list(rig.ann, patient)).toEqual([]);
  });

  it('is answered by whom it was offered to, and once', async () => {
    const rig = await createRig();
    const { id } = await rig.offer(rig.ann, 'bob@example.com');
    await expect(rig.service.answer(rig.ann, id, 'accepted', patient)).rejects.toMatchObject(
      refused('forbidden_transfer', { app: 'hello', recipient: 'bob@example.com' }),
    );
    await expect(rig.service.answer(rig.admin, id, 'accepted', patient)).rejects.toMatchObject(
      refused('not_found', { resource: 'app_transfer', name: id }),
    );
    expect(await rig.belongsTo('hello')).toBe('ann@example.com');
    await rig.service.answer(rig.bob, id, 'declined', patient);
    await expect(rig.service.answer(rig.bob, id, 'accepted', patient)).rejects.toMatchObject(
      refused('transfer_over', { app: 'hello' }),
    );
  });

  it('cannot be accepted after it was given to somebody else', async () => {
    const rig = await createRig();
    const { id } = await rig.offer(rig.ann, 'bob@example.com');
    await rig.service.give(rig.admin, 'hello', 'admin@example.com', patient);
    await expect(rig.service.answer(rig.bob, id, 'accepted', patient)).rejects.toMatchObject({
      id: 'not_found',
    });
    expect(await rig.belongsTo('hello')).toBe('admin@example.com');
  });

  it('can be taken back by who offered it, and turned down by whom it was offered to; nobody else sees it', async () => {
    const rig = await createRig();
    const dave = rig.addUser('dave@example.com');
    for (const by of [rig.ann, rig.bob]) {
      const { id } = await rig.offer(rig.ann, 'bob@example.com');
      await expect(rig.service.withdraw(dave, id, patient)).rejects.toMatchObject({ id: 'not_found' });
      expect((await rig.service.withdraw(by, id, patient)).id).toBe(id);
      await expect(rig.service.find(rig.bob, id, patient)).rejects.toMatchObject({ id: 'not_found' });
    }
  });

  it('is shown to both sides, newest first', async () => {
    const rig = await createRig();
    const [first, second] = [
      await rig.offer(rig.ann, 'bob@example.com'),
      await rig.offer(rig.ann, 'admin@example.com'),
    ];
    const ids = async (who: Actor) => (await rig.service.list(who, patient)).map(({ id }) => id);
    expect(await ids(rig.ann)).toEqual([second.id, first.id]);
    expect(await ids(rig.bob)).toEqual([first.id]);
  });

  it('is no business of a token that may not do everything', async () => {
    const rig = await createRig();
    const { id } = await rig.offer(weak(rig.ann), 'bob@example.com'); // good for giving this app away
    const bob = weak(rig.bob);
    const tooSmall = (what: string): object => refused('scope_too_small', { what });
    const { service } = rig;
    await expect(service.list(bob, patient)).rejects.toMatchObject(tooSmall('looking at offers of apps'));
    await expect(service.find(bob, id, patient)).rejects.toMatchObject(tooSmall('looking at offers of apps'));
    await expect(service.answer(bob, id, 'accepted', patient)).rejects.toMatchObject(
      tooSmall('answering offers of apps'),
    );
    await expect(service.withdraw(bob, id, patient)).rejects.toMatchObject(
      tooSmall('taking back offers of apps'),
    );
    expect((await service.find(rig.bob, id, patient)).state).toBe('pending');
  });
});

describe('an app of a team', () => {
  it('goes at once to one of its members to whom it is offered', async () => {
    const rig = await createRig();
    await rig.teams.putMember(rig.crew.id, rig.bob.userId, 'viewer', patient);
    expect(await rig.offer(rig.ann, 'bob@example.com', 'shared')).toMatchObject({
      app: { id: 'shared-id', name: 'shared' },
      owner: { id: rig.ann.userId, email: 'ann@example.com' },
      recipient: { email: 'bob@example.com' },
      state: 'accepted',
    });
    expect(await rig.belongsTo('shared')).toBe('bob@example.com');
    expect(await rig.service.list(rig.bob, patient)).toEqual([]);
  });

  it('goes to nobody else, unless an administrator of the platform says so', async () => {
    const rig = await createRig();
    await expect(rig.offer(rig.ann, 'bob@example.com', 'shared')).rejects.toMatchObject(
      refused('invalid_params', { field: 'bob@example.com', problem: 'must be a member of team crew' }),
    );
    expect(await rig.belongsTo('shared')).toBe('crew');
    await rig.offer(rig.admin, 'bob@example.com', 'shared');
    expect(await rig.belongsTo('shared')).toBe('bob@example.com');
  });

  it('may be locked, and unlocked, by who may share it', async () => {
    const rig = await createRig();
    expect((await rig.service.lock(rig.ann, 'shared', true, patient)).locked).toBe(true);
    expect((await rig.apps.find('shared', patient))?.locked).toBe(true);
    expect((await rig.service.lock(rig.ann, 'shared', false, patient)).locked).toBe(false);
    await rig.teams.putMember(rig.crew.id, rig.bob.userId, 'member', patient);
    await expect(rig.service.lock(rig.bob, 'shared', true, patient)).rejects.toMatchObject({
      id: 'forbidden',
    });
  });

  it('is locked once: again changes nothing', async () => {
    const rig = await createRig();
    await rig.service.lock(rig.ann, 'shared', true, patient);
    const revision = (await rig.apps.find('shared', patient))?.revision;
    await rig.service.lock(rig.ann, 'shared', true, patient);
    expect((await rig.apps.find('shared', patient))?.revision).toBe(revision);
  });
});

describe('an app of a person', () => {
  it('has nothing to lock', async () => {
    const rig = await createRig();
    await expect(rig.service.lock(rig.ann, 'hello', true, patient)).rejects.toMatchObject(
      refused('invalid_params', {
        field: 'locked',
        problem: 'is of apps of teams only; nobody joins this app by themselves',
      }),
    );
  });

  it('is given to a team by who may put apps into it, and is nobody’s of its own then', async () => {
    const rig = await createRig();
    expect(await rig.service.give(rig.ann, 'hello', 'crew', patient)).toMatchObject({
      team: { name: 'crew' },
    });
    expect(await rig.belongsTo('hello')).toBe('crew');
  });

  it('is not given to a team in which one is only looking on', async () => {
    const rig = await createRig();
    const club = await rig.teams.create({ id: 'club-id', name: 'club' }, rig.bob.userId, patient);
    const give = () => rig.service.give(rig.ann, 'hello', 'club', patient);
    await expect(give()).rejects.toMatchObject({ id: 'not_found', params: { resource: 'team' } });
    await rig.teams.putMember(club.id, rig.ann.userId, 'viewer', patient);
    await expect(give()).rejects.toMatchObject(refused('forbidden_team', { team: 'club', role: 'viewer' }));
    await rig.teams.putMember(club.id, rig.ann.userId, 'member', patient);
    expect((await give()).team?.name).toBe('club');
  });

  it('is not given to a person who was not asked, but by an administrator of the platform', async () => {
    const rig = await createRig();
    await expect(rig.service.give(rig.ann, 'hello', 'bob@example.com', patient)).rejects.toMatchObject(
      refused('invalid_params', { field: 'bob@example.com', problem: 'must accept: offer them hello' }),
    );
    expect((await rig.service.give(rig.admin, 'hello', 'bob@example.com', patient)).owner.email).toBe(
      'bob@example.com',
    );
  });
});

describe('an app of a team that is given', () => {
  it('comes to oneself by one’s own id or a tilde, as one is a member', async () => {
    for (const self of ['~', 'id'] as const) {
      const rig = await createRig();
      const word = self === 'id' ? rig.ann.userId : self;
      expect(await rig.service.give(rig.ann, 'shared', word, patient)).toMatchObject({
        team: null,
        owner: { email: 'ann@example.com' },
      });
    }
  });

  it('to the team it belongs to stays as it is', async () => {
    const rig = await createRig();
    const revision = (await rig.apps.find('shared', patient))?.revision;
    expect((await rig.service.give(rig.ann, 'shared', 'crew', patient)).revision).toBe(revision);
  });

  it('fails, with a sentence, when it changed in the meantime', async () => {
    const rig = await createRig();
    const change = (name: string) =>
      meanwhile(async () => {
        const app = await rig.apps.find(name, patient);
        return app && rig.apps.setFormation(app, new Map([['web', 2]]), patient);
      });
    rig.mishaps.at('apps.give', change('hello'));
    await expect(rig.service.give(rig.ann, 'hello', 'crew', patient)).rejects.toMatchObject(
      refused('app_changed', { app: 'hello' }),
    );
    rig.mishaps.at('apps.setLocked', change('shared'));
    await expect(rig.service.lock(rig.ann, 'shared', true, patient)).rejects.toMatchObject(
      refused('app_changed', { app: 'shared' }),
    );
    rig.mishaps.at('apps.give', (give) =>
      give()
        .then(() => rig.apps.find('hello', patient))
        .then(async (app) => {
          if (app) await rig.apps.markDeleted(app, patient);
          return true;
        }),
    );
    await expect(rig.service.give(rig.ann, 'hello', 'crew', patient)).rejects.toMatchObject({
      id: 'app_changed',
    });
    expect(rig.mishaps.unused()).toEqual([]);
  });
});
