import { randomUUID } from 'node:crypto';
import type { Collaborators, Directory, Transfers } from '../../ports/membership.ts';
import { giveApp } from './belonging.ts';
import type { Database } from './database.ts';
import { isId } from './stored-json.ts';

const PERSON = { select: { id: true, email: true } } as const;

export function createDirectory({ db }: { readonly db: Database }): Directory {
  return {
    async find(idOrEmail, signal) {
      const named = isId(idOrEmail)
        ? { id: idOrEmail }
        : { email: { equals: escapeLike(idOrEmail), mode: 'insensitive' as const } };
      const where = { ...named, removedAt: null };
      const select = { id: true, email: true, createdAt: true };
      return (await db.run((tables) => tables.user.findFirst({ where, select }), signal)) ?? undefined;
    },

    async share(userId, otherId, signal) {
      if (!isId(userId) || !isId(otherId)) return false;
      const [found] = await db.run(
        (tables) => tables.$queryRaw<{ shared: boolean }[]>`
          WITH mine AS (SELECT a.id, a."teamId" FROM "App" a WHERE a."deletedAt" IS NULL AND (
              (a."ownerId" = ${userId}::uuid AND a."teamId" IS NULL)
              OR EXISTS (SELECT FROM "Collaborator" c WHERE c."appId" = a.id AND c."userId" = ${userId}::uuid))),
            together AS (SELECT "teamId" FROM "TeamMember" WHERE "userId" = ${userId}::uuid)
          SELECT EXISTS (SELECT FROM "TeamMember" WHERE "userId" = ${otherId}::uuid AND "teamId" IN (SELECT "teamId" FROM together))
            OR EXISTS (SELECT FROM "App" WHERE "ownerId" = ${otherId}::uuid AND "teamId" IS NULL AND id IN (SELECT id FROM mine))
            OR EXISTS (SELECT FROM "Collaborator" WHERE "userId" = ${otherId}::uuid AND "appId" IN (SELECT id FROM mine)) AS shared`,
        signal,
      );
      return found?.shared ?? false;
    },
  };
}

/** Compared without regard to case, which PostgreSQL does with LIKE. */
function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (sign) => `\\${sign}`);
}

export function createCollaborators({ db }: { readonly db: Database }): Collaborators {
  return {
    async list(appId, signal) {
      if (!isId(appId)) return [];
      const where = { appId };
      const rows = await db.run(
        (tables) => tables.collaborator.findMany({ where, include: { user: PERSON } }),
        signal,
      );
      return rows.sort((a, b) => (a.user.email < b.user.email ? -1 : 1));
    },

    put: (appId, userId, role, signal) =>
      db.run(
        (tables) =>
          tables.collaborator.upsert({
            where: { appId_userId: { appId, userId } },
            create: { id: randomUUID(), appId, userId, role },
            update: { role },
            include: { user: PERSON },
          }),
        signal,
      ),

    async remove(appId, userId, signal) {
      const where = { appId, userId };
      const removed = await db.run((tables) => tables.collaborator.deleteMany({ where }), signal);
      return removed.count > 0;
    },
  };
}

const OF_TRANSFER = { app: true, owner: PERSON, recipient: PERSON } as const;

export function createTransfers({ db }: { readonly db: Database }): Transfers {
  return {
    async create(offer, signal) {
      const row = await db.run(
        (tables) => tables.appTransfer.create({ data: offer, include: OF_TRANSFER }),
        signal,
      );
      return { ...row, app: { id: row.app.id, name: row.app.name ?? '' } };
    },

    async list(userId, signal) {
      const where = { OR: [{ ownerId: userId }, { recipientId: userId }], app: { deletedAt: null } };
      const orderBy = [{ createdAt: 'desc' as const }, { id: 'asc' as const }];
      const rows = await db.run(
        (tables) => tables.appTransfer.findMany({ where, orderBy, include: OF_TRANSFER }),
        signal,
      );
      return rows.map((row) => ({ ...row, app: { id: row.app.id, name: row.app.name ?? '' } }));
    },

    answer: (id, state, signal) =>
      db.transaction(async (tables) => {
        const offer = await tables.appTransfer.findFirst({
          where: { id, state: 'pending', app: { deletedAt: null, teamId: null } },
          include: { app: { include: { owner: PERSON } } },
        });
        if (!offer || offer.app.ownerId !== offer.ownerId) return false;
        const taken = await tables.appTransfer.updateMany({
          where: { id, state: 'pending' },
          data: { state },
        });
        if (taken.count === 0) return false;
        if (state === 'declined') return true;
        return giveApp(tables, { ...offer.app, team: null }, { userId: offer.recipientId, teamId: null });
      }, signal),

    async remove(id, signal) {
      await db.run((tables) => tables.appTransfer.deleteMany({ where: { id } }), signal);
    },
  };
}
