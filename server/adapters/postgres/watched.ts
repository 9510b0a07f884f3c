import { Client } from 'pg';
import { foreignFailure } from './failures.ts';

/**
 * Every table whose changes are told (`Event`) is every table but these: a table that is added later is watched without
 * anybody having to think of it.
 */
export const UNWATCHED: readonly string[] = [
  ...['Event', 'EventMark', 'AuditRow', 'WebhookEvent', 'WebhookDelivery'],
  // answers, lines and marks, which are no facts of the domain
  ...['RequestAnswer', 'TranscriptPage', 'Reign', 'Platform', '_prisma_migrations'],
];

/** Columns of any table that say nothing to anybody: counters, clocks, and what is too large to be told. */
const MUTE = [
  ...['revision', 'updatedAt', 'lastSeq', 'lastVersion', 'position', 'epoch', 'attempt', 'network', 'image'],
  ...['slugBytes', 'repositoryBytes'],
  ...[
    'transcriptPrunedAt',
    'lastLoginAt',
    'totpStep',
    'lastUsedAt',
    'usedAt',
    'seenAt',
    'lastSeenAt',
    'heartbeatAt',
  ],
];

/** Columns that are told with every change of a row, because they name it. */
const NAMES = [
  'name',
  'version',
  'type',
  'seq',
  'releaseId',
  'buildId',
  'commit',
  'userId',
  'description',
  'hostname',
];

/** Rows of these go only with their app, which is told once. */
const KEPT = new Set(['App', 'Build', 'Release', 'Deployment']);

const TRIGGER = 'gantry_tell';

/**
 * Makes the triggers true that tell of changes; to be called after `migrate`. Idempotent, and without a lock on any table
 * that is watched already.
 */
export async function watchTables(databaseUrl: string, signal: AbortSignal): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // a lost connection fails the statement, which says so
  const leave = (): void => void client.end();
  try {
    await client.connect();
    signal.addEventListener('abort', leave, { once: true });
    await client.query('BEGIN');
    // Two servers may start together.
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('watched tables', 0))");
    for (const { table, columns, has } of await tablesOf(client)) {
      const wanted = argumentsOf(table, columns);
      if (has === wanted.join('\0')) continue;
      const events = KEPT.has(table) ? 'INSERT OR UPDATE' : 'INSERT OR UPDATE OR DELETE';
      await client.query(
        `CREATE OR REPLACE TRIGGER ${TRIGGER} AFTER ${events} ON ${client.escapeIdentifier(table)}
         FOR EACH ROW WHEN (current_setting('gantry.resealing', true) IS DISTINCT FROM 'on')
         EXECUTE FUNCTION gantry_tell(${wanted.map((one) => client.escapeLiteral(one)).join(', ')})`,
      );
    }
    await client.query('COMMIT');
  } catch (err) {
    throw signal.aborted ? signal.reason : foreignFailure(err);
  } finally {
    signal.removeEventListener('abort', leave);
    await client.end();
  }
}

interface Table {
  readonly table: string;
  readonly columns: readonly string[];
  /** The arguments of its trigger; null also for one of a version that knew no condition. */
  readonly has: string | null;
}

async function tablesOf(client: Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `SELECT c.relname AS table,
       array(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
       (SELECT rtrim(replace(encode(t.tgargs, 'escape'), '\\000', chr(1)), chr(1))
          FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = $1 AND t.tgqual IS NOT NULL) AS has
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname <> ALL ($2) ORDER BY c.relname`,
    [TRIGGER, UNWATCHED],
  );
  return rows.map((row) => ({ ...row, has: row.has?.replaceAll('\u0001', '\0') ?? null }));
}

function argumentsOf(table: string, columns: readonly string[]): string[] {
  const kind = table.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  const app = table === 'App' ? 'id' : columns.includes('appId') ? 'appId' : '';
  return [kind, app, MUTE.join(','), NAMES.join(',')];
}
