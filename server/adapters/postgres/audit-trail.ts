import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Secret } from '../../../lib/secret.ts';
import type { AuditCall, AuditChange, AuditEntry } from '../../domain/audit.ts';
import type { AuditFault, AuditTrail } from '../../ports/audit-trail.ts';
import { LOCK, type Ask, type Database, type Tables } from './database.ts';
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
  const add = createGroups<Draft>((drafts, signal) =>
    db.dealing(async (ask) => {
      const known = await look(ask, drafts);
      await ask(LOCK, ['audit trail']);
      const [last] = await ask<{ seq: string; hash: string }>(LAST, []);
      let [seq, hash] = [BigInt(last?.seq ?? 0), last?.hash ?? NOTHING];
      const rows = drafts.map((draft) => {
        const row = rowOf(draft, known);
        seq += 1n;
        hash = hashOf(hash, seq, row);
        return { ...row, seq: String(seq), hash };
      });
      const columns = (['seq', 'call', 'appId', 'record', 'hash'] as const).map((name) =>
        rows.map((row) => row[name]),
      );
      await ask(ADD, columns);
    }, signal),
  );

  return {
    begin: (call, signal) => add({ phase: 'begin', call }, signal),
    end: (id, ended, signal) => add({ phase: 'end', id, ended }, signal),
    list: (query, signal) => db.run((tables) => list(tables, query), signal),
    verify: (signal) => verify(db, hashOf, signal),
  };
}

function write(record: object): string {
  return storable(JSON.stringify(record));
}

/** A row that is to be added. */
type Draft =
  | { readonly phase: 'begin'; readonly call: AuditCall }
  | { readonly phase: 'end'; readonly id: string; readonly ended: Parameters<AuditTrail['end']>[1] };

/** What the database knows of the calls of a group. */
interface Known {
  /** Apps by the names and ids in paths. */
  readonly apps: ReadonlyMap<string, string>;
  /** Which app a call was about when it began. */
  readonly firsts: ReadonlyMap<string, string | null>;
  readonly changes: readonly (Changed & { readonly call: string })[];
}

interface Changed {
  readonly kind: string;
  readonly action: string;
  readonly id: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly appId: string | null;
}

async function look(ask: Ask, drafts: readonly Draft[]): Promise<Known> {
  const named = drafts.flatMap((draft) => (draft.phase === 'begin' ? appIn(draft.call) : []));
  const ends = drafts.flatMap((draft) => (draft.phase === 'end' ? draft.id : []));
  const apps =
    named.length === 0
      ? []
      : await ask<{ id: string; name: string | null }>(NAMED, [
          named.filter((one) => !isId(one)),
          named.filter(isId),
        ]);
  const firsts = ends.length === 0 ? [] : await ask<{ call: string; appId: string | null }>(FIRSTS, [ends]);
  const changes = ends.length === 0 ? [] : await ask<Changed & { call: string }>(CHANGES, [ends]);
  return {
    apps: new Map(apps.flatMap(({ id, name }) => [[id, id] as const, [name ?? id, id] as const])),
    firsts: new Map(firsts.map(({ call, appId }) => [call, appId])),
    changes,
  };
}

/** The app of a path, also by a name it has no longer by the time it ends. */
function appIn({ target }: AuditCall): string[] {
  const { app } = target;
  if (app === undefined) return [];
  return [isId(app) ? app.toLowerCase() : storable(app)];
}

function rowOf(draft: Draft, { apps, firsts, changes }: Known): Row {
  if (draft.phase === 'begin') {
    const { call } = draft;
    const [app] = appIn(call);
    const appId = (app === undefined ? undefined : apps.get(app)) ?? null;
    return { call: call.id, appId, record: write({ phase: 'begin', ...call }) };
  }
  const { id } = draft;
  const { at, outcome, ...rest } = draft.ended;
  const own = changes.filter(({ call }) => call === id);
  const record = write({
    ...{ phase: 'end', id, at, outcome },
    error: 'error' in rest ? rest.error : null,
    changes: own.map((one) => change.parse(one)),
  });
  const appId = firsts.get(id) ?? own.find((one) => one.appId !== null)?.appId ?? null;
  return { call: id, appId, record };
}

const LAST = { name: 'last audit row', text: 'SELECT seq, hash FROM "AuditRow" ORDER BY seq DESC LIMIT 1' };
const NAMED = {
  name: 'apps named',
  text: 'SELECT id, name FROM "App" WHERE name = ANY($1::text[]) OR id = ANY($2::uuid[])',
};
const FIRSTS = {
  name: 'first audit rows',
  text: 'SELECT call, "appId" FROM "AuditRow" WHERE call = ANY($1::uuid[])',
};
const CHANGES = {
  name: 'changes of calls',
  text: `
    SELECT asked.call, e.kind, e.action, e.subject AS id, e.before, e.after, e."appId"
    FROM unnest($1::uuid[]) AS asked(call)
    CROSS JOIN LATERAL (
      SELECT * FROM "Event" WHERE call = asked.call ORDER BY id LIMIT ${MOST_CHANGES}) e
    ORDER BY e.id`,
};
const ADD = {
  name: 'add audit rows',
  text: `
    INSERT INTO "AuditRow" (seq, call, "appId", record, hash)
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])`,
};

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
