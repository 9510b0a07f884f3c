import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run, runOrThrow } from '../../lib/child.ts';
import { isSystemError } from '../../lib/errors.ts';
import { bareEnvironment, type Context } from '../context.ts';
import { setupErrors } from '../errors.ts';
import { directory, exists, type Home } from '../home.ts';
import type { Part } from '../part.ts';
import { partUser, type User } from '../users.ts';
import { STOPS, markOf } from '../stopping.ts';

const INSTALLED = '/usr/lib/postgresql';

/** PostgreSQL on a unix socket only, as an unprivileged user. Its data directory decides the version that runs. */
export async function postgresPart({ home }: Context, signal: AbortSignal): Promise<Part> {
  const data = join(home.root, 'postgres');
  const sockets = join(home.run, 'postgres');
  const user = await partUser('postgres', signal);
  const bin = join(INSTALLED, (await versionOf(data)) ?? (await newestInstalled()), 'bin');
  const env = { ...bareEnvironment(), ...markOf(home, 'postgres') };
  const settings = {
    listen_addresses: '',
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
    fsync: 'on',
    shared_buffers: '64MB',
    max_connections: '200',
    log_min_messages: 'warning',
  };
  return {
    name: 'postgres',
    title: 'database',
    needs: [],
    command: join(bin, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env,
    user,
    async prepare(_attempt, inner) {
      await checkDatabaseVersion(home);
      await directory(sockets, 0o700, user);
      if ((await versionOf(data)) === undefined) await initialise({ bin, data, user, env }, inner);
    },
    async probe(inner) {
      const answer = await run(
        join(bin, 'pg_isready'),
        ['-q', '-h', sockets, '-U', 'gantry', '-d', 'gantry', '-t', '3'],
        { env },
        inner,
      );
      if (answer.code !== 0)
        throw new Error(answer.code === 1 ? 'it is starting or recovering' : 'no answer on its socket');
    },
    stop: STOPS.postgres,
    readyMs: 60_000,
    whenHung: 'report',
    version: '1',
  };
}

/**
 * Throws `database_version_missing` when the database was made by a PostgreSQL that is not installed any more, as after an
 * upgrade of Debian: another version cannot read it.
 */
export async function checkDatabaseVersion(home: Home, installed = INSTALLED): Promise<void> {
  const data = join(home.root, 'postgres');
  const version = await versionOf(data);
  const runs = (one: string): Promise<boolean> => exists(join(installed, one, 'bin', 'postgres'));
  if (version === undefined || (await runs(version))) return;
  const others: string[] = [];
  for (const one of await readdir(installed).catch(() => [])) if (await runs(one)) others.push(one);
  throw setupErrors.of('database_version_missing', { data, version, others });
}

/** Made aside and moved into place when complete, so that a crash in between leaves nothing that looks like a database. */
async function initialise(
  what: { bin: string; data: string; user: User; env: Record<string, string> },
  signal: AbortSignal,
): Promise<void> {
  const fresh = `${what.data}.new`;
  await rm(fresh, { recursive: true, force: true });
  await directory(fresh, 0o700, what.user);
  const args = [
    '-D',
    fresh,
    '-U',
    'gantry',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--auth-local=trust',
    '--auth-host=reject',
  ];
  const { bin, user, env } = what;
  await runOrThrow(join(bin, 'initdb'), args, { env, cwd: '/', user }, signal);
  const single = ['--single', '-D', fresh, 'postgres'];
  await runOrThrow(
    join(bin, 'postgres'),
    single,
    { env, cwd: '/', user, input: 'CREATE DATABASE gantry;\n' },
    signal,
  );
  await rename(fresh, what.data);
}

async function versionOf(data: string): Promise<string | undefined> {
  try {
    return (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return undefined;
    throw err;
  }
}

async function newestInstalled(): Promise<string> {
  const versions = (await readdir(INSTALLED))
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(b) - Number(a));
  const newest = versions[0];
  if (newest === undefined) throw new Error('no PostgreSQL is installed');
  return newest;
}
