import { createHash } from 'node:crypto';
import { Secret } from '../../lib/secret.ts';
import { EVERYTHING } from '../../server/domain/actor.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { Passwords } from '../../server/ports/passwords.ts';
import type { People, Person } from '../../server/ports/people.ts';
import { accountOf, addMemoryUser, livingUser } from './memory-accounts.ts';
import type { MemoryUser, MemoryWorld } from './memory-world.ts';

const secretOf = (text: string | null): Secret | null => (text === null ? null : new Secret(text));

export function createMemoryPeople(world: MemoryWorld): People {
  const named = (idOrEmail: string): MemoryUser | undefined =>
    livingUser(world, idOrEmail) ??
    [...world.users.values()].find((user) => user.email === idOrEmail && user.removedAt === null);
  const shown = (user: MemoryUser): Person => ({
    ...accountOf(user),
    hasPassword: user.password !== null,
    invitedUntil:
      user.invitation && user.invitation.expiresAt > world.clock.now() ? user.invitation.expiresAt : null,
  });
  const change = (user: MemoryUser | undefined, data: Partial<MemoryUser>): Person | undefined =>
    user && shown(Object.assign(user, data, { updatedAt: world.clock.now() }));
  const mustLeaveAnAdmin = (userId: string): void => {
    const admins = [...world.users.values()].filter((user) => user.admin && user.removedAt === null);
    const [only] = admins;
    if (only && admins.length === 1 && only.id === userId)
      throw PlatformError.of('last_admin', { email: only.email });
  };
  const invited = (hash: string): MemoryUser | undefined =>
    [...world.users.values()].find(
      ({ invitation, removedAt }) =>
        removedAt === null && invitation?.hash === hash && invitation.expiresAt > world.clock.now(),
    );
  const dropTokens = (userId: string, which: (token: { id: string; session: boolean }) => boolean): void => {
    for (const token of world.tokens.values())
      if (token.userId === userId && which(token)) world.tokens.delete(token.id);
  };

  return {
    ...secondFactors(world),
    async list() {
      const all = [...world.users.values()].filter((user) => user.removedAt === null).map(shown);
      return Promise.resolve(all.sort((a, b) => (a.email < b.email ? -1 : 1)));
    },
    async find(idOrEmail) {
      const user = named(idOrEmail);
      return Promise.resolve(user && shown(user));
    },
    async invite({ id, email, admin }, invitation) {
      if ([...world.users.values()].some((user) => user.email === email))
        throw PlatformError.of('email_taken', { email });
      addMemoryUser(world, { id, email, admin });
      const user = livingUser(world, id);
      if (!user) throw new Error('was just made');
      user.invitation = { ...invitation, createdAt: world.clock.now() };
      return Promise.resolve(shown(user));
    },
    async inviteAgain(userId, invitation) {
      const user = livingUser(world, userId);
      if (user) user.invitation = { ...invitation, createdAt: world.clock.now() };
      return Promise.resolve(user && shown(user));
    },
    async findInvited(hash) {
      const user = invited(hash);
      return Promise.resolve(user && shown(user));
    },
    async accept(hash, password) {
      const user = invited(hash);
      if (user) dropTokens(user.id, ({ session }) => session);
      return Promise.resolve(change(user, { password, invitation: null }));
    },
    async setAdmin(userId, { admin }) {
      if (!admin) mustLeaveAnAdmin(userId);
      return Promise.resolve(change(livingUser(world, userId), { admin }));
    },
    async remove(userId) {
      mustLeaveAnAdmin(userId);
      const user = livingUser(world, userId);
      if (!user) return Promise.resolve(undefined);
      const owned = [...world.apps.values()].filter(
        (app) => app.ownerId === userId && app.deletedAt === null,
      );
      const { email } = user;
      const apps = owned.map(({ name }) => name).sort();
      if (apps.length > 0) throw PlatformError.of('user_owns_apps', { email, apps });
      dropTokens(userId, () => true);
      for (const key of world.keys.values()) if (key.userId === userId) world.keys.delete(key.id);
      user.recovery.clear();
      world.members = world.members.filter((one) => one.userId !== userId);
      world.collaborators = world.collaborators.filter((one) => one.userId !== userId);
      for (const one of world.transfers.values())
        if (one.recipientId === userId && one.state === 'pending') world.transfers.delete(one.id);
      const was = shown(user);
      change(user, {
        ...{ email: `${email}#${userId.slice(0, 8)}`, admin: false, removedAt: world.clock.now() },
        ...{ password: null, totp: null, totpPending: null, invitation: null },
      });
      return was;
    },
    async findLogin(idOrEmail) {
      const user = named(idOrEmail);
      if (!user) return Promise.resolve(undefined);
      const { id: userId, email, admin, password, totp, totpPending, recovery } = user;
      const actor = { userId, email, admin, scopes: EVERYTHING };
      const secrets = { totp: secretOf(totp), totpPending: secretOf(totpPending) };
      return Promise.resolve({ actor, password, ...secrets, recoveryCodes: recovery.size });
    },
    async noteLogin(userId) {
      const user = livingUser(world, userId);
      if (user) user.lastLoginAt = world.clock.now();
      return Promise.resolve();
    },
    async setPassword(userId, password, { tokenId }) {
      change(livingUser(world, userId), { password, invitation: null });
      dropTokens(userId, ({ id, session }) => session && id !== tokenId);
      return Promise.resolve();
    },
  };
}

function secondFactors(
  world: MemoryWorld,
): Pick<People, 'beginTotp' | 'confirmTotp' | 'useTotpStep' | 'useRecoveryCode' | 'clearTotp'> {
  return {
    async beginTotp(userId, key) {
      const user = livingUser(world, userId);
      if (user?.totp === null) user.totpPending = key.reveal();
      return Promise.resolve();
    },
    async confirmTotp(userId, { step, recoveryHashes }) {
      const user = livingUser(world, userId);
      if (user?.totp !== null || user.totpPending === null) return Promise.resolve(false);
      Object.assign(user, { totp: user.totpPending, totpPending: null, totpStep: step });
      user.recovery.clear();
      for (const hash of recoveryHashes) user.recovery.add(hash);
      user.updatedAt = world.clock.now();
      return Promise.resolve(true);
    },
    async useTotpStep(userId, step) {
      const user = livingUser(world, userId);
      if (!user || (user.totpStep !== null && user.totpStep >= step)) return Promise.resolve(false);
      user.totpStep = step;
      return Promise.resolve(true);
    },
    async useRecoveryCode(userId, hash) {
      return Promise.resolve(livingUser(world, userId)?.recovery.delete(hash) ?? false);
    },
    async clearTotp(userId) {
      const user = livingUser(world, userId);
      Object.assign(user ?? {}, { totp: null, totpPending: null, totpStep: null });
      user?.recovery.clear();
      return Promise.resolve();
    },
  };
}

/** As strict as the real ones, and fast: tests that are not about slowness need none. */
export function createFastPasswords(): Passwords {
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  return {
    hash: (password) => Promise.resolve(digest(password.reveal())),
    verify: (hash, password) => Promise.resolve(hash === digest(password.reveal())),
  };
}
