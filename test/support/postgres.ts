import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { pause } from '../../lib/deadline.ts';
import { runOrThrow } from '../../lib/child.ts';

/** A throw-away PostgreSQL on a unix socket, with its own data directory. */
export interface TestPostgres extends AsyncDisposable {
  /** Makes a database, empty or like the one of `template` (which nobody may be using), and answers its URL. */
  createDatabase(template?: string): Promise<string>;
  /** Stops the server as a crash would. */
  kill(): Promise<void>;
  /** Starts it again; resolves when it accepts connections. */
  start(): Promise<void>;
}

const quietly = AbortSignal.timeout(10 * 60_000);

/** Starts one; no fsync, because it is deleted with the test. PostgreSQL refuses root, so it runs as `postgres` then. */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = await newestBinaries();
  const home = await mkdtemp(join(tmpdir(), 'gantry-pg-'));
  const data = join(home, 'data');
  const owner = await ownerWhenRoot();
  if (owner) await chown(home, owner.uid, owner.gid);

  async function child(program: string, args: readonly string[]): Promise<ChildProcess> {
    return Promise.resolve(
      spawn(join(bin, program), [...args], { stdio: 'ignore', cwd: home, ...owner, env: { LC_ALL: 'C' } }),
    );
  }
  const urlOf = (database: string): string => `postgresql://gantry@localhost/${database}?host=${home}`;

  let server: ChildProcess | undefined;
  const initdb = await child('initdb', [
    '-D',
    data,
    '-U',
    'gantry',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-sync',
  ]);
  const code = await new Promise((resolve) => initdb.once('exit', resolve));
  if (code !== 0) throw new Error(`initdb ended with ${String(code)}`);

  async function start(): Promise<void> {
    const settings = [
      'listen_addresses=',
      `unix_socket_directories=${home}`,
      'fsync=off',
      'max_connections=60',
    ];
    server = await child('postgres', ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]);
    for (;;) {
      if (server.exitCode !== null) server = await child('postgres', ['-D', data]);
      if (await answers(urlOf('postgres'))) return;
      await pause(20, quietly);
    }
  }

  async function kill(): Promise<void> {
    if (server?.exitCode !== null) return;
    const gone = new Promise((resolve) => server?.once('exit', resolve));
    server.kill('SIGQUIT'); // "immediate": backends die in mid-statement and the next start recovers
    await gone;
  }

  await start();
  return {
    start,
    kill,
    async createDatabase(template) {
      const like = template === undefined ? 'template0' : new URL(template).pathname.slice(1);
      const name = `t${randomBytes(6).toString('hex')}`;
      const client = new Client({ connectionString: urlOf('postgres') });
      await client.connect();
      await client.query(
        `CREATE DATABASE ${client.escapeIdentifier(name)} TEMPLATE ${client.escapeIdentifier(like)}`,
      );
      await client.end();
      return urlOf(name);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined); // told by the answer
  try {
    await client.connect();
    await client.query('SELECT 1');
    await client.end();
    return true;
  } catch {
    return false; // not up yet
  }
}

async function newestBinaries(): Promise<string> {
  const root = '/usr/lib/postgresql';
  const versions = (await readdir(root)).map(Number).filter(Number.isInteger);
  return join(root, String(Math.max(...versions)), 'bin');
}

async function ownerWhenRoot(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const ask = async (flag: string): Promise<number> =>
    Number(await runOrThrow('id', [flag, 'postgres'], {}, quietly));
  return { uid: await ask('-u'), gid: await ask('-g') };
}
