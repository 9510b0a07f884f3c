import { open, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Client } from 'pg';
import { runOrThrow } from '../../../lib/child.ts';
import { pause } from '../../../lib/deadline.ts';
import { isSystemError, messageOf } from '../../../lib/errors.ts';
import { PlatformError } from '../../domain/errors.ts';
import { foreignFailure } from './failures.ts';

const PROGRAMS = '/usr/local/bin:/usr/bin:/bin';
const WAIT_MS = 500;

/** By which PostgreSQL tells who fills it. */
const FILLER = 'gantry restore';

/**
 * Writes all of a database into a file, as it is at one moment; nobody who changes rows waits for it. Throws
 * `dump_tool_unfit`.
 */
export async function dumpDatabase(databaseUrl: string, file: string, signal: AbortSignal): Promise<void> {
  const args = ['--format=custom', '--no-owner', '--no-privileges', '--file', file];
  await tool('pg_dump', args, environmentFor(databaseUrl), signal);
}

/**
 * Fills an empty database from the file that `dumpDatabase` wrote, all of it or nothing, and removes that file. `begun` is
 * written before: found together with tables it says that they are of an earlier call, which was killed after it had filled
 * the database, and nothing is left to do. One call at a time fills, in whatever process; the others wait for it. Throws
 * `database_not_empty` for a database that has tables of others, `database_away`, `dump_tool_unfit`.
 */
export async function fillDatabase(
  databaseUrl: string,
  { file, begun }: { readonly file: string; readonly begun: string },
  signal: AbortSignal,
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // a lost connection fails the statement, which says so
  const asked = <T>(question: Promise<T>): Promise<T> =>
    question.catch((err: unknown) => {
      throw foreignFailure(err);
    });
  try {
    await asked(client.connect());
    await asked(takeTurn(client, signal));
    if (await asked(hasTables(client))) {
      if ((await exists(file)) && !(await exists(begun))) throw PlatformError.of('database_not_empty', {});
    } else {
      await writeDurably(begun);
      const env = { ...environmentFor(databaseUrl), PGAPPNAME: FILLER };
      const args = ['--single-transaction', '--exit-on-error', '--no-owner', '--no-privileges'];
      await tool('pg_restore', [...args, '--dbname', env.PGDATABASE, file], env, signal);
    }
    await rm(file, { force: true });
  } finally {
    await client.end(); // and with it our turn
  }
}

/** Until nobody else fills the database, nor a program whose server was killed; the turn is the connection's. */
async function takeTurn(client: Client, signal: AbortSignal): Promise<void> {
  const lock = "SELECT pg_try_advisory_lock(hashtextextended('gantry restore', 0)) AS free";
  const fillers =
    'SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 LIMIT 1';
  while ((await client.query<{ free: boolean }>(lock)).rows[0]?.free !== true) await pause(WAIT_MS, signal);
  while ((await client.query(fillers, [FILLER])).rows.length > 0) await pause(WAIT_MS, signal);
  signal.throwIfAborted();
}

async function hasTables(client: Client): Promise<boolean> {
  const { rows } = await client.query(
    "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'public' AND relkind = 'r' LIMIT 1",
  );
  return rows.length > 0;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Empty; there after a loss of power too. */
async function writeDurably(path: string): Promise<void> {
  await writeFile(path, '', { flush: true });
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Runs one of PostgreSQL's programs; that it is not there, or not for this version, no other try mends. */
async function tool(
  program: 'pg_dump' | 'pg_restore',
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  try {
    await runOrThrow(program, args, { env: { ...env, LC_ALL: 'C' }, cwd: '/' }, signal);
  } catch (err) {
    if (isSystemError(err, 'ENOENT'))
      throw PlatformError.of('dump_tool_unfit', { program, why: 'it is not installed' }, err);
    const why = /server version mismatch|unsupported version \([^)]*\)/.exec(messageOf(err))?.[0];
    if (why !== undefined) throw PlatformError.of('dump_tool_unfit', { program, why }, err);
    throw err;
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
