import type { Clock } from '../../ports/clock.ts';
import type { LoginRequest, LoginRequests } from '../../ports/login-requests.ts';
import type { Database } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { storable } from './stored-json.ts';

export function createLoginRequests({
  db,
  clock,
}: {
  readonly db: Database;
  readonly clock: Clock;
}): LoginRequests {
  const living = () => ({ expiresAt: { gt: clock.now() } });
  return {
    create: (draft, signal) =>
      db.transaction(async (tables) => {
        await tables.loginRequest.deleteMany({ where: { expiresAt: { lte: clock.now() } } });
        await tables.loginRequest.create({ data: { ...draft, description: storable(draft.description) } });
      }, signal),

    async find(pageHash, signal) {
      const where = { pageHash, status: 'pending', ...living() };
      const found = await db.run((tables) => tables.loginRequest.findFirst({ where }), signal);
      return found ? shown(found) : undefined;
    },

    async decide(pageHash, { status, userId }, signal) {
      const where = { pageHash, status: 'pending', ...living() };
      const { count } = await db.run(
        (tables) => tables.loginRequest.updateMany({ where, data: { status, userId } }),
        signal,
      );
      return count === 1;
    },

    async collect(clientHash, signal) {
      const where = { clientHash, ...living() };
      const found = await db.run((tables) => tables.loginRequest.findFirst({ where }), signal);
      if (found?.status === 'pending' || found?.status === 'denied') return found.status;
      if (found?.status !== 'approved' || found.userId === null) return undefined;
      const { userId } = found;
      const { count } = await db.run(
        (tables) =>
          tables.loginRequest.updateMany({
            where: { clientHash, status: 'approved' },
            data: { status: 'collected' },
          }),
        signal,
      );
      return count === 1 ? { userId, request: shown(found) } : undefined;
    },
  };
}

function shown({ id, description, ip, createdAt }: Prisma.LoginRequestGetPayload<object>): LoginRequest {
  return { id, description, ip, createdAt };
}
