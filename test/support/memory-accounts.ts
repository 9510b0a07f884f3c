import { randomUUID } from 'node:crypto';
import {
  EVERYTHING,
  MARK_LENGTH,
  type Actor,
  type Credential,
  type Scope,
} from '../../server/domain/actor.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { Account, Accounts, Idempotency } from '../../server/ports/accounts.ts';
import { isLiving } from './memory-tokens.ts';
import { storable, userOf, type MemoryToken, type MemoryUser, type MemoryWorld } from './memory-world.ts';

export function createMemoryAccounts(world: MemoryWorld): Accounts {
  const actorOf = (
    { id, email, admin }: MemoryUser,
    scopes: readonly Scope[],
    credential: Credential | undefined,
  ): Actor => ({ userId: id, email, admin, scopes, ...(credential && { credential }) });
  const byToken = (found: MemoryToken | undefined): Actor | undefined =>
    found && isLiving(world, found)
      ? actorOf(userOf(world, found.userId), found.scopes, {
          ...{ kind: 'token', id: found.id, mark: found.hash.slice(0, MARK_LENGTH) },
          ...(found.addresses.length > 0 && { addresses: found.addresses }),
        })
      : undefined;
  return {
    async createFirstAdmin(email, tokenHash) {
      if (world.users.size > 0) return Promise.resolve(false);
      addMemoryUser(world, { email, admin: true, tokenHash });
      return true;
    },
    async findByTokenHash(hash) {
      return Promise.resolve(byToken([...world.tokens.values()].find((token) => token.hash === hash)));
    },
    async findByKeyFingerprint(fingerprint) {
      const key = [...world.keys.values()].find((one) => one.fingerprint === fingerprint);
      return Promise.resolve(
        key && actorOf(userOf(world, key.userId), EVERYTHING, { kind: 'key', id: key.id }),
      );
    },
    async renew({ userId, scopes, credential }) {
      if (credential?.kind === 'token') {
        const found = world.tokens.get(credential.id);
        const same = found?.userId === userId && found.hash.startsWith(credential.mark ?? '-');
        return Promise.resolve(same ? byToken(found) : undefined);
      }
      const user = livingUser(world, userId);
      const gone = credential && world.keys.get(credential.id)?.userId !== userId;
      return Promise.resolve(user && !gone ? actorOf(user, scopes, credential) : undefined);
    },
    async findAccount(userId) {
      const user = livingUser(world, userId);
      return Promise.resolve(user && accountOf(user));
    },
    async setName(userId, name) {
      const user = livingUser(world, userId);
      if (user) Object.assign(user, { name: name === null ? null : storable(name) });
      if (user) user.updatedAt = world.clock.now();
      return Promise.resolve(user && accountOf(user));
    },
    async addKey(key) {
      const { fingerprint } = key;
      if ([...world.keys.values()].some((one) => one.fingerprint === fingerprint))
        throw PlatformError.of('key_taken', { fingerprint });
      const kept = { ...key, comment: storable(key.comment) };
      world.keys.set(key.id, kept);
      return Promise.resolve({ ...kept, email: userOf(world, key.userId).email });
    },
    async listKeys(userId) {
      const mine = [...world.keys.values()].filter((one) => one.userId === userId);
      mine.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
      return Promise.resolve(mine.map((key) => ({ ...key, email: userOf(world, key.userId).email })));
    },
    async removeKey(userId, idOrFingerprint) {
      const key = [...world.keys.values()].find(
        (one) => one.userId === userId && [one.id, one.fingerprint].includes(idOrFingerprint),
      );
      return Promise.resolve(key !== undefined && world.keys.delete(key.id));
    },
  };
}

/** There is no port for making users yet; tests of what several users may do need some. */
export function addMemoryUser(
  world: MemoryWorld,
  {
    email,
    admin,
    tokenHash,
    id = randomUUID(),
  }: { readonly email: string; readonly admin: boolean; readonly tokenHash?: string; readonly id?: string },
): string {
  const now = world.clock.now();
  world.users.set(id, {
    ...{ id, email, admin, createdAt: now, updatedAt: now },
    ...{ name: null, password: null, totp: null, totpPending: null, totpStep: null },
    ...{ recovery: new Set<string>(), invitation: null, lastLoginAt: null, removedAt: null },
  });
  if (tokenHash !== undefined) addMemoryToken(world, id, tokenHash);
  return id;
}

/** A token that is good for everything and for ever; the answer is its id. */
export function addMemoryToken(
  world: MemoryWorld,
  userId: string,
  hash: string,
  scopes: readonly Scope[] = EVERYTHING,
): string {
  const id = randomUUID();
  const now = world.clock.now();
  world.tokens.set(id, {
    ...{ id, userId, hash, scopes, description: 'a token', session: false, ip: null, hint: hash.slice(-6) },
    addresses: [],
    ...{ lifetimeMs: null, expiresAt: null, lastUsedAt: null, createdAt: now, updatedAt: now },
  });
  return id;
}

export function livingUser(world: MemoryWorld, id: string): MemoryUser | undefined {
  const user = world.users.get(id);
  return user?.removedAt === null ? user : undefined;
}

export function accountOf(user: MemoryUser): Account {
  const { id, email, name, admin, totp, lastLoginAt, createdAt, updatedAt } = user;
  return { id, email, name, admin, twoFactor: totp !== null, lastLoginAt, createdAt, updatedAt };
}

const KEPT_MS = 24 * 60 * 60_000;

export function createMemoryIdempotency(world: MemoryWorld): Idempotency {
  const idOf = (userId: string, requestId: string): string => `${userId} ${requestId}`;
  return {
    async begin(userId, requestId, request) {
      const at = world.clock.now();
      for (const [id, kept] of world.answers) {
        if (at.getTime() - kept.at.getTime() > KEPT_MS) world.answers.delete(id);
      }
      const id = idOf(userId, requestId);
      const kept = world.answers.get(id);
      if (kept === undefined) {
        world.answers.set(id, { request, status: null, body: undefined, at });
        return Promise.resolve('begun' as const);
      }
      if (kept.status === null) return Promise.resolve({ unfinished: kept.request });
      const body: unknown = kept.body === undefined ? undefined : JSON.parse(kept.body);
      return Promise.resolve({ request: kept.request, status: kept.status, body });
    },
    async finish(userId, requestId, { request, status, body }) {
      const id = idOf(userId, requestId);
      const kept = world.answers.get(id);
      const text = body === undefined ? undefined : JSON.stringify(body);
      if (kept?.status === null) world.answers.set(id, { ...kept, request, status, body: text });
      return Promise.resolve();
    },
    async giveUp(userId, requestId) {
      const id = idOf(userId, requestId);
      if (world.answers.get(id)?.status === null) world.answers.delete(id);
      return Promise.resolve();
    },
  };
}
