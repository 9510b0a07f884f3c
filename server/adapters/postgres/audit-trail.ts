import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Secret } from '../../../lib/secret.ts';
import type { AuditCall, AuditChange, AuditEntry } from '../../domain/audit.ts';
import type { AuditFault, AuditTrail } from '../../ports/audit-trail.ts';
import { lock, type Database, type Tables } from './database.ts';
import { isId, storable } from './stored-json.ts';

/** What the first row follows. */
const NOTHING = '0'.repeat(64);
/** Rows that are read at once when the chain is verified. */
const PAGE = 1_000;
/** A call that changes more rows than this is told by its first ones. */
const MOST_CHANGES = 200;

interface Row {
  readonly call: string;
  readonly appId: string | null;
  /** Written as it is, so that what is hashed is what is read. */
  readonly record: string;
}

const begun = z.object({
  phase: z.literal('begin'),
  id: z.string(),
  at: z.string(),
  door: z.enum(['api', 'git']),
  actor: z.object({ id: z.string(), email: z.string() }),
  token: z.string().nullable(),
  ip: z.string().nullable(),
  requestId: z.string().nullable(),
  action: z.string(),
  target: z.record(z.string(), z.string()),
});
const change = z.object({
  kind: z.string(),
  action: z.enum(['create', 'update', 'destroy']),
  id: z.string(),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
});
const ended = z.object({
  phase: z.literal('end'),
  id: z.string(),
  at: z.string(),
  outcome: z.enum(['succeeded', 'refused', 'failed']),
  error: z.string().nullable(),
  changes: z.array(change),
});

/**
 * Calls that come together are written together: each row waits for the one before it, and a transaction per row would
 * have every write of the platform stand in one line.
 */
export function createAuditTrail({ db, key }: { readonly db: Database; readonly key: Secret }): AuditTrail {
  const hashOf = (before: string, seq: bigint, { call, appId, record }: Row): string =>
    createHmac('sha256', key.reveal())
      .update(JSON.stringify([before, String(seq), call, appId, record]))
      .digest('hex');
  const add = createGroups<(tables: Tables) => Promise<Row>>(async (makers, signal) => {
    await db.transaction(async (tables) => {
      await lock(tables, 'audit trail');
      const last = await tables.auditRow.findFirst({
        orderBy: { seq: 'desc' },
        select: { seq: true, hash: true },
      });
      let [seq, hash] = [last?.seq ?? 0n, last?.hash ?? NOTHING];
      const rows = [];
      for (const make of makers) {
        const row = await make(tables);
        seq += 1n;
        hash = hashOf(hash, seq, row);
        rows.push({ ...row, seq, hash });
      }
      await tables.auditRow.createMany({ data: rows });
    }, signal);
  });

  return {
    begin: (call, signal) =>
      add(async (tables) => {
        const app = await appNamed(tables, call.target['app']);
        return { call: call.id, appId: app, record: write({ phase: 'begin', ...call }) };
      }, signal),
    end: (id, { at, outcome, ...rest }, signal) =>
      add(async (tables) => {
        const changes = await changesOf(tables, id);
        const first = await tables.auditRow.findFirst({ where: { call: id }, select: { appId: true } });
        const appId = first?.appId ?? changes.find((one) => one.appId !== null)?.appId ?? null;
        const record = write({
          ...{ phase: 'end', id, at, outcome },
          error: 'error' in rest ? rest.error : null,
          changes: changes.map((one) => change.parse(one)),
        });
        return { call: id, appId, record };
      }, signal),
    list: (query, signal) => db.run((tables) => list(tables, query), signal),
    verify: (signal) => verify(db, hashOf, signal),
  };
}

function write(record: object): string {
  return storable(JSON.stringify(record));
}

/** The app of a path, also by a name it has no longer by the time it ends. */
async function appNamed(tables: Tables, nameOrId: string | undefined): Promise<string | null> {
  if (nameOrId === undefined) return null;
  const where = isId(nameOrId) ? { id: nameOrId } : { name: storable(nameOrId) };
  return (await tables.app.findFirst({ where, select: { id: true } }))?.id ?? null;
}

async function changesOf(tables: Tables, call: string) {
  const events = await tables.event.findMany({ where: { call }, orderBy: { id: 'asc' }, take: MOST_CHANGES });
  return events.map(({ kind, action, subject, before, after, appId }) => ({
    ...{ kind, action, id: subject, before, after, appId },
  }));
}

async function list(tables: Tables, query: Parameters<AuditTrail['list']>[0]): Promise<AuditEntry[]> {
  // A call of an app that began before the app was there (its creation) is found by its end.
  const calls = await tables.$queryRaw<{ call: string; seq: bigint }[]>`
    SELECT call, min(seq) AS seq FROM "AuditRow" a
    WHERE (${query.appId ?? null}::uuid IS NULL OR call IN (SELECT call FROM "AuditRow" WHERE "appId" = ${query.appId ?? null}::uuid))
    GROUP BY call HAVING min(seq) < ${BigInt(query.before ?? Number.MAX_SAFE_INTEGER)}
    ORDER BY min(seq) DESC LIMIT ${query.limit}`;
  const rows = await tables.auditRow.findMany({
    where: { call: { in: calls.map(({ call }) => call) } },
    orderBy: { seq: 'asc' },
  });
  return calls.flatMap(({ call, seq }) => {
    const own = rows.filter((row) => row.call === call);
    const entry = entryOf(own, Number(seq));
    return entry ? [entry] : [];
  });
}

function entryOf(
  rows: readonly { readonly appId: string | null; readonly record: string; readonly hash: string }[],
  seq: number,
): AuditEntry | undefined {
  const records = rows.map(({ record }): unknown => JSON.parse(record));
  const first = records.map((one) => begun.safeParse(one).data).find((one) => one !== undefined);
  const last = records.map((one) => ended.safeParse(one).data).find((one) => one !== undefined);
  if (!first) return undefined;
  const appId = rows.map((row) => row.appId).find((one) => one !== null);
  return {
    ...callOf(first),
    seq,
    app: appId === undefined ? null : { id: appId },
    outcome: last?.outcome ?? 'unknown',
    error: last?.error ?? null,
    changes: (last?.changes ?? []) satisfies AuditChange[],
    hash: rows.at(-1)?.hash ?? '',
  };
}

function callOf({
  id,
  at,
  door,
  actor,
  token,
  ip,
  requestId,
  action,
  target,
}: z.infer<typeof begun>): AuditCall {
  return { id, at, door, actor, token, ip, requestId, action, target };
}

async function verify(
  db: Database,
  hashOf: (before: string, seq: bigint, row: Row) => string,
  signal: AbortSignal,
): Promise<{ rows: number; fault: AuditFault | null }> {
  let [at, hash, rows] = [0n, NOTHING, 0];
  for (;;) {
    const page = await db.run(
      (tables) =>
        tables.auditRow.findMany({ where: { seq: { gt: at } }, orderBy: { seq: 'asc' }, take: PAGE }),
      signal,
    );
    for (const row of page) {
      const seq = Number(row.seq);
      if (row.seq !== at + 1n) return { rows, fault: { seq, problem: `row ${at + 1n} is missing` } };
      if (hashOf(hash, row.seq, row) !== row.hash)
        return {
          rows,
          fault: { seq, problem: `row ${seq} was changed, or does not follow the one before it` },
        };
      [at, hash, rows] = [row.seq, row.hash, rows + 1];
    }
    if (page.length < PAGE) return { rows, fault: null };
  }
}

/** Hands over what came while the last group was being worked on, as one group; each caller hears how its group went. */
function createGroups<T>(work: (group: readonly T[], signal: AbortSignal) => Promise<void>) {
  let waiting: T[] = [];
  let next: Promise<void> | undefined;
  let running: Promise<void> = Promise.resolve();
  return (item: T, signal: AbortSignal): Promise<void> => {
    waiting.push(item);
    next ??= running
      .catch(() => undefined)
      .then(() => {
        const group = waiting;
        waiting = [];
        next = undefined;
        // One caller who leaves must not take the others along: the statements have a deadline of their own.
        running = work(group, new AbortController().signal);
        return running;
      });
    return unlessLeft(next, signal);
  };
}

function unlessLeft(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
