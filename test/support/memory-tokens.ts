import { PlatformError } from '../../server/domain/errors.ts';
import type { Token, Tokens } from '../../server/ports/tokens.ts';
import { storable, userOf, type MemoryToken, type MemoryWorld } from './memory-world.ts';

export function createMemoryTokens(world: MemoryWorld): Tokens {
  const shown = (kept: MemoryToken): Token => {
    const { hash, ...token } = kept;
    if (hash === '') throw new Error('a token without a hash was set up');
    return { ...token, email: userOf(world, token.userId).email };
  };
  const living = (userId: string, id: string): MemoryToken | undefined => {
    const token = world.tokens.get(id);
    return token?.userId === userId && isLiving(world, token) ? token : undefined;
  };
  const change = (userId: string, id: string, data: Partial<MemoryToken>): Promise<Token | undefined> => {
    const token = living(userId, id);
    if (token) Object.assign(token, data, { updatedAt: world.clock.now() });
    return Promise.resolve(token && shown(token));
  };
  return {
    async create(draft, most) {
      const owner = world.users.get(draft.userId);
      if (!owner || owner.removedAt !== null) return Promise.resolve(undefined);
      for (const token of world.tokens.values())
        if (token.userId === draft.userId && !isLiving(world, token)) world.tokens.delete(token.id);
      const mine = [...world.tokens.values()].filter(({ userId }) => userId === draft.userId);
      const excess = mine.length + 1 - most;
      if (excess > 0) {
        const logins = mine.filter(({ session }) => session);
        if (!draft.session || logins.length < excess)
          throw PlatformError.of('too_many_tokens', { limit: most });
        logins.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
        for (const { id } of logins.slice(0, excess)) world.tokens.delete(id);
      }
      const token = {
        ...draft,
        description: storable(draft.description),
        lastUsedAt: null,
        updatedAt: draft.createdAt,
      };
      world.tokens.set(token.id, token);
      return shown(token);
    },
    async list(userId) {
      const mine = [...world.tokens.values()].filter(
        (token) => token.userId === userId && isLiving(world, token),
      );
      mine.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
      return Promise.resolve(mine.map(shown));
    },
    async find(userId, id) {
      const token = living(userId, id);
      return Promise.resolve(token && shown(token));
    },
    describe: (userId, id, description) => change(userId, id, { description: storable(description) }),
    rotate: (userId, id, fresh) => change(userId, id, { ...fresh, lastUsedAt: null }),
    async revoke(userId, id) {
      const token = living(userId, id);
      if (token) world.tokens.delete(id);
      return Promise.resolve(token && shown(token));
    },
    async touch(id, since) {
      const token = world.tokens.get(id);
      if (token && (token.lastUsedAt === null || token.lastUsedAt <= since))
        token.lastUsedAt = world.clock.now();
      return Promise.resolve();
    },
  };
}

export function isLiving(world: MemoryWorld, token: MemoryToken): boolean {
  return token.expiresAt === null || token.expiresAt > world.clock.now();
}
