import { randomUUID } from 'node:crypto';
import { isScope } from '../../domain/access.ts';
import { EVERYTHING, MARK_LENGTH, type Actor, type Credential, type Scope } from '../../domain/actor.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Account, Accounts, Key } from '../../ports/accounts.ts';
import type { Clock } from '../../ports/clock.ts';
import { abandonable, lock, type Database } from './database.ts';
import { isTaken } from './failures.ts';
import type { Prisma } from './generated/client.ts';
import { isId, storable } from './stored-json.ts';
import { together } from './together.ts';

interface Deps {
  readonly db: Database;
  readonly clock: Clock;
}

export function createAccounts({ db, clock }: Deps): Accounts {
  const tokenRow = together(async (hashes: readonly string[]) => {
    const rows = await db.ask<TokenRow & { readonly hash: string }>(BY_HASH, [clock.now(), hashes], patient);
    const found = new Map(rows.map((row) => [row.hash, row]));
    return hashes.map((hash) => found.get(hash));
  });

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
      const row = await abandonable(() => tokenRow(hash), signal);
      return row && actorOfToken(row);
    },

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
    const [row] = await deps.db.ask<TokenRow>(BY_ID, [deps.clock.now(), credential.id, userId], signal);
    return row?.mark === credential.mark ? row && actorOfToken(row) : undefined;
  }
  const keys = credential && { some: { id: credential.id } };
  const where = { id: userId, removedAt: null, ...(keys && { keys }) };
  const user = await deps.db.run((tables) => tables.user.findFirst({ where }), signal);
  return user ? readActor(user, scopes, credential) : undefined;
}

function actorOfToken(row: TokenRow): Actor {
  const { token: id, mark, addresses } = row;
  // A scope that an earlier or later version knew and this one does not is good for nothing here.
  return readActor(row, row.scopes.filter(isScope), {
    ...{ kind: 'token', id, mark },
    ...(addresses.length > 0 && { addresses }),
  });
}

/** One who leaves must not take along who asked with them: the statement has a deadline of its own. */
const patient = new AbortController().signal;

/** Who has a token: asked before every call, and all who ask at once in one statement. */
const TOKEN = `
  SELECT t.hash, t.id AS token, left(t.hash, ${MARK_LENGTH}) AS mark, t.scopes, t.addresses, u.id, u.email, u.admin
  FROM "Token" t JOIN "User" u ON u.id = t."userId"
  WHERE (t."expiresAt" IS NULL OR t."expiresAt" > $1) AND u."removedAt" IS NULL`;
const BY_HASH = { name: 'actors by tokens', text: `${TOKEN} AND t.hash = ANY($2::text[])` };
const BY_ID = { name: 'actor by token id', text: `${TOKEN} AND t.id = $2::uuid AND t."userId" = $3::uuid` };

interface TokenRow {
  readonly token: string;
  readonly mark: string;
  readonly scopes: readonly string[];
  readonly addresses: readonly string[];
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
