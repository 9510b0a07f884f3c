import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BACKUP, BACKUP_KEY } from '../../lib/backup-contents.ts';
import { run, runOrThrow } from '../../lib/child.ts';
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
    // First: what it names is there now, and whatever comes after it does no harm.
    await dumpDatabase(config.databaseUrl, join(staging, BACKUP.dump), signal);
    const repositories = await writeBundles(config, join(staging, BACKUP.bundles), signal);
    const key = await ensureKey(config, signal);
    await encrypt({ staging, home: config.home, key, file }, signal);
    return { file, bytes: (await stat(file)).size, repositories, key };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
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

/** Made with the first backup; whoever has it can open all of them. */
async function ensureKey({ paths }: Config, signal: AbortSignal): Promise<string> {
  const key = join(paths.secrets, BACKUP_KEY);
  const draft = `${key}.new`;
  if ((await namesIn(paths.secrets)).includes(BACKUP_KEY)) return key;
  await rm(draft, { force: true });
  await runOrThrow('age-keygen', ['-o', draft], { env }, signal);
  await rename(draft, key);
  return key;
}

async function encrypt(
  { staging, home, key, file }: { staging: string; home: string; key: string; file: string },
  signal: AbortSignal,
): Promise<void> {
  const recipient = (await runOrThrow('age-keygen', ['-y', key], { env }, signal)).trim();
  const draft = `${file}.part`;
  const copied: string[] = [];
  for (const name of BACKUP.copied) if (await exists(join(home, name))) copied.push(name);
  const pack = [
    ...['--create', '--file=-', '--exclude=_uploads', `--exclude=secrets/${BACKUP_KEY}*`],
    // The registry goes on: what it takes and clears meanwhile is not of the moment that is backed up.
    ...['--warning=no-file-changed', '--warning=no-file-removed', '--ignore-failed-read'],
    ...['-C', staging, BACKUP.manifest, BACKUP.restore],
    ...['-C', home, ...copied],
  ];
  try {
    await writeFile(draft, '', { mode: 0o600 });
    const [packed, sealed] = await pipeline(
      { command: 'tar', args: pack, env },
      { command: 'age', args: ['--encrypt', '--recipient', recipient, '--output', draft], env },
      signal,
    );
    // 1: a file changed or went while it was read.
    if (packed.code !== 0 && packed.code !== 1) throw new Error(`tar failed: ${lastLine(packed.stderr)}`);
    if (sealed.code !== 0) throw new Error(`age failed: ${lastLine(sealed.stderr)}`);
    await run('sync', [draft], { env }, signal);
    await rename(draft, file);
  } catch (err) {
    await rm(draft, { force: true });
    throw err;
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
