import { describe, expect, it } from 'vitest';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import { TEAM_ROLES, type TeamRole } from '../domain/access.ts';
import type { Actor, Scope } from '../domain/actor.ts';
import { createTeams } from './teams.ts';

/** Ann's team `crew`. */
async function createRig() {
  const rig = createStoresRig();
  const { apps, directory } = rig;
  const service = createTeams({ store: rig.teams, apps, directory });
  const crew = await service.create(rig.ann, 'crew', patient);
  return {
    ...rig,
    ...{ service, crew },
    put: (by: Actor, email: string, role: TeamRole) =>
      service.putMember(by, 'crew', { email, role }, patient),
    app: (name: string, owner: Actor, team: { readonly id: string } | undefined) =>
      apps.create(
        {
          ...{ id: `${name}-id`, name, ownerId: owner.userId, deployBranch: null },
          ...(team && { team: { id: team.id, locked: false } }),
        },
        patient,
      ),
    /** `ann@example.com admin`, by address. */
    members: async () =>
      (await service.members(rig.admin, 'crew', patient)).map(({ user, role }) => `${user.email} ${role}`),
  };
}

const only = (actor: Actor, ...scopes: Scope[]): Actor => ({ ...actor, scopes });
const GONE = { id: 'not_found', params: { resource: 'team', name: 'crew' } };

describe('a team', () => {
  it('begins with who made it as its administrator', async () => {
    const rig = await createRig();
    expect(rig.crew).toMatchObject({ name: 'crew', role: 'admin' });
    expect(await rig.members()).toEqual(['ann@example.com admin']);
  });

  it.each(['Crew', 'a', 'x y', 'crew\n', '-crew', ''])('is not called %j', async (name) => {
    const rig = await createRig();
    const refusal = { id: 'invalid_params', params: { field: 'Name' } };
    await expect(rig.service.create(rig.ann, name, patient)).rejects.toMatchObject(refusal);
    await expect(rig.service.rename(rig.ann, 'crew', name, patient)).rejects.toMatchObject(refusal);
  });

  it('has a name that no other has', async () => {
    const rig = await createRig();
    const taken = { id: 'name_taken' };
    await expect(rig.service.create(rig.bob, 'crew', patient)).rejects.toMatchObject(taken);
    await rig.service.create(rig.bob, 'club', patient);
    await expect(rig.service.rename(rig.ann, 'crew', 'club', patient)).rejects.toMatchObject(taken);
  });

  it('is renamed by its administrators, and stays what it is without a name or with its own', async () => {
    const rig = await createRig();
    for (const name of [undefined, 'crew'])
      expect(await rig.service.rename(rig.ann, 'crew', name, patient)).toMatchObject({ name: 'crew' });
    expect(await rig.service.rename(rig.ann, 'crew', 'gang', patient)).toMatchObject({
      ...{ id: rig.crew.id, name: 'gang', role: 'admin' },
    });
    expect((await rig.service.find(rig.ann, 'gang', patient)).id).toBe(rig.crew.id);
  });

  it('is removed when no app belongs to it any more', async () => {
    const rig = await createRig();
    const app = await rig.app('shop', rig.ann, rig.crew);
    await expect(rig.service.remove(rig.ann, 'crew', patient)).rejects.toMatchObject({
      id: 'team_not_empty',
      params: { team: 'crew' },
    });
    await rig.apps.markDeleted(app, patient);
    expect((await rig.service.remove(rig.ann, 'crew', patient)).id).toBe(rig.crew.id);
    await expect(rig.service.find(rig.ann, 'crew', patient)).rejects.toMatchObject(GONE);
  });

  it('is as if it did not exist to whoever is not in it, and in the list of nobody else', async () => {
    const rig = await createRig();
    await expect(rig.service.find(rig.bob, 'crew', patient)).rejects.toMatchObject(GONE);
    await expect(rig.service.members(rig.bob, 'crew', patient)).rejects.toMatchObject(GONE);
    await expect(rig.service.find(rig.bob, 'y'.repeat(300), patient)).rejects.toMatchObject({
      params: { name: 'y'.repeat(100) },
    });
    expect(await rig.service.list(rig.bob, patient)).toEqual([]);
    expect(await rig.service.list(rig.ann, patient)).toMatchObject([{ name: 'crew', role: 'admin' }]);
  });

  it('is known to whoever one of its apps is shared with, who may not see who is in it', async () => {
    const rig = await createRig();
    const { service, bob, crew } = rig;
    const { id } = await rig.app('shop', rig.ann, crew);
    await rig.collaborators.put(id, bob.userId, 'view', patient);
    for (const name of ['crew', crew.id])
      await expect(service.members(bob, name, patient)).rejects.toMatchObject({
        ...{ id: 'not_in_team', params: { team: name } },
      });
    await expect(service.find(bob, 'crew', patient)).rejects.toMatchObject(GONE);
    await expect(service.members(bob, 'other', patient)).rejects.toMatchObject({ id: 'not_found' });
  });

  it('is seen and administered by administrators of the platform, who are not in it', async () => {
    const rig = await createRig();
    expect(await rig.service.find(rig.admin, 'crew', patient)).toMatchObject({ role: 'admin' });
    expect(await rig.service.administer(rig.admin, rig.crew.id, patient)).toMatchObject({ role: 'admin' });
    expect(await rig.service.list(rig.admin, patient)).toMatchObject([{ name: 'crew', role: null }]);
  });

  it.each(TEAM_ROLES.filter((role) => role !== 'admin'))(
    'is looked at, and not changed, by a %s',
    async (role) => {
      const rig = await createRig();
      await rig.put(rig.ann, 'bob@example.com', role);
      const { service, bob } = rig;
      expect((await service.find(bob, 'crew', patient)).role).toBe(role);
      expect(await service.members(bob, 'crew', patient)).toHaveLength(2);
      for (const asked of [
        service.administer(bob, 'crew', patient),
        service.rename(bob, 'crew', 'gang', patient),
        service.remove(bob, 'crew', patient),
        rig.put(bob, 'bob@example.com', 'admin'),
        service.changeMember(bob, 'crew', { email: 'bob@example.com', role: 'admin' }, patient),
        service.removeMember(bob, 'crew', 'ann@example.com', patient),
      ])
        await expect(asked).rejects.toMatchObject({ id: 'forbidden_team', params: { team: 'crew', role } });
      expect(await rig.members()).toEqual(['ann@example.com admin', `bob@example.com ${role}`]);
    },
  );

  it('is changed with a token that may do everything only, and not looked at with one for a single app', async () => {
    const rig = await createRig();
    const { service, ann } = rig;
    const weak = only(ann, 'write-protected');
    const tooSmall = (what: string): object => ({ id: 'scope_too_small', params: { what } });
    await expect(service.create(weak, 'gang', patient)).rejects.toMatchObject(tooSmall('making teams'));
    await expect(service.rename(weak, 'crew', 'gang', patient)).rejects.toMatchObject(
      tooSmall('changing team crew'),
    );
    expect((await service.find(weak, 'crew', patient)).name).toBe('crew');
    const deploy = only(ann, 'deploy:00000000-0000-4000-8000-000000000000');
    await expect(service.find(deploy, 'crew', patient)).rejects.toMatchObject(GONE);
    await expect(service.list(deploy, patient)).rejects.toMatchObject(tooSmall('listing teams'));
  });

  it('shows of its apps those that one may view, and no others', async () => {
    const rig = await createRig();
    await rig.app('shop', rig.ann, rig.crew);
    await rig.app('blog', rig.ann, rig.crew);
    await rig.app('mine', rig.ann, undefined);
    await rig.put(rig.ann, 'bob@example.com', 'collaborator');
    const names = async (actor: Actor) =>
      (await rig.service.apps(actor, 'crew', patient)).map(({ name }) => name);
    expect(await names(rig.ann)).toEqual(['blog', 'shop']);
    expect(await names(rig.bob)).toEqual([]);
    await rig.collaborators.put('shop-id', rig.bob.userId, 'view', patient);
    expect(await names(rig.bob)).toEqual(['shop']);
  });
});

describe('the members of a team', () => {
  it('are added and changed by address or id', async () => {
    const rig = await createRig();
    const { team, member } = await rig.put(rig.ann, 'bob@example.com', 'viewer');
    expect({ team, member }).toMatchObject({ team: { name: 'crew' }, member: { role: 'viewer' } });
    const changed = await rig.service.changeMember(
      rig.ann,
      'crew',
      { email: rig.bob.userId, role: 'member' },
      patient,
    );
    expect(changed).toMatchObject({ id: member.id, role: 'member', user: { email: 'bob@example.com' } });
  });

  it('are people that there are; only who is one can be changed or removed', async () => {
    const rig = await createRig();
    await expect(rig.put(rig.ann, 'nobody@example.com', 'member')).rejects.toMatchObject({
      id: 'user_unknown',
    });
    const none = { id: 'not_found', params: { resource: 'team_member', name: 'bob@example.com' } };
    const { service, ann } = rig;
    const wish = { email: 'bob@example.com', role: 'member' } as const;
    await expect(service.changeMember(ann, 'crew', wish, patient)).rejects.toMatchObject(none);
    await expect(service.removeMember(ann, 'crew', 'bob@example.com', patient)).rejects.toMatchObject(none);
  });

  it('always include an administrator', async () => {
    const rig = await createRig();
    const refusal = { id: 'team_needs_admin', params: { team: 'crew' } };
    const { service, ann } = rig;
    await expect(rig.put(ann, '~', 'member')).rejects.toMatchObject(refusal);
    const less = { email: 'ann@example.com', role: 'viewer' } as const;
    await expect(service.changeMember(ann, 'crew', less, patient)).rejects.toMatchObject(refusal);
    await expect(service.removeMember(ann, 'crew', '~', patient)).rejects.toMatchObject(refusal);
    expect(await rig.members()).toEqual(['ann@example.com admin']);
  });

  it('may leave by themselves, and lose what they may do with its apps', async () => {
    const rig = await createRig();
    await rig.app('shop', rig.ann, rig.crew);
    await rig.put(rig.ann, 'bob@example.com', 'viewer');
    await rig.collaborators.put('shop-id', rig.bob.userId, 'operate', patient);
    expect((await rig.service.removeMember(rig.bob, 'crew', '~', patient)).user.email).toBe(
      'bob@example.com',
    );
    await expect(rig.service.find(rig.bob, 'crew', patient)).rejects.toMatchObject(GONE);
    expect(await rig.apps.list(rig.bob, patient)).toEqual([]);
  });

  it('do not leave by a token that may not do everything', async () => {
    const rig = await createRig();
    await rig.put(rig.ann, 'bob@example.com', 'viewer');
    const bob = only(rig.bob, 'write-protected');
    await expect(rig.service.removeMember(bob, 'crew', '~', patient)).rejects.toMatchObject({
      id: 'forbidden_team',
    });
    expect(await rig.members()).toContain('bob@example.com viewer');
  });

  it('are removed by an administrator, by address or by the id of the membership', async () => {
    const rig = await createRig();
    for (const by of ['email', 'id'] as const) {
      const { member } = await rig.put(rig.ann, 'bob@example.com', 'member');
      await rig.service.removeMember(rig.ann, 'crew', by === 'id' ? member.id : 'bob@example.com', patient);
      expect(await rig.members()).toEqual(['ann@example.com admin']);
    }
  });

  it('do not include an administrator of the platform who wants to leave what they are not in', async () => {
    const rig = await createRig();
    await expect(rig.service.removeMember(rig.admin, 'crew', '~', patient)).rejects.toMatchObject({
      id: 'not_found',
      params: { resource: 'team_member' },
    });
  });
});
