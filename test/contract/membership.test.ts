import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { roleOf } from '../../server/domain/access.ts';
import { addApp, again, onEveryStore, patient } from '../support/stores.ts';

onEveryStore((open) => {
  it('finds people by id or address whatever its case, and takes no sign in it for a pattern', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const found = { id: ann.userId, email: ann.email };
    expect(await stores.directory.find(ann.userId, patient)).toMatchObject(found);
    expect(await stores.directory.find(ann.email.toUpperCase(), patient)).toMatchObject(found);
    for (const none of ['%', `_${ann.email.slice(1)}`, '', 'nobody@example.com', randomUUID()])
      expect(await stores.directory.find(none, patient), none).toBeUndefined();
  });

  it('tells what a person is to an app, and lists what they may see of it in one breath', async () => {
    await using stores = await open();
    const [ann, bob, eve] = [await stores.addUser(), await stores.addUser(), await stores.addUser()];
    const app = await addApp(stores, ann, 'shop');
    const standing = async (who: typeof ann) => (await stores.apps.findFor(who, 'shop', patient))?.standing;
    expect(await standing(ann)).toEqual({ owner: true, team: null, collaborator: null });
    expect(await standing(bob)).toEqual({ owner: false, team: null, collaborator: null });
    await stores.collaborators.put(app.id, bob.userId, 'deploy', patient);
    expect(await standing(bob)).toEqual({ owner: false, team: null, collaborator: 'deploy' });
    const names = async (who: typeof ann) => (await stores.apps.list(who, patient)).map(({ name }) => name);
    expect([await names(ann), await names(bob), await names(eve)]).toEqual([['shop'], ['shop'], []]);
    expect((await stores.apps.list(bob, patient))[0]?.standing.collaborator).toBe('deploy');
  });

  it('keeps one role per collaborator, and takes it away once', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const app = await addApp(stores, ann);
    const first = await stores.collaborators.put(app.id, bob.userId, 'view', patient);
    const second = await stores.collaborators.put(app.id, bob.userId, 'manage', patient);
    expect(second).toMatchObject({ id: first.id, role: 'manage', user: { email: bob.email } });
    expect(await stores.collaborators.list(app.id, patient)).toHaveLength(1);
    expect(await stores.collaborators.remove(app.id, bob.userId, patient)).toBe(true);
    expect(await stores.collaborators.remove(app.id, bob.userId, patient)).toBe(false);
  });

  it('lets a team see its apps by role, and nobody else', async () => {
    await using stores = await open();
    const people = await Promise.all(Array.from({ length: 5 }, () => stores.addUser()));
    const [admin, member, viewer, outside, stranger] = people as [
      (typeof people)[0],
      (typeof people)[0],
      (typeof people)[0],
      (typeof people)[0],
      (typeof people)[0],
    ];
    const team = await stores.teams.create({ id: randomUUID(), name: 'acme' }, admin.userId, patient);
    await stores.teams.putMember(team.id, member.userId, 'member', patient);
    await stores.teams.putMember(team.id, viewer.userId, 'viewer', patient);
    await stores.teams.putMember(team.id, outside.userId, 'collaborator', patient);
    const id = randomUUID();
    const app = await stores.apps.create(
      {
        ...{ id, name: 'shop', ownerId: member.userId, deployBranch: null },
        team: { id: team.id, locked: true },
      },
      patient,
    );
    expect(app).toMatchObject({ team: { id: team.id, name: 'acme' }, locked: true });
    const roles = [];
    for (const who of people) {
      const seen = await stores.apps.findFor(who, id, patient);
      const role = seen ? roleOf(seen.standing, who) : undefined;
      roles.push(role);
      expect((await stores.apps.list(who, patient)).length, `list of ${String(role)}`).toBe(role ? 1 : 0);
    }
    expect(roles).toEqual(['admin', 'manage', 'view', null, null]);
    expect(stranger.admin).toBe(false);
    expect(await stores.teams.remove(team.id, patient)).toBe(false);
    await stores.apps.markDeleted(await again(stores, app), patient);
    expect(await stores.teams.remove(team.id, patient)).toBe(true);
    expect(await stores.teams.find(admin.userId, 'acme', patient)).toBeUndefined();
  });

  it('keeps an administrator in every team, also when two remove each other', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const team = await stores.teams.create({ id: randomUUID(), name: 'acme' }, ann.userId, patient);
    await expect(
      stores.teams.create({ id: randomUUID(), name: 'acme' }, bob.userId, patient),
    ).rejects.toMatchObject({
      id: 'name_taken',
    });
    expect(await stores.teams.putMember(team.id, ann.userId, 'member', patient)).toBeUndefined();
    await stores.teams.putMember(team.id, bob.userId, 'admin', patient);
    const both = [ann, bob].map(({ userId }) => stores.teams.removeMember(team.id, userId, patient));
    expect((await Promise.all(both)).sort()).toEqual([false, true]);
    expect(await stores.teams.members(team.id, patient)).toHaveLength(1);
  });

  it('takes the rights on the apps of a team from whoever leaves it', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const team = await stores.teams.create({ id: randomUUID(), name: 'acme' }, ann.userId, patient);
    await stores.teams.putMember(team.id, bob.userId, 'member', patient);
    const input = { id: randomUUID(), name: 'shop', ownerId: bob.userId, deployBranch: null };
    const app = await stores.apps.create({ ...input, team: { id: team.id, locked: false } }, patient);
    const own = await addApp(stores, ann, 'own');
    await stores.collaborators.put(own.id, bob.userId, 'deploy', patient);
    await stores.teams.removeMember(team.id, bob.userId, patient);
    expect(await stores.collaborators.list(app.id, patient)).toEqual([]);
    expect(await stores.collaborators.list(own.id, patient)).toHaveLength(1);
    expect((await stores.apps.list(bob, patient)).map(({ name }) => name)).toEqual(['own']);
  });

  it('gives an app away once, and lets its former owner stay a collaborator', async () => {
    await using stores = await open();
    const [ann, bob] = [await stores.addUser(), await stores.addUser()];
    const app = await addApp(stores, ann, 'shop');
    await stores.collaborators.put(app.id, bob.userId, 'view', patient);
    const offer = { id: randomUUID(), appId: app.id, ownerId: ann.userId, recipientId: bob.userId };
    expect(await stores.transfers.create(offer, patient)).toMatchObject({
      state: 'pending',
      app: { name: 'shop' },
      recipient: { email: bob.email },
    });
    for (const who of [ann, bob]) expect(await stores.transfers.list(who.userId, patient)).toHaveLength(1);
    expect(await stores.transfers.answer(offer.id, 'accepted', patient)).toBe(true);
    expect(await stores.transfers.answer(offer.id, 'declined', patient)).toBe(false);
    const now = await again(stores, app);
    expect(now.owner).toEqual({ id: bob.userId, email: bob.email });
    const left = await stores.collaborators.list(app.id, patient);
    expect(left.map(({ user, role }) => [user.email, role])).toEqual([[ann.email, 'operate']]);
    expect(await stores.apps.give(app, { userId: ann.userId, teamId: null }, patient), 'it changed').toBe(
      false,
    );
  });

  it('voids an offer of an app that went elsewhere', async () => {
    await using stores = await open();
    const [ann, bob, eve] = [await stores.addUser(), await stores.addUser(), await stores.addUser()];
    const app = await addApp(stores, ann, 'shop');
    const offer = { id: randomUUID(), appId: app.id, ownerId: ann.userId, recipientId: bob.userId };
    await stores.transfers.create(offer, patient);
    expect(await stores.apps.give(app, { userId: eve.userId, teamId: null }, patient)).toBe(true);
    expect(await stores.transfers.answer(offer.id, 'accepted', patient)).toBe(false);
    expect((await again(stores, app)).owner.email).toBe(eve.email);
  });

  it('says who shares a team or an app', async () => {
    await using stores = await open();
    const [ann, bob, eve] = [await stores.addUser(), await stores.addUser(), await stores.addUser()];
    const shares = (a: typeof ann, b: typeof ann) => stores.directory.share(a.userId, b.userId, patient);
    const app = await addApp(stores, ann);
    expect([await shares(ann, bob), await shares(bob, eve)]).toEqual([false, false]);
    await stores.collaborators.put(app.id, bob.userId, 'view', patient);
    expect([await shares(ann, bob), await shares(bob, ann), await shares(eve, ann)]).toEqual([
      true,
      true,
      false,
    ]);
    const team = await stores.teams.create({ id: randomUUID(), name: 'acme' }, eve.userId, patient);
    await stores.teams.putMember(team.id, bob.userId, 'viewer', patient);
    expect([await shares(bob, eve), await shares(eve, ann)]).toEqual([true, false]);
  });

  it('locks an app and unlocks it, unless it changed meanwhile', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    expect(await stores.apps.setLocked(app, true, patient)).toBe(true);
    expect(await stores.apps.setLocked(app, false, patient)).toBe(false);
    expect((await again(stores, app)).locked).toBe(true);
  });
});
