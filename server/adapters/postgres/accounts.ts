import { randomUUID } from 'node:crypto';
import { isScope } from '../../domain/access.ts';
import { EVERYTHING, MARK_LENGTH, type Actor, type Credential, type Scope } from '../../domain/actor.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Account, Accounts, Key } from '../../ports/accounts.ts';
import type { Clock } from '../../ports/clock.ts';
import { lock, type Database } from './database.ts';
import { isTaken } from './failures.ts';
import type { Prisma } from './generated/client.ts';
import { isId, storable } from './stored-json.ts';

interface Deps {
  readonly db: Database;
  readonly clock: Clock;
}

export function createAccounts({ db, clock }: Deps): Accounts {
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

    findByTokenHash: (hash, signal) => actorOfToken({ db, clock }, { hash }, signal),

    async findByKeyFingerprint(fingerprint, signal) {
      const key = await db.run(
        (tables) => tables.key.findUnique({ where: { fingerprint }, include: { user: true } }),
        signal,
      );
      return key ? readActor(key.user, EVERYTHING, { kind: 'key', id: key.id }) : undefined;
    },

    renew: (actor, signal) => renewActor({ db, clock }, actor, signal),

    async findAccount(userId, signal) {
      if (!isId(userId)) return undefined;
      const user = await db.run(
        (tables) => tables.user.findFirst({ where: { id: userId, removedAt: null } }),
        signal,
      );
      return user ? readAccount(user) : undefined;
    },

    async setName(userId, name, signal) {
      const user = await db.transaction(async (tables) => {
        await tables.user.updateMany({
          where: { id: userId, removedAt: null },
          data: { name: name === null ? null : storable(name), updatedAt: clock.now() },
        });
        return tables.user.findFirst({ where: { id: userId, removedAt: null } });
      }, signal);
      return user ? readAccount(user) : undefined;
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

/** The same query as at the login, so that nothing which would not let them in now keeps them in. */
async function renewActor(
  deps: Deps,
  { userId, scopes, credential }: Actor,
  signal: AbortSignal,
): Promise<Actor | undefined> {
  if (credential?.kind === 'token') {
    const now = await actorOfToken(deps, { id: credential.id, userId }, signal);
    return now?.credential?.mark === credential.mark ? now : undefined;
  }
  const keys = credential && { some: { id: credential.id } };
  const where = { id: userId, removedAt: null, ...(keys && { keys }) };
  const user = await deps.db.run((tables) => tables.user.findFirst({ where }), signal);
  return user ? readActor(user, scopes, credential) : undefined;
}

/** Who has this token, in one statement: it is asked before every call. */
async function actorOfToken(
  { db, clock }: Deps,
  which: { readonly hash: string } | { readonly id: string; readonly userId: string },
  signal: AbortSignal,
): Promise<Actor | undefined> {
  const now = clock.now();
  const [token] =
    'hash' in which
      ? await db.ask<TokenRow>(BY_HASH, [now, which.hash], signal)
      : await db.ask<TokenRow>(BY_ID, [now, which.id, which.userId], signal);
  if (!token) return undefined;
  // A scope that an earlier or later version knew and this one does not is good for nothing here.
  const { token: id, mark } = token;
  return readActor(token, token.scopes.filter(isScope), { kind: 'token', id, mark });
}

const TOKEN = `
  SELECT t.id AS token, left(t.hash, ${MARK_LENGTH}) AS mark, t.scopes, u.id, u.email, u.admin
  FROM "Token" t JOIN "User" u ON u.id = t."userId"
  WHERE (t."expiresAt" IS NULL OR t."expiresAt" > $1) AND u."removedAt" IS NULL`;
const BY_HASH = { name: 'actor by token', text: `${TOKEN} AND t.hash = $2` };
const BY_ID = { name: 'actor by token id', text: `${TOKEN} AND t.id = $2::uuid AND t."userId" = $3::uuid` };

interface TokenRow {
  readonly token: string;
  readonly mark: string;
  readonly scopes: readonly string[];
  readonly id: string;
  readonly email: string;
  readonly admin: boolean;
}

function readActor(
  user: { readonly id: string; readonly email: string; readonly admin: boolean },
  scopes: readonly Scope[],
  credential: Credential | undefined,
): Actor {
  const { id: userId, email, admin } = user;
  return { userId, email, admin, scopes, ...(credential && { credential }) };
}

export function readAccount(user: Prisma.UserGetPayload<object>): Account {
  const { id, email, name, admin, totp, lastLoginAt, createdAt, updatedAt } = user;
  return { id, email, name, admin, twoFactor: totp !== null, lastLoginAt, createdAt, updatedAt };
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
