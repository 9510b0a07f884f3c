import { createRecent } from '../../../lib/recent.ts';
import type { Role, TeamRole } from '../../domain/access.ts';
import type { Actor } from '../../domain/actor.ts';
import type { App, SeenApp } from '../../domain/app.ts';
import { abandonable, type Database } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { isId, readFormation, storable } from './stored-json.ts';
import { together } from './together.ts';

/**
 * Apps with what one user is to them, which is asked before every call about an app: all who ask at once in one statement.
 * The client would make five of each, at several times the cost.
 */
export function createSeenApps(db: Database) {
  const finding = (question: typeof BY_ID) => {
    const find = together(async (asked: readonly Asked[]) => {
      const users = asked.map(({ userId }) => userId);
      const rows = await db.ask<FoundRow>(question, [users, asked.map(({ app }) => app)], patient);
      const found = new Map(rows.map((row) => [Number(row.nth), row]));
      return asked.map((_, nth) => found.get(nth + 1));
    });
    return (asked: Asked, signal: AbortSignal) => abandonable(() => find(asked), signal);
  };
  const findById = finding(BY_ID);
  const findByName = finding(BY_NAME);
  const recent = createRecent<SeenApp>(MOST_RECENT);

  return {
    async find(nameOrId: string, signal: AbortSignal): Promise<App | undefined> {
      const asked = { userId: NOBODY, app: storable(nameOrId) };
      const row = await (isId(nameOrId) ? findById : findByName)(asked, signal);
      return row && readApp(row);
    },

    async findFor(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenApp | undefined> {
      const asked = { userId: asId(actor.userId), app: storable(nameOrId) };
      const row = await (isId(nameOrId) ? findById : findByName)(asked, signal);
      return row && readSeen(row);
    },

    async list(actor: Actor, signal: AbortSignal): Promise<readonly SeenApp[]> {
      const question = actor.admin ? ALL : SEEN;
      const rows = await db.ask<{ readonly said: string }>(question, [asId(actor.userId)], signal);
      // Of a thousand apps hardly one has changed since the last time: what says the same is the same.
      const apps = rows.map(({ said }) => recent(said, () => Object.freeze(readSeen(parseRow(said)))));
      // Sorted here: the order of names must not depend on the database's collation.
      return apps.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}

/** About a kilobyte each, and another for what is answered of it. */
const MOST_RECENT = 5_000;

/** One who leaves must not take along who asked with them: the statement has a deadline of its own. */
const patient = new AbortController().signal;

interface Asked {
  readonly userId: string;
  readonly app: string;
}

/** Of whoever `who` says. */
const appFor = (who: string): string => `
  SELECT a.id, a.name, a.network, a."ownerId", a."teamId", a.locked, a."deployBranch", a.formation,
    a.maintenance, a.acm, a.revision, a."createdAt", a."updatedAt", a."releasedAt", ${who} AS "askedBy",
    a."slugBytes"::float8 AS "slugBytes", a."repositoryBytes"::float8 AS "repositoryBytes",
    u.email AS "ownerEmail", t.name AS "teamName", m.role::text AS "teamRole", c.role::text AS "ownRole"
  FROM "App" a
  JOIN "User" u ON u.id = a."ownerId"
  LEFT JOIN "Team" t ON t.id = a."teamId"
  LEFT JOIN "TeamMember" m ON m."teamId" = a."teamId" AND m."userId" = ${who}
  LEFT JOIN "Collaborator" c ON c."appId" = a.id AND c."userId" = ${who}
  WHERE a."deletedAt" IS NULL`;
/** Each of many for one user; the limit keeps it to one look into the indexes for each, whatever is guessed of their number. */
const each = (name: string, which: string) => ({
  name,
  text: `
    SELECT asked.nth, app.*
    FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS asked(who, app, nth)
    CROSS JOIN LATERAL (${appFor('asked.who')} AND ${which} LIMIT 1) app`,
});
const BY_ID = each('apps by id', 'a.id = asked.app::uuid');
const BY_NAME = each('apps by name', 'a.name = asked.app');
/** Many, each as one text, which is all that is looked at of one that is known. */
const many = (name: string, which: string) => ({
  name,
  text: `SELECT row_to_json(app)::text AS said FROM (${appFor('$1::uuid')} AND ${which}) app`,
});
const ALL = many('all apps', 'true');
/** What `roleOf` lets a user see, as the database says it. */
const SEEN = many(
  'apps seen',
  `(
    (a."ownerId" = $1::uuid AND a."teamId" IS NULL)
    OR c.role IS NOT NULL
    OR m.role::text IN ('admin', 'member', 'viewer')
  )`,
);

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
  readonly slugBytes: number | null;
  readonly repositoryBytes: number | null;
  readonly askedBy: string;
  readonly ownerEmail: string;
  readonly teamName: string | null;
  readonly teamRole: TeamRole | null;
  readonly ownRole: Role | null;
}

interface FoundRow extends SeenRow {
  /** The place of the question, from 1; PostgreSQL's bigint. */
  readonly nth: string;
}

/** Not everybody who asks is a person: the platform itself has no row. */
function asId(userId: string): string {
  return isId(userId) ? userId : NOBODY;
}
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** What `row_to_json` wrote of a `SeenRow`, as the driver would have read it. */
function parseRow(said: string): SeenRow {
  const { createdAt, updatedAt, releasedAt, ...row } = JSON.parse(said) as SaidRow; // the answer to our own question
  return {
    ...row,
    ...{ createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) },
    releasedAt: releasedAt === null ? null : new Date(releasedAt),
  };
}

type SaidRow = Omit<SeenRow, 'createdAt' | 'updatedAt' | 'releasedAt'> & {
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly releasedAt: string | null;
};

function readSeen(row: SeenRow): SeenApp {
  const owner = row.teamId === null && row.ownerId === row.askedBy;
  const standing = { owner, team: row.teamRole, collaborator: row.ownRole };
  return Object.assign(readApp(row), { standing }); // as below
}

/** Field by field: of a thousand rows, spreading them would cost twenty times as much. */
function readApp(row: SeenRow): App {
  const { id, name, network, ownerId, teamId, teamName } = row;
  if (name === null || network === null) throw new Error(`app ${id} is alive, but has no name or no network`);
  return {
    id,
    name,
    network,
    owner: { id: ownerId, email: row.ownerEmail },
    team: teamId === null || teamName === null ? null : { id: teamId, name: teamName },
    locked: row.locked,
    deployBranch: row.deployBranch,
    formation: readFormation(row.formation),
    maintenance: row.maintenance,
    acm: row.acm,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    releasedAt: row.releasedAt,
    slugBytes: row.slugBytes,
    repositoryBytes: row.repositoryBytes,
    revision: row.revision,
  };
}
