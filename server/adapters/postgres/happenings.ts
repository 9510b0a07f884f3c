import { z } from 'zod';
import type { Happening } from '../../domain/happening.ts';
import type { Happenings } from '../../ports/happenings.ts';
import type { Clock } from '../../ports/clock.ts';
import { lock, type Database, type Tables } from './database.ts';
import { Prisma } from './generated/client.ts';
import { deliver, type Telling } from './webhook-events.ts';

/** What is published in one transaction. */
const AT_ONCE = 500;

const values = z.record(z.string(), z.unknown()).nullable();
const row = z.object({
  seq: z.bigint().transform(Number),
  at: z.date(),
  appId: z.string().nullable(),
  name: z.string().nullable(),
  kind: z.string(),
  action: z.enum(['create', 'update', 'destroy']),
  subject: z.string(),
  before: values,
  after: values,
  userId: z.string().nullable(),
  email: z.string().nullable(),
});

export function createHappenings({
  db,
  clock,
  ...telling
}: {
  readonly db: Database;
  readonly clock: Clock;
} & Telling): Happenings {
  const select = (where: Prisma.Sql, order: Prisma.Sql, limit: number, signal: AbortSignal) =>
    db.run((tables) => selectHappenings(tables, where, order, limit), signal);
  return {
    async note(notes, signal) {
      if (notes.length === 0) return;
      const data = notes.map(({ before, after, at = clock.now(), ...rest }) => ({
        ...{ ...rest, at },
        ...(before && { before: before as Prisma.InputJsonObject }),
        ...(after && { after: after as Prisma.InputJsonObject }),
      }));
      await db.run((tables) => tables.event.createMany({ data }), signal);
    },

    async publish(signal) {
      const waiting = await db.run(
        (tables) => tables.event.findFirst({ where: { seq: null }, select: { id: true } }),
        signal,
      );
      if (!waiting) return 0;
      return db.transaction(async (tables) => {
        await lock(tables, 'event order');
        const { from, to } = await number(tables);
        const fresh = await selectHappenings(
          tables,
          Prisma.sql`e.seq > ${from} AND e.seq <= ${to}`,
          Prisma.sql`ASC`,
          AT_ONCE,
        );
        await deliver(tables, fresh, clock.now(), telling);
        return Number(to - from);
      }, signal);
    },

    async mark(signal) {
      const mark = await db.run((tables) => tables.eventMark.findUniqueOrThrow({ where: { id: 1 } }), signal);
      return { published: Number(mark.published), pruned: Number(mark.pruned) };
    },

    read: ({ after, limit, appId }, signal) =>
      select(
        Prisma.sql`e.seq > ${BigInt(after)} AND (${appId ?? null}::uuid IS NULL OR e."appId" = ${appId ?? null}::uuid)`,
        Prisma.sql`ASC`,
        limit,
        signal,
      ),

    async last(appId, limit, signal) {
      const newest = await select(
        Prisma.sql`e.seq IS NOT NULL AND e."appId" = ${appId}::uuid`,
        Prisma.sql`DESC`,
        limit,
        signal,
      );
      return newest.toReversed();
    },

    prune: ({ olderThanMs, most }, signal) =>
      db.transaction(async (tables) => {
        const until = new Date(clock.now().getTime() - olderThanMs);
        const [found] = await tables.$queryRaw<{ seq: bigint | null }[]>`
          SELECT greatest(
            (SELECT max(seq) FROM "Event" WHERE seq IS NOT NULL AND at < ${until}),
            (SELECT published - ${most} FROM "EventMark" WHERE id = 1)) AS seq`;
        const seq = found?.seq ?? null;
        if (seq === null || seq <= 0n) return;
        await tables.event.deleteMany({ where: { seq: { lte: seq } } });
        await tables.$executeRaw`UPDATE "EventMark" SET pruned = greatest(pruned, ${seq}::bigint) WHERE id = 1`;
      }, signal),
  };
}

/** The numbers that what is committed gets, in the order in which it was written. */
async function number(tables: Tables): Promise<{ from: bigint; to: bigint }> {
  const { published: from } = await tables.eventMark.findUniqueOrThrow({ where: { id: 1 } });
  const numbered = await tables.$executeRaw`
    UPDATE "Event" e SET seq = ${from}::bigint + fresh.n
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM
      (SELECT id FROM "Event" WHERE seq IS NULL ORDER BY id LIMIT ${AT_ONCE}) waiting) fresh
    WHERE e.id = fresh.id`;
  const to = from + BigInt(numbered);
  await tables.eventMark.update({ where: { id: 1 }, data: { published: to } });
  return { from, to };
}

/** Whose doing it was: of a call, or of whoever the thing says. */
async function selectHappenings(
  tables: Tables,
  where: Prisma.Sql,
  order: Prisma.Sql,
  limit: number,
): Promise<Happening[]> {
  const rows = await tables.$queryRaw<unknown[]>`
    SELECT e.seq, e.at, e."appId"::text AS "appId", coalesce(a.name, a."formerName", e.before ->> 'name', e.after ->> 'name') AS name,
      e.kind, e.action, e.subject, e.before, e.after, u.id::text AS "userId", coalesce(e.email, u.email) AS email
    FROM "Event" e LEFT JOIN "App" a ON a.id = e."appId"
      LEFT JOIN "User" u ON u.id = coalesce(e."userId", (e.after ->> 'userId')::uuid)
    WHERE ${where} ORDER BY e.seq ${order} LIMIT ${limit}`;
  return rows.map((raw) => {
    const { appId, name, userId, email, ...rest } = row.parse(raw);
    return {
      ...rest,
      app: appId === null ? null : { id: appId, name: name ?? '' },
      by: userId === null || email === null ? null : { id: userId, email },
    };
  });
}
