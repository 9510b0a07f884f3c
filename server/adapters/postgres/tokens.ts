import { isScope } from '../../domain/access.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Token, TokenDraft, Tokens } from '../../ports/tokens.ts';
import { lock, type Database, type Tables } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { isId, storable } from './stored-json.ts';

const shown = { include: { user: { select: { email: true } } }, omit: { hash: true } } as const;

export function createTokens({ db, clock }: { readonly db: Database; readonly clock: Clock }): Tokens {
  const living = (userId: string, id: string) => ({ id, userId, ...unexpired(clock) });

  const change = async (
    userId: string,
    id: string,
    data: Prisma.TokenUpdateManyMutationInput,
    signal: AbortSignal,
  ): Promise<Token | undefined> =>
    changeToken(db, living(userId, id), { ...data, updatedAt: clock.now() }, signal);

  return {
    create: ({ lifetimeMs, description, ...draft }, most, signal) =>
      db.transaction(async (tables) => {
        const { userId, createdAt } = draft;
        const owner = await tables.user.findFirst({ where: { id: userId, removedAt: null } });
        if (!owner) return undefined;
        // What has expired opens nothing and is shown nowhere: it goes when there is something new anyway.
        await tables.token.deleteMany({ where: { userId, expiresAt: { lte: createdAt } } });
        await makeRoom(tables, draft, most);
        const data = {
          ...draft,
          description: storable(description),
          scopes: [...draft.scopes],
          addresses: [...draft.addresses],
          lifetimeMs: lifetimeMs === null ? null : BigInt(lifetimeMs),
          updatedAt: createdAt,
        };
        return readToken(await tables.token.create({ data, ...shown }));
      }, signal),

    async list(userId, signal) {
      const tokens = await db.run(
        (tables) =>
          tables.token.findMany({
            where: { userId, ...unexpired(clock) },
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
            ...shown,
          }),
        signal,
      );
      return tokens.map(readToken);
    },

    async find(userId, id, signal) {
      if (!isId(id)) return undefined;
      const token = await db.run(
        (tables) => tables.token.findFirst({ where: living(userId, id), ...shown }),
        signal,
      );
      return token ? readToken(token) : undefined;
    },

    describe: (userId, id, description, signal) =>
      change(userId, id, { description: storable(description) }, signal),

    rotate: (userId, id, fresh, signal) => change(userId, id, { ...fresh, lastUsedAt: null }, signal),

    revoke: (userId, id, signal) => revokeToken(db, living(userId, id), signal),

    async touch(id, since, signal) {
      await db.run(
        (tables) =>
          tables.token.updateMany({
            where: { id, OR: [{ lastUsedAt: null }, { lastUsedAt: { lte: since } }] },
            data: { lastUsedAt: clock.now() },
          }),
        signal,
      );
    },
  };
}

/** Two who make tokens of one person at once are told apart by a lock: both count what the other made. */
async function makeRoom(
  tables: Tables,
  { userId, session }: Pick<TokenDraft, 'userId' | 'session'>,
  most: number,
): Promise<void> {
  await lock(tables, `tokens ${userId}`);
  const excess = (await tables.token.count({ where: { userId } })) + 1 - most;
  if (excess <= 0) return;
  const oldest = await tables.token.findMany({
    ...{ where: { userId, session: true }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] },
    ...{ take: excess, select: { id: true } },
  });
  if (!session || oldest.length < excess) throw PlatformError.of('too_many_tokens', { limit: most });
  await tables.token.deleteMany({ where: { id: { in: oldest.map(({ id }) => id) } } });
}

interface Which {
  readonly id: string;
  readonly userId: string;
}

async function changeToken(
  db: Database,
  which: Which,
  data: Prisma.TokenUpdateManyMutationInput,
  signal: AbortSignal,
): Promise<Token | undefined> {
  const { id } = which;
  if (!isId(id)) return undefined;
  return db.transaction(async (tables) => {
    const changed = await tables.token.updateMany({ where: which, data });
    if (changed.count === 0) return undefined;
    return readToken(await tables.token.findUniqueOrThrow({ where: { id }, ...shown }));
  }, signal);
}

async function revokeToken(db: Database, which: Which, signal: AbortSignal): Promise<Token | undefined> {
  const { id } = which;
  if (!isId(id)) return undefined;
  return db.transaction(async (tables) => {
    const token = await tables.token.findFirst({ where: which, ...shown });
    if (!token) return undefined;
    // Of two who revoke it at once, one did.
    const gone = await tables.token.deleteMany({ where: { id } });
    return gone.count === 1 ? readToken(token) : undefined;
  }, signal);
}

/** The condition that a token has not expired. */
function unexpired(clock: Clock) {
  return { OR: [{ expiresAt: null }, { expiresAt: { gt: clock.now() } }] };
}

function readToken({ user, lifetimeMs, scopes, ...token }: Prisma.TokenGetPayload<typeof shown>): Token {
  return {
    ...token,
    email: user.email,
    scopes: scopes.filter(isScope),
    lifetimeMs: lifetimeMs === null ? null : Number(lifetimeMs),
  };
}
