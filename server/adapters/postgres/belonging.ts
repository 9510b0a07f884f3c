import { randomUUID } from 'node:crypto';
import type { App } from '../../domain/app.ts';
import { USUAL_ROLE } from '../../domain/access.ts';
import type { Belonging, NewOwner } from '../../ports/membership.ts';
import type { Database, Tables } from './database.ts';

/** To whom apps belong. */
export function createBelonging(db: Database): Belonging {
  return {
    async setLocked({ id, revision }, locked, signal) {
      const where = { id, revision, deletedAt: null };
      const data = { locked, revision: { increment: 1 } };
      const changed = await db.run((tables) => tables.app.updateMany({ where, data }), signal);
      return changed.count === 1;
    },

    give: (app, to, signal) => db.transaction((tables) => giveApp(tables, app, to), signal),
  };
}

/** One transaction: the app has its new owner, its old one stays a collaborator, offers of it are void. */
export async function giveApp(
  tables: Tables,
  app: Pick<App, 'id' | 'revision' | 'owner' | 'team'>,
  { userId, teamId }: NewOwner,
): Promise<boolean> {
  const moved = await tables.app.updateMany({
    where: { id: app.id, revision: app.revision, deletedAt: null },
    data: { ownerId: userId, teamId, locked: false, revision: { increment: 1 } },
  });
  if (moved.count === 0) return false;
  await tables.appTransfer.deleteMany({ where: { appId: app.id, state: 'pending' } });
  if (teamId === null) await tables.collaborator.deleteMany({ where: { appId: app.id, userId } });
  if (app.team === null && (app.owner.id !== userId || teamId !== null)) {
    const one = { appId: app.id, userId: app.owner.id };
    await tables.collaborator.upsert({
      where: { appId_userId: one },
      create: { id: randomUUID(), ...one, role: USUAL_ROLE },
      update: {},
    });
  }
  return true;
}
