import { cp, link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BACKUP, BACKUP_KEY } from '../../lib/backup-contents.ts';
import { runOrThrow } from '../../lib/child.ts';
import { isSystemError } from '../../lib/errors.ts';
import { pipeline } from '../../lib/pipeline.ts';
import { VERSION } from '../../lib/version.ts';
import { writeBundle } from '../adapters/git/bundle.ts';
import { dumpDatabase } from '../adapters/postgres/dump.ts';
import type { Config } from '../config.ts';

interface MadeBackup {
  readonly file: string;
  readonly bytes: number;
  readonly repositories: number;
  /** The file without which the backup cannot be opened. */
  readonly key: string;
}

const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
const MAKING = '.making-';
/** What a backup that was killed has left is removed by one that begins so much later. */
const LEFT_MS = 24 * 60 * 60_000;

/**
 * Backs the platform up into one encrypted file while it runs: `output`, or a new file in GANTRY_HOME/backups. The
 * database is as it was at one moment; of what was pushed and deployed after that moment there may be more. Whole or not
 * there.
 */
export async function makeBackup(
  config: Config,
  output: string | undefined,
  signal: AbortSignal,
): Promise<MadeBackup> {
  const madeAt = new Date().toISOString();
  const folder = join(config.home, 'backups');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeLeft(folder);
  const file = output ?? join(folder, `gantry-${madeAt.replaceAll(':', '-').replace(/\.\d+/, '')}.age`);
  const staging = await mkdtemp(join(folder, MAKING));
  try {
    await mkdir(join(staging, BACKUP.bundles), { recursive: true });
    const manifest = { format: 1, version: VERSION, madeAt, platform: config.platformId };
    await writeFile(join(staging, BACKUP.manifest), `${JSON.stringify(manifest)}\n`);
    const masterKey = join(config.home, BACKUP.masterKey);
    const before = await readFile(masterKey, 'utf8');
    // First: what it names is there now, and of repositories and images what comes after it does no harm.
    await dumpDatabase(config.databaseUrl, join(staging, BACKUP.dump), signal);
    const repositories = await writeBundles(config, join(staging, BACKUP.bundles), signal);
    await copyKeys(config.home, staging);
    // A rotation may have come between, which takes a key away that the dump still needs.
    const keys = unionOfKeys(await readFile(masterKey, 'utf8'), before);
    await writeFile(join(staging, BACKUP.masterKey), keys, { mode: 0o600 });
    const key = await ensureKey(config, signal);
    // Where a backup that was killed is cleared away, if it may be there.
    const draft = output === undefined ? join(staging, 'archive') : `${output}.part`;
    await encrypt({ staging, home: config.home, key, file, draft }, signal);
    return { file, bytes: (await stat(file)).size, repositories, key };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** The lines of a file of master keys as it is now, and behind them those that it had earlier and has no more. */
export function unionOfKeys(now: string, earlier: string): string {
  const lines = `${now}\n${earlier}`.split('\n').map((line) => line.trim());
  return [...new Set(lines)].flatMap((line) => (line === '' ? [] : [`${line}\n`])).join('');
}

/** Without the key of backups, and without drafts of what is just being written. */
async function copyKeys(home: string, staging: string): Promise<void> {
  await cp(join(home, BACKUP.id), join(staging, BACKUP.id));
  await cp(join(home, BACKUP.secrets), join(staging, BACKUP.secrets), {
    recursive: true,
    filter: (path) => !basename(path).startsWith(BACKUP_KEY) && !path.endsWith('.new'),
  });
  if (await exists(join(home, BACKUP.adminToken)))
    await cp(join(home, BACKUP.adminToken), join(staging, BACKUP.adminToken));
}

async function removeLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.startsWith(MAKING) && Date.now() - (await stat(path)).mtimeMs > LEFT_MS)
      await rm(path, { recursive: true, force: true });
  }
}

async function writeBundles({ paths }: Config, folder: string, signal: AbortSignal): Promise<number> {
  let written = 0;
  for (const name of await namesIn(paths.repositories)) {
    const [, appId] = /^([A-Za-z0-9-]+)\.git$/.exec(name) ?? [];
    if (appId === undefined) continue;
    const repository = join(paths.repositories, name);
    try {
      if (await writeBundle(repository, join(folder, `${appId}.bundle`), signal)) written += 1;
    } catch (err) {
      if ((await namesIn(repository)).length > 0) throw err; // else it went with its app meanwhile
    }
  }
  return written;
}

/** Made with the first backup, also when two are the first; whoever has it can open all of them. */
async function ensureKey({ paths }: Config, signal: AbortSignal): Promise<string> {
  const key = join(paths.secrets, BACKUP_KEY);
  if (await exists(key)) return key;
  const draft = `${key}.${process.pid}.new`;
  try {
    await rm(draft, { force: true });
    await runOrThrow('age-keygen', ['-o', draft], { env }, signal);
    await runOrThrow('sync', [draft], { env }, signal);
    await link(draft, key);
  } catch (err) {
    if (!isSystemError(err, 'EEXIST')) throw err; // else another one made it meanwhile
  } finally {
    await rm(draft, { force: true });
  }
  return key;
}

interface Sealing {
  readonly staging: string;
  readonly home: string;
  readonly key: string;
  readonly draft: string;
  readonly file: string;
}

async function encrypt({ staging, home, key, draft, file }: Sealing, signal: AbortSignal): Promise<void> {
  const recipient = (await runOrThrow('age-keygen', ['-y', key], { env }, signal)).trim();
  const pack = [
    ...['--create', '--file=-', '--exclude=_uploads'],
    ...['-C', staging, BACKUP.manifest, BACKUP.restore, BACKUP.id, BACKUP.secrets],
    ...((await exists(join(staging, BACKUP.adminToken))) ? [BACKUP.adminToken] : []),
    // The registry goes on: what it takes and clears meanwhile is not of the moment that is backed up.
    ...['--warning=no-file-changed', '--warning=no-file-removed', '--ignore-failed-read'],
    ...((await exists(join(home, BACKUP.blobs))) ? ['-C', home, BACKUP.blobs] : []),
  ];
  try {
    await writeFile(draft, '', { mode: 0o600 });
    const [packed, sealed] = await pipeline(
      { command: 'tar', args: pack, env },
      { command: 'age', args: ['--encrypt', '--recipient', recipient, '--output', draft], env },
      signal,
    );
    // The reader first: one that fails breaks the writer's pipe.
    if (sealed.code !== 0) throw new Error(`age failed: ${lastLine(sealed.stderr)}`);
    // 1: a file changed or went while it was read.
    if (packed.code !== 0 && packed.code !== 1) throw new Error(`tar failed: ${lastLine(packed.stderr)}`);
    if ((await stat(draft)).size === 0)
      throw new Error(`Nothing was written to ${draft}; there is no backup.`);
    await runOrThrow('sync', [draft], { env }, signal);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

const lastLine = (said: string): string => said.trim().split('\n').at(-1) ?? '';

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return [];
    throw err;
  }
}
