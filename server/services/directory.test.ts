import { describe, expect, it } from 'vitest';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { Actor, Scope } from '../domain/actor.ts';
import { createDirectory, isSelf, personOf } from './directory.ts';

const createRig = () => {
  const rig = createStoresRig();
  const service = createDirectory({ store: rig.directory });
  return { ...rig, find: (actor: Actor, who: string) => service.find(actor, who, patient) };
};
const only = (actor: Actor, ...scopes: Scope[]): Actor => ({ ...actor, scopes });
const unseen = (name: string): object => ({ id: 'not_found', params: { resource: 'user', name } });

describe('somebody', () => {
  it('is seen by themselves, whatever their token is good for', async () => {
    const rig = createRig();
    for (const who of ['~', rig.ann.userId, 'ann@example.com', 'Ann@Example.com'])
      expect(await rig.find(only(rig.ann, 'identity'), who)).toEqual({
        id: rig.ann.userId,
        email: 'ann@example.com',
      });
  });

  it('is to others as if they did not exist, until both have an app or a team in common', async () => {
    const rig = createRig();
    await expect(rig.find(rig.ann, 'bob@example.com')).rejects.toMatchObject(unseen('bob@example.com'));
    await expect(rig.find(rig.ann, 'nobody@example.com')).rejects.toMatchObject(unseen('nobody@example.com'));
    const app = await rig.createApp();
    await rig.collaborators.put(app.id, rig.bob.userId, 'view', patient);
    expect(await rig.find(rig.ann, rig.bob.userId)).toEqual({ id: rig.bob.userId, email: 'bob@example.com' });
    expect((await rig.find(rig.bob, 'ann@example.com')).id).toBe(rig.ann.userId);
    const team = await rig.teams.create({ id: 't', name: 'team' }, rig.admin.userId, patient);
    await rig.teams.putMember(team.id, rig.ann.userId, 'viewer', patient);
    expect((await rig.find(rig.ann, 'admin@example.com')).id).toBe(rig.admin.userId);
  });

  it('is seen by administrators of the platform', async () => {
    const rig = createRig();
    expect((await rig.find(rig.admin, 'bob@example.com')).id).toBe(rig.bob.userId);
  });

  it('is not seen by a token that is not good for people, also of an administrator', async () => {
    const rig = createRig();
    for (const scope of ['identity', 'deploy:00000000-0000-4000-8000-000000000000'] as const)
      await expect(rig.find(only(rig.admin, scope), 'bob@example.com')).rejects.toMatchObject(
        unseen('bob@example.com'),
      );
    expect((await rig.find(only(rig.admin, 'read'), 'bob@example.com')).id).toBe(rig.bob.userId);
  });

  it('is told back in the refusal by no more than a hundred letters', async () => {
    const rig = createRig();
    await expect(rig.find(rig.ann, 'z'.repeat(200))).rejects.toMatchObject(unseen('z'.repeat(100)));
  });
});

describe('who is to get rights', () => {
  it('is found by address or id, without that the giver had to know them', async () => {
    const rig = createRig();
    for (const who of ['BOB@example.com', rig.bob.userId])
      expect(await personOf(rig.directory, rig.ann, who, patient)).toEqual({
        id: rig.bob.userId,
        email: 'bob@example.com',
      });
    expect((await personOf(rig.directory, rig.ann, '~', patient)).email).toBe('ann@example.com');
  });

  it('is somebody that there is', async () => {
    const rig = createRig();
    await expect(personOf(rig.directory, rig.ann, 'x'.repeat(200), patient)).rejects.toMatchObject({
      id: 'user_unknown',
      params: { who: 'x'.repeat(100) },
    });
  });

  it('is oneself by a tilde, an id or an address, and by nothing that only begins so', () => {
    const { ann } = createRig();
    expect(['~', ann.userId, 'ANN@example.com'].map((who) => isSelf(ann, who))).toEqual([true, true, true]);
    expect(isSelf({ ...ann, email: 'Ann@Example.com' }, 'ann@example.com')).toBe(true);
    expect(['', '~~', 'ann', 'ann@example.com.evil'].map((who) => isSelf(ann, who))).not.toContain(true);
  });
});
