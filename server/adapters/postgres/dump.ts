import { Client } from 'pg';
import { runOrThrow } from '../../../lib/child.ts';
import { PlatformError } from '../../domain/errors.ts';
import { foreignFailure } from './failures.ts';

const PROGRAMS = '/usr/local/bin:/usr/bin:/bin';

/** Writes all of a database into a file, as it is at one moment; nobody waits for it. */
export async function dumpDatabase(databaseUrl: string, file: string, signal: AbortSignal): Promise<void> {
  const args = ['--format=custom', '--no-owner', '--no-privileges', '--file', file];
  await runOrThrow('pg_dump', args, { env: environmentFor(databaseUrl), cwd: '/' }, signal);
}

/**
 * Fills an empty database from what `dumpDatabase` wrote, all of it or nothing. Throws `database_not_empty` for one that
 * has tables, `database_away`.
 */
export async function fillDatabase(databaseUrl: string, file: string, signal: AbortSignal): Promise<void> {
  if (await hasTables(databaseUrl)) throw PlatformError.of('database_not_empty', {});
  const env = environmentFor(databaseUrl);
  const args = ['--single-transaction', '--exit-on-error', '--no-owner', '--no-privileges'];
  await runOrThrow('pg_restore', [...args, '--dbname', env.PGDATABASE, file], { env, cwd: '/' }, signal);
}

async function hasTables(databaseUrl: string): Promise<boolean> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // a lost connection fails the statement, which says so
  try {
    await client.connect();
    const { rows } = await client.query(
      "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'public' AND relkind = 'r' LIMIT 1",
    );
    return rows.length > 0;
  } catch (err) {
    throw foreignFailure(err);
  } finally {
    await client.end();
  }
}

/**
 * Where the database is, for PostgreSQL's own programs: in their environment, as everybody on the machine can read their
 * arguments, and a URL may have a password.
 */
function environmentFor(databaseUrl: string) {
  const { host, port, user, password, database } = new Client({ connectionString: databaseUrl });
  const sslmode = new URL(databaseUrl).searchParams.get('sslmode');
  return {
    PATH: PROGRAMS,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user ?? '',
    PGDATABASE: database ?? '',
    PGCONNECT_TIMEOUT: '5',
    ...(typeof password === 'string' && { PGPASSWORD: password }),
    ...(sslmode !== null && { PGSSLMODE: sslmode }),
  };
}
