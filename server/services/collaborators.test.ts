import { describe, expect, it } from 'vitest';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { TeamRole } from '../domain/access.ts';
import type { Actor, Scope } from '../domain/actor.ts';
import { createCollaborators } from './collaborators.ts';

/** Ann's app `hello`, and `crew`, a team of hers with the app `shared`. */
async function createRig() {
  const rig = createStoresRig();
  const { apps, teams, directory, collaborators: store, ann } = rig;
  const service = createCollaborators({ apps, directory, store, teams });
  const hello = await rig.createApp('hello');
  const crew = await teams.create({ id: 'crew-id', name: 'crew' }, ann.userId, patient);
  const shared = await apps.create(
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
    ...{ service, hello, shared },
    carol: rig.addUser('carol@example.com'),
    add: (by: Actor, app: string, user: string, ...permissions: string[]) =>
      service.add(by, app, { user, permissions: permissions.length > 0 ? permissions : undefined }, patient),
    join: (who: Actor, role: TeamRole) => teams.putMember(crew.id, who.userId, role, patient),
    /** `ann@example.com admin`, as anybody who may look sees it. */
    async seen(app: string): Promise<string[]> {
      const { all } = await service.list(rig.admin, app, patient);
      return all.map(({ user, role, owner }) => `${user.email} ${role}${owner ? ' owner' : ''}`);
    },
  };
}

const only = (actor: Actor, ...scopes: Scope[]): Actor => ({ ...actor, scopes });

describe('the collaborators of an app', () => {
  it('begin with its owner where a person owns it; a team is nobody of them', async () => {
    const rig = await createRig();
    await rig.add(rig.ann, 'hello', 'bob@example.com', 'view');
    expect(await rig.seen('hello')).toEqual(['ann@example.com admin owner', 'bob@example.com view']);
    expect(await rig.seen('shared')).toEqual(['ann@example.com manage']);
  });

  it('are told from those who may do everything anyway, as administrators of its team', async () => {
    const rig = await createRig();
    await rig.add(rig.admin, 'shared', 'bob@example.com', 'view');
    await rig.join(rig.bob, 'member');
    const byTeam = async (app: string) =>
      (await rig.service.list(rig.admin, app, patient)).all.map((one) => [one.user.email, one.byTeam]);
    expect(await byTeam('shared')).toEqual([
      ['ann@example.com', true],
      ['bob@example.com', false],
    ]);
    expect(await byTeam('hello')).toEqual([['ann@example.com', false]]);
    await rig.join(rig.bob, 'admin');
    expect((await rig.service.find(rig.ann, 'shared', 'bob@example.com', patient)).access.byTeam).toBe(true);
    expect((await rig.add(rig.ann, 'shared', 'bob@example.com', 'view')).access.byTeam).toBe(true);
  });

  it('are found by address, by id, by the id of the collaboration and, oneself, by a tilde', async () => {
    const rig = await createRig();
    const { access } = await rig.add(rig.ann, 'hello', 'bob@example.com');
    for (const who of ['bob@example.com', rig.bob.userId, access.id])
      expect(await rig.service.find(rig.ann, 'hello', who, patient)).toMatchObject({
        app: { name: 'hello' },
        access: { id: access.id, owner: false },
      });
    expect((await rig.service.find(rig.bob, 'hello', '~', patient)).access.user.email).toBe(
      'bob@example.com',
    );
    expect((await rig.service.find(rig.ann, 'hello', '~', patient)).access.owner).toBe(true);
    const nobody = rig.service.find(rig.ann, 'hello', 'x'.repeat(300), patient);
    await expect(nobody).rejects.toMatchObject({
      id: 'not_found',
      params: { resource: 'collaborator', name: 'x'.repeat(100) },
    });
  });

  it('may do what is usual unless something else is said', async () => {
    const rig = await createRig();
    expect((await rig.add(rig.ann, 'hello', 'bob@example.com')).access.role).toBe('operate');
    expect((await rig.add(rig.ann, 'hello', rig.carol.userId, 'view', 'deploy')).access.role).toBe('deploy');
  });

  it('keep their role when they are added again without one', async () => {
    const rig = await createRig();
    await rig.add(rig.ann, 'hello', 'bob@example.com', 'view');
    expect((await rig.add(rig.ann, 'hello', 'bob@example.com')).access.role).toBe('view');
    expect((await rig.add(rig.ann, 'hello', 'bob@example.com', 'manage')).access).toMatchObject({
      ...{ role: 'manage', owner: false },
    });
  });

  it.each([[[]], [['admin']], [['view', 'admin']], [['owner']], [['VIEW']]])(
    'have none of the roles %j, which nobody can be given',
    async (permissions: string[]) => {
      const rig = await createRig();
      const wanted = { user: 'bob@example.com', permissions };
      const refusal = {
        id: 'invalid_params',
        params: { field: 'permissions', problem: 'must be among view, deploy, operate and manage' },
      };
      await expect(rig.service.add(rig.ann, 'hello', wanted, patient)).rejects.toMatchObject(refusal);
      await rig.add(rig.ann, 'hello', 'bob@example.com');
      const update = rig.service.update(rig.ann, 'hello', 'bob@example.com', permissions, patient);
      await expect(update).rejects.toMatchObject(refusal);
    },
  );

  it('are people that there are', async () => {
    const rig = await createRig();
    await expect(rig.add(rig.ann, 'hello', 'nobody@example.com')).rejects.toMatchObject({
      id: 'user_unknown',
      params: { who: 'nobody@example.com' },
    });
  });

  it('do not include the owner twice; of an app of a team nobody is the owner', async () => {
    const rig = await createRig();
    await expect(rig.add(rig.ann, 'hello', 'ANN@example.com')).rejects.toMatchObject({
      id: 'invalid_params',
      params: { field: 'user', problem: 'owns hello already' },
    });
    expect((await rig.add(rig.ann, 'shared', 'ann@example.com', 'view')).access.role).toBe('view');
  });
});

describe('whoever shares an app', () => {
  it('gives no right beyond their own, and neither changes nor takes one', async () => {
    const rig = await createRig();
    const owner = rig.add(rig.bob, 'hello', 'carol@example.com');
    await expect(owner).rejects.toMatchObject({ id: 'not_found' });
    await rig.add(rig.ann, 'hello', 'bob@example.com', 'manage');
    expect((await rig.add(rig.bob, 'hello', 'carol@example.com', 'manage')).access.role).toBe('manage');
    const updated = await rig.service.update(rig.bob, 'hello', 'carol@example.com', ['view'], patient);
    expect(updated.access).toMatchObject({ role: 'view', owner: false });
    await rig.service.remove(rig.bob, 'hello', 'carol@example.com', patient);
    expect(await rig.seen('hello')).toEqual(['ann@example.com admin owner', 'bob@example.com manage']);
  });

  it('may manage it; to operate it is not enough', async () => {
    const rig = await createRig();
    await rig.add(rig.ann, 'hello', 'bob@example.com', 'operate');
    await rig.add(rig.ann, 'hello', 'carol@example.com', 'view');
    const { service, bob } = rig;
    for (const asked of [
      rig.add(bob, 'hello', 'carol@example.com', 'view'),
      service.update(bob, 'hello', 'carol@example.com', ['view'], patient),
      service.remove(bob, 'hello', 'carol@example.com', patient),
    ])
      await expect(asked).rejects.toMatchObject({ id: 'forbidden' });
    expect(await rig.seen('hello')).toContain('carol@example.com view');
  });

  it('cannot change or remove the owner, whoever asks', async () => {
    const rig = await createRig();
    const refusal = {
      id: 'invalid_params',
      params: { field: 'ann@example.com', problem: 'owns hello; the app can be given away or destroyed' },
    };
    const { service, ann, admin } = rig;
    await expect(service.update(admin, 'hello', ann.userId, ['view'], patient)).rejects.toMatchObject(
      refusal,
    );
    await expect(service.remove(admin, 'hello', ann.userId, patient)).rejects.toMatchObject(refusal);
    await expect(service.remove(ann, 'hello', '~', patient)).rejects.toMatchObject(refusal);
  });

  it('needs a credential that is good for giving rights', async () => {
    const rig = await createRig();
    await rig.add(rig.ann, 'hello', 'bob@example.com', 'view');
    const weak = only(rig.ann, 'write');
    const refusal = { id: 'scope_too_small' };
    await expect(rig.add(weak, 'hello', 'carol@example.com')).rejects.toMatchObject(refusal);
    await expect(
      rig.service.update(weak, 'hello', rig.bob.userId, ['deploy'], patient),
    ).rejects.toMatchObject(refusal);
    await expect(rig.service.remove(weak, 'hello', rig.bob.userId, patient)).rejects.toMatchObject(refusal);
  });
});

describe('a member of a team', () => {
  it('may join an app of it, up to what is usual', async () => {
    const rig = await createRig();
    await rig.join(rig.bob, 'member');
    const tooHigh = rig.add(rig.bob, 'shared', '~', 'manage');
    await expect(tooHigh).rejects.toMatchObject({
      id: 'role_too_high',
      params: { app: 'shared', role: 'operate' },
    });
    expect((await rig.add(rig.bob, 'shared', 'bob@example.com')).access.role).toBe('operate');
    expect((await rig.add(rig.bob, 'shared', '~', 'view')).access.role).toBe('view');
  });

  it('who was given more does not make themselves less by joining again', async () => {
    const rig = await createRig();
    await rig.join(rig.bob, 'member');
    await rig.add(rig.ann, 'shared', 'bob@example.com', 'manage');
    await expect(rig.add(rig.bob, 'shared', '~', 'view')).rejects.toMatchObject({ id: 'role_too_high' });
    expect(await rig.seen('shared')).toContain('bob@example.com manage');
  });

  it('brings nobody else, and joins nothing that is locked or with a token that is not good for it', async () => {
    const rig = await createRig();
    await rig.join(rig.bob, 'member');
    const forbidden = { id: 'forbidden' };
    await expect(rig.add(rig.bob, 'shared', 'carol@example.com')).rejects.toMatchObject(forbidden);
    for (const scope of ['read', 'write'] as const)
      await expect(rig.add(only(rig.bob, scope), 'shared', '~')).rejects.toMatchObject(forbidden);
    await rig.apps.setLocked(rig.shared, true, patient);
    await expect(rig.add(rig.bob, 'shared', '~')).rejects.toMatchObject({ id: 'app_locked' });
    await expect(rig.add(rig.bob, 'shared', 'carol@example.com')).rejects.toMatchObject(forbidden);
    const scoped = only(rig.bob, 'write');
    await expect(rig.add(scoped, 'shared', '~')).rejects.toMatchObject(forbidden);
  });

  it.each(['viewer', 'collaborator'] as const)('who is a %s joins nothing by themselves', async (role) => {
    const rig = await createRig();
    await rig.join(rig.bob, role);
    await expect(rig.add(rig.bob, 'shared', '~')).rejects.toMatchObject({
      id: role === 'viewer' ? 'forbidden' : 'not_found',
    });
  });
});

describe('a collaborator', () => {
  it('may leave, whatever they are, and is gone then', async () => {
    const rig = await createRig();
    await rig.add(rig.ann, 'hello', 'bob@example.com', 'view');
    const left = await rig.service.remove(rig.bob, 'hello', '~', patient);
    expect(left).toMatchObject({ app: { name: 'hello' }, access: { role: 'view', owner: false } });
    await expect(rig.service.find(rig.bob, 'hello', '~', patient)).rejects.toMatchObject({ id: 'not_found' });
  });

  it('does not leave by a token that may only deploy or look', async () => {
    const rig = await createRig();
    await rig.add(rig.ann, 'hello', 'bob@example.com', 'manage');
    for (const scope of ['read', 'write', `deploy:${rig.hello.id}`] as const)
      await expect(rig.service.remove(only(rig.bob, scope), 'hello', '~', patient)).rejects.toMatchObject({
        id: 'scope_too_small',
      });
    expect(await rig.seen('hello')).toContain('bob@example.com manage');
  });

  it('who is none cannot be removed', async () => {
    const rig = await createRig();
    const asked = rig.service.remove(rig.ann, 'hello', 'carol@example.com', patient);
    await expect(asked).rejects.toMatchObject({ id: 'not_found', params: { resource: 'collaborator' } });
  });
});
