import type { Role, TeamRole } from '../../domain/access.ts';
import type { Actor } from '../../domain/actor.ts';
import type { SeenApp } from '../../domain/app.ts';
import type { Database } from './database.ts';
import { Prisma } from './generated/client.ts';
import { isId, readFormation } from './stored-json.ts';

/**
 * Apps with what one user is to them, each question in one statement: what is asked before every call about an app. The
 * client would make five of it, at several times the cost.
 */
export function createSeenApps(db: Database) {
  const select = (userId: string, where: Prisma.Sql, signal: AbortSignal): Promise<SeenRow[]> =>
    db.run(
      (tables) => tables.$queryRaw<SeenRow[]>`
        SELECT a.id, a.name, a.network, a."ownerId", a."teamId", a.locked, a."deployBranch", a.formation,
          a.maintenance, a.acm, a.revision, a."createdAt", a."updatedAt", a."releasedAt",
          u.email AS "ownerEmail", t.name AS "teamName", m.role::text AS "teamRole", c.role::text AS "ownRole"
        FROM "App" a
        JOIN "User" u ON u.id = a."ownerId"
        LEFT JOIN "Team" t ON t.id = a."teamId"
        LEFT JOIN "TeamMember" m ON m."teamId" = a."teamId" AND m."userId" = ${userId}::uuid
        LEFT JOIN "Collaborator" c ON c."appId" = a.id AND c."userId" = ${userId}::uuid
        WHERE a."deletedAt" IS NULL AND ${where}`,
      signal,
    );

  return {
    async findFor(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenApp | undefined> {
      const userId = asId(actor.userId);
      const named = isId(nameOrId) ? Prisma.sql`a.id = ${nameOrId}::uuid` : Prisma.sql`a.name = ${nameOrId}`;
      const [row] = await select(userId, named, signal);
      return row && readSeen(row, userId);
    },

    async list(actor: Actor, signal: AbortSignal): Promise<readonly SeenApp[]> {
      const userId = asId(actor.userId);
      const rows = await select(userId, actor.admin ? Prisma.sql`TRUE` : seenBy(userId), signal);
      // Sorted here: the order of names must not depend on the database's collation.
      return rows.map((row) => readSeen(row, userId)).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}

interface SeenRow {
  readonly id: string;
  readonly name: string | null;
  readonly network: number | null;
  readonly ownerId: string;
  readonly teamId: string | null;
  readonly locked: boolean;
  readonly deployBranch: string | null;
  readonly formation: Prisma.JsonValue;
  readonly maintenance: boolean;
  readonly acm: boolean;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly releasedAt: Date | null;
  readonly ownerEmail: string;
  readonly teamName: string | null;
  readonly teamRole: TeamRole | null;
  readonly ownRole: Role | null;
}

/** Not everybody who asks is a person: the platform itself has no row. */
function asId(userId: string): string {
  return isId(userId) ? userId : NOBODY;
}
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** What `roleOf` lets a user see, as the database says it. */
function seenBy(userId: string): Prisma.Sql {
  return Prisma.sql`(
    (a."ownerId" = ${userId}::uuid AND a."teamId" IS NULL)
    OR c.role IS NOT NULL
    OR m.role::text IN ('admin', 'member', 'viewer')
  )`;
}

function readSeen(row: SeenRow, userId: string): SeenApp {
  const { id, name, network, ownerId, ownerEmail, teamId, teamName, teamRole, ownRole, ...same } = row;
  if (name === null || network === null) throw new Error(`app ${id} is alive, but has no name or no network`);
  return {
    ...{ ...same, id, name, network },
    owner: { id: ownerId, email: ownerEmail },
    team: teamId === null || teamName === null ? null : { id: teamId, name: teamName },
    formation: readFormation(row.formation),
    standing: { owner: teamId === null && ownerId === userId, team: teamRole, collaborator: ownRole },
  };
}
