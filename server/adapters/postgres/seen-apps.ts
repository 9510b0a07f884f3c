import type { Role, TeamRole } from '../../domain/access.ts';
import type { Actor } from '../../domain/actor.ts';
import type { SeenApp } from '../../domain/app.ts';
import type { Database } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { isId, readFormation } from './stored-json.ts';

/**
 * Apps with what one user is to them, each question in one statement: what is asked before every call about an app. The
 * client would make five of it, at several times the cost.
 */
export function createSeenApps(db: Database) {
  return {
    async findFor(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenApp | undefined> {
      const userId = asId(actor.userId);
      const question = isId(nameOrId) ? BY_ID : BY_NAME;
      const [row] = await db.ask<SeenRow>(question, [userId, nameOrId], signal);
      return row && readSeen(row, userId);
    },

    async list(actor: Actor, signal: AbortSignal): Promise<readonly SeenApp[]> {
      const userId = asId(actor.userId);
      const rows = await db.ask<SeenRow>(actor.admin ? ALL : SEEN, [userId], signal);
      // Sorted here: the order of names must not depend on the database's collation.
      return rows.map((row) => readSeen(row, userId)).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}

/** `$1` is who asks. */
const APP = `
  SELECT a.id, a.name, a.network, a."ownerId", a."teamId", a.locked, a."deployBranch", a.formation,
    a.maintenance, a.acm, a.revision, a."createdAt", a."updatedAt", a."releasedAt",
    u.email AS "ownerEmail", t.name AS "teamName", m.role::text AS "teamRole", c.role::text AS "ownRole"
  FROM "App" a
  JOIN "User" u ON u.id = a."ownerId"
  LEFT JOIN "Team" t ON t.id = a."teamId"
  LEFT JOIN "TeamMember" m ON m."teamId" = a."teamId" AND m."userId" = $1::uuid
  LEFT JOIN "Collaborator" c ON c."appId" = a.id AND c."userId" = $1::uuid
  WHERE a."deletedAt" IS NULL`;
const BY_ID = { name: 'app by id', text: `${APP} AND a.id = $2::uuid` };
const BY_NAME = { name: 'app by name', text: `${APP} AND a.name = $2` };
const ALL = { name: 'all apps', text: APP };
/** What `roleOf` lets a user see, as the database says it. */
const SEEN = {
  name: 'apps seen',
  text: `${APP} AND (
    (a."ownerId" = $1::uuid AND a."teamId" IS NULL)
    OR c.role IS NOT NULL
    OR m.role::text IN ('admin', 'member', 'viewer')
  )`,
};

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
