import { EVERYTHING } from '../../server/domain/actor.ts';
import { randomUUID } from 'node:crypto';
import { PlatformError } from '../../server/domain/errors.ts';
import type { Accounts, Idempotency } from '../../server/ports/accounts.ts';
import { storable, userOf, type MemoryUser, type MemoryWorld } from './memory-world.ts';

export function createMemoryAccounts(world: MemoryWorld): Accounts {
  const actorOf = ({ id, email, admin }: MemoryUser) => ({
    ...{ userId: id, email, admin },
    scopes: EVERYTHING,
  });
  return {
    async createFirstAdmin(email, tokenHash) {
      if (world.users.size > 0) return Promise.resolve(false);
      addMemoryUser(world, { email, admin: true, tokenHash });
      return true;
    },
    async findByTokenHash(hash) {
      const now = world.clock.now();
      const user = [...world.users.values()].find((one) =>
        one.tokens.some(
          (token) => token.hash === hash && (token.expiresAt === null || token.expiresAt > now),
        ),
      );
      return Promise.resolve(user && actorOf(user));
    },
    async findByKeyFingerprint(fingerprint) {
      const key = [...world.keys.values()].find((one) => one.fingerprint === fingerprint);
      return Promise.resolve(key && actorOf(userOf(world, key.userId)));
    },
    async findAccount(userId) {
      const user = world.users.get(userId);
      return Promise.resolve(user && { id: user.id, email: user.email, createdAt: user.createdAt });
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
  }: { readonly email: string; readonly admin: boolean; readonly tokenHash?: string },
): string {
  const id = randomUUID();
  const tokens = tokenHash === undefined ? [] : [{ hash: tokenHash, expiresAt: null }];
  world.users.set(id, { id, email, admin, createdAt: world.clock.now(), tokens });
  return id;
}

const KEPT_MS = 24 * 60 * 60_000;

export function createMemoryIdempotency(world: MemoryWorld): Idempotency {
  return {
    async find(userId, requestId) {
      const kept = world.answers.get(`${userId} ${requestId}`);
      if (!kept || world.clock.now().getTime() - kept.at.getTime() > KEPT_MS)
        return Promise.resolve(undefined);
      const body: unknown = kept.body === undefined ? undefined : JSON.parse(kept.body);
      return { status: kept.status, body };
    },
    async remember(userId, requestId, { status, body }) {
      const at = world.clock.now();
      for (const [id, kept] of world.answers) {
        if (at.getTime() - kept.at.getTime() > KEPT_MS) world.answers.delete(id);
      }
      const id = `${userId} ${requestId}`;
      if (!world.answers.has(id))
        world.answers.set(id, { status, body: body === undefined ? undefined : JSON.stringify(body), at });
      return Promise.resolve();
    },
  };
}
