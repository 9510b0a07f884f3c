import { randomUUID } from 'node:crypto';
import { PlatformError } from '../../domain/errors.ts';
import type { SeenTeam, TeamMember } from '../../domain/team.ts';
import type { Teams } from '../../ports/membership.ts';
import { lock, type Database, type Tables } from './database.ts';
import { isTaken } from './failures.ts';
import type { Prisma } from './generated/client.ts';
import { isId } from './stored-json.ts';

const USER = { user: { select: { id: true, email: true } } } as const;
const seenBy = (userId: string) => ({ members: { where: { userId }, take: 1 } });
type SeenRow = Prisma.TeamGetPayload<{ include: ReturnType<typeof seenBy> }>;

export function createTeams({ db }: { readonly db: Database }): Teams {
  return {
    create: ({ id, name }, adminId, signal) =>
      named(name, () => {
        const members = { create: { id: randomUUID(), userId: adminId, role: 'admin' as const } };
        return db.run((tables) => tables.team.create({ data: { id, name, members } }), signal);
      }),

    async find(userId, nameOrId, signal) {
      const where = isId(nameOrId) ? { id: nameOrId } : { name: nameOrId };
      const include = seenBy(userId);
      const row = await db.run((tables) => tables.team.findFirst({ where, include }), signal);
      return row ? readTeam(row) : undefined;
    },

    async list(userId, which, signal) {
      const where = which === 'all' ? {} : { members: { some: { userId } } };
      const include = seenBy(userId);
      const rows = await db.run((tables) => tables.team.findMany({ where, include }), signal);
      return rows.map(readTeam).sort((a, b) => (a.name < b.name ? -1 : 1));
    },

    async rename(id, name, signal) {
      await named(name, () =>
        db.run((tables) => tables.team.update({ where: { id }, data: { name } }), signal),
      );
    },

    remove: (id, signal) =>
      db.transaction(async (tables) => {
        await lockTeam(tables, id);
        if ((await tables.app.count({ where: { teamId: id, deletedAt: null } })) > 0) return false;
        // A destroyed app may still be on its way out.
        await tables.app.updateMany({ where: { teamId: id }, data: { teamId: null } });
        await tables.team.deleteMany({ where: { id } });
        return true;
      }, signal),

    async members(teamId, signal) {
      const where = { teamId };
      const rows = await db.run((tables) => tables.teamMember.findMany({ where, include: USER }), signal);
      return rows.map(readMember).sort((a, b) => (a.user.email < b.user.email ? -1 : 1));
    },

    putMember: (teamId, userId, role, signal) =>
      db.transaction(async (tables) => {
        await lockTeam(tables, teamId);
        if (role !== 'admin' && !(await adminBeside(tables, teamId, userId))) return undefined;
        const row = await tables.teamMember.upsert({
          where: { teamId_userId: { teamId, userId } },
          create: { id: randomUUID(), teamId, userId, role },
          update: { role },
          include: USER,
        });
        return readMember(row);
      }, signal),

    removeMember: (teamId, userId, signal) =>
      db.transaction(async (tables) => {
        await lockTeam(tables, teamId);
        if (!(await adminBeside(tables, teamId, userId))) return false;
        await tables.teamMember.deleteMany({ where: { teamId, userId } });
        await tables.collaborator.deleteMany({ where: { userId, app: { teamId } } });
        return true;
      }, signal),
  };
}

/** Two administrators who remove each other at once must not both succeed. */
function lockTeam(tables: Tables, teamId: string): Promise<void> {
  return lock(tables, `team ${teamId}`);
}

/** Whether the team has an administrator besides this user. */
async function adminBeside(tables: Tables, teamId: string, userId: string): Promise<boolean> {
  return (await tables.teamMember.count({ where: { teamId, role: 'admin', NOT: { userId } } })) > 0;
}

async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (err) {
    if (isTaken(err, 'name')) throw PlatformError.of('name_taken', { name }, err);
    throw err;
  }
}

function readTeam({ members, ...team }: SeenRow): SeenTeam {
  return { ...team, role: members[0]?.role ?? null };
}

function readMember({ id, user, role, createdAt, updatedAt }: TeamMember): TeamMember {
  return { id, user, role, createdAt, updatedAt };
}
