import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { pause, withDeadline } from '../../../lib/deadline.ts';
import { PlatformError } from '../../domain/errors.ts';
import { foreignFailure } from './failures.ts';

/** The lock Prisma's own tool takes too, so that the two never run together. */
const LOCK = 72_707_369;
/** A PostgreSQL that was killed may have to replay its log first. */
const PATIENCE_MS = 60_000;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

/**
 * Brings the database to the state this program was written for, and keeps the table by which Prisma's tool knows what
 * was applied. Safe to run from several processes at once and as often as one likes: each migration is applied once, in a
 * transaction with its own record. Waits until the database accepts connections. Answers the names it applied.
 * Throws `database_away`, and `database_newer` before anything is touched.
 */
export async function migrate(
  databaseUrl: string,
  migrationsDir: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const known = await readMigrations(migrationsDir);
  const client = await connect(databaseUrl, signal);
  const leave = (): void => void client.end(); // whoever aborts need not wait for another process' migration
  signal.addEventListener('abort', leave, { once: true });
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const missing = compare(known, await readApplied(client));
    for (const migration of missing) await apply(client, migration);
    return missing.map(({ name }) => name);
  } catch (err) {
    throw signal.aborted ? signal.reason : foreignFailure(err);
  } finally {
    signal.removeEventListener('abort', leave);
    await client.end(); // and with the session, the lock
  }
}

async function readMigrations(dir: string): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(dir, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function connect(databaseUrl: string, signal: AbortSignal): Promise<Client> {
  let last: unknown;
  const attempt = async (inner: AbortSignal): Promise<Client> => {
    for (;;) {
      const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
      client.on('error', () => undefined); // a lost connection fails the statement, which says so
      try {
        await client.connect();
        return client;
      } catch (err) {
        await client.end();
        last = foreignFailure(err);
        // A wrong password does not become right by waiting.
        if (!PlatformError.is(last, 'database_away')) throw last;
      }
      await pause(100, inner);
    }
  };
  try {
    return await withDeadline(PATIENCE_MS, signal, attempt);
  } catch (err) {
    throw signal.aborted ? signal.reason : (last ?? err);
  }
}

async function readApplied(client: Client): Promise<readonly Applied[]> {
  await client.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`);
  const { rows } = await client.query<Applied>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name',
  );
  return rows;
}

/** What is still to be applied. Throws when the database and the program do not share one history. */
function compare(known: readonly Migration[], applied: readonly Applied[]): Migration[] {
  for (const { migration_name: name, checksum, finished_at } of applied) {
    const migration = known.find((one) => one.name === name);
    if (!migration) throw PlatformError.of('database_newer', { migration: name });
    if (finished_at === null)
      throw new Error(
        `Migration ${name} was begun by another tool and never finished; restore the database from a backup, or settle it with \`prisma migrate resolve\`.`,
      );
    if (migration.checksum !== checksum)
      throw new Error(
        `Migration ${name} is not the one this database was made with: the file was changed after it was applied. Put the original file back.`,
      );
  }
  const done = new Set(applied.map((one) => one.migration_name));
  return known.filter(({ name }) => !done.has(name));
}

async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
       VALUES ($1, $2, clock_timestamp(), $3, 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (err) {
    // The session may be gone; then PostgreSQL has rolled back by itself.
    await client.query('ROLLBACK').catch(() => undefined);
    throw err;
  }
}
