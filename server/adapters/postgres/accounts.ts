import { randomUUID } from 'node:crypto';
import { EVERYTHING } from '../../domain/actor.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Accounts, Key } from '../../ports/accounts.ts';
import type { Clock } from '../../ports/clock.ts';
import { lock, type Database } from './database.ts';
import { isTaken } from './failures.ts';
import type { Prisma } from './generated/client.ts';
import { isId, storable } from './stored-json.ts';

export function createAccounts({ db, clock }: { readonly db: Database; readonly clock: Clock }): Accounts {
  return {
    createFirstAdmin: (email, tokenHash, signal) =>
      db.transaction(async (tables) => {
        await lock(tables, 'first admin'); // two servers may start together on an empty database
        if ((await tables.user.count()) > 0) return false;
        const token = { id: randomUUID(), hash: tokenHash, description: 'first admin' };
        await tables.user.create({
          data: { id: randomUUID(), email, admin: true, tokens: { create: token } },
        });
        return true;
      }, signal),

    async findByTokenHash(hash, signal) {
      const now = clock.now();
      const token = await db.run(
        (tables) =>
          tables.token.findFirst({
            where: { hash, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
            include: { user: true },
          }),
        signal,
      );
      return token ? { ...readActor(token.user), tokenId: token.id } : undefined;
    },

    async findByKeyFingerprint(fingerprint, signal) {
      const key = await db.run(
        (tables) => tables.key.findUnique({ where: { fingerprint }, include: { user: true } }),
        signal,
      );
      return key ? readActor(key.user) : undefined;
    },

    async findAccount(userId, signal) {
      if (!isId(userId)) return undefined;
      const user = await db.run(
        (tables) =>
          tables.user.findUnique({
            where: { id: userId },
            select: { id: true, email: true, createdAt: true },
          }),
        signal,
      );
      return user ?? undefined;
    },

    addKey: (key, signal) => addKey(db, key, signal),

    async listKeys(userId, signal) {
      const keys = await db.run(
        (tables) =>
          tables.key.findMany({
            where: { userId },
            include: { user: true },
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
          }),
        signal,
      );
      return keys.map(readKey);
    },

    async removeKey(userId, idOrFingerprint, signal) {
      const which = isId(idOrFingerprint) ? { id: idOrFingerprint } : { fingerprint: idOrFingerprint };
      const removed = await db.run(
        (tables) => tables.key.deleteMany({ where: { userId, ...which } }),
        signal,
      );
      return removed.count > 0;
    },
  };
}

function readActor(user: { readonly id: string; readonly email: string; readonly admin: boolean }) {
  return { userId: user.id, email: user.email, admin: user.admin, scopes: EVERYTHING };
}

function readKey({ user, ...key }: Prisma.KeyGetPayload<{ include: { user: true } }>): Key {
  return { ...key, email: user.email };
}

async function addKey(db: Database, key: Omit<Key, 'email'>, signal: AbortSignal): Promise<Key> {
  const { id, userId, fingerprint, publicKey, createdAt } = key;
  const data = { id, userId, fingerprint, publicKey, createdAt, comment: storable(key.comment) };
  try {
    return readKey(await db.run((tables) => tables.key.create({ data, include: { user: true } }), signal));
  } catch (err) {
    if (isTaken(err, 'fingerprint')) throw PlatformError.of('key_taken', { fingerprint }, err);
    throw err;
  }
}
