import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BACKUP, BACKUP_KEY, backupManifest } from '../lib/backup-contents.ts';
import { messageOf } from '../lib/errors.ts';
import { pipeline } from '../lib/pipeline.ts';
import { bareEnvironment } from './context.ts';
import { setupErrors } from './errors.ts';
import { exists, findHome, mayBecomeHome, RESTORING } from './home.ts';
import { addPackages, type Caller } from './up.ts';
import { partUser } from './users.ts';

const OPTIONS = { key: { type: 'string' } } as const;
/** Without these it restores no platform. */
const NEEDED = [BACKUP.id, BACKUP.masterKey, BACKUP.dump];
const TOP = new Set<string>([
  BACKUP.manifest,
  ...[BACKUP.restore, BACKUP.id, BACKUP.adminToken, BACKUP.secrets, 'registry'],
]);

/**
 * `script/restore FILE --key FILE`: makes the state directory of a platform from a backup; the next start makes the rest
 * of it. Whole or not at all. Throws `home_has_platform`, `home_occupied`, and what is wrong with the backup or its key.
 */
export async function restore(caller: Caller, args: readonly string[], signal: AbortSignal): Promise<void> {
  const { settings, terminal } = caller;
  const { backup, key } = parse(args);
  if (process.getuid?.() !== 0) throw setupErrors.of('not_root', {});
  const root = resolve(settings.GANTRY_HOME);
  if (await findHome(root)) {
    const inside = [backup, key].find((file) => file.startsWith(`${root}/`));
    if (inside !== undefined) throw setupErrors.of('backup_in_home', { file: inside, path: root });
    throw setupErrors.of('home_has_platform', { path: root });
  }
  await clearLeft(root);
  await mayBecomeHome(root);
  for (const file of [backup, key]) if (!(await exists(file))) throw setupErrors.of('file_missing', { file });
  await addPackages(caller, signal);
  const made = await mkdir(root, { recursive: true, mode: 0o711 });
  const staging = join(root, RESTORING);
  try {
    await mkdir(staging, { mode: 0o700 });
    await unpack({ backup, key, staging }, signal);
    const { madeAt, version, platform } = await readManifest(backup, staging);
    await settle(staging, key, signal);
    await moveUp(staging, root);
    terminal.say(
      `Platform ${platform} is restored to ${root}, as it was at ${madeAt} (Gantry ${version}). Start it with script/server; its first start takes the database in.`,
    );
  } finally {
    await clearLeft(root);
    if (made !== undefined && !(await findHome(root))) await rmdir(root);
  }
}

/** What a restore that did not come to its end has left. While its id waits, what is beside it was moved up by it. */
async function clearLeft(root: string): Promise<void> {
  const staging = join(root, RESTORING);
  if (!(await findHome(root)) && (await exists(join(staging, BACKUP.id))))
    for (const name of TOP) await rm(join(root, name), { recursive: true, force: true });
  await rm(staging, { recursive: true, force: true });
}

/** Within one disk, whatever the directory is; the id last, for with it there is a platform. */
async function moveUp(staging: string, root: string): Promise<void> {
  if (await findHome(root)) throw setupErrors.of('home_has_platform', { path: root });
  await chmod(root, 0o711);
  for (const name of await readdir(staging))
    if (name !== BACKUP.id) await rename(join(staging, name), join(root, name));
  await rename(join(staging, BACKUP.id), join(root, BACKUP.id));
}

function parse(args: readonly string[]): { readonly backup: string; readonly key: string } {
  const usage = (problem: string, cause?: unknown) => setupErrors.of('restore_usage', { problem }, cause);
  try {
    const { positionals, values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const [backup, ...more] = positionals;
    if (backup === undefined) throw usage('No backup is named.');
    if (more.length > 0) throw usage(`Unexpected argument ${more.join(' ')}.`);
    if (values.key === undefined) throw usage('No key is named.');
    return { backup: resolve(backup), key: resolve(values.key) };
  } catch (err) {
    throw setupErrors.is(err) ? err : usage(`${messageOf(err)}.`, err);
  }
}

/** Decrypts before it unpacks: what was altered or cut off is found out here, and what came before it is thrown away. */
async function unpack(
  { backup, key, staging }: { readonly backup: string; readonly key: string; readonly staging: string },
  signal: AbortSignal,
): Promise<void> {
  const env = bareEnvironment();
  const [opened, unpacked] = await pipeline(
    { command: 'age', args: ['--decrypt', '--identity', key, backup], env },
    { command: 'tar', args: ['--extract', '--file=-', '--no-same-owner', '-C', staging], env },
    signal,
  );
  // A reader that fails breaks the writer's pipe, and a writer that breaks off cuts what the reader gets.
  const broken = opened.code === null || BROKEN_PIPE.test(opened.stderr);
  if (opened.code !== 0 && !(broken && unpacked.code !== 0)) throw unopened(backup, key, opened.stderr);
  if (unpacked.code === 0) return;
  const why = unpacked.stderr.trim().split('\n')[0] ?? '';
  if (/not look like a tar archive/.test(why)) throw setupErrors.of('backup_foreign', { backup });
  throw setupErrors.of('backup_not_unpacked', { backup, path: dirname(staging), why });
}

const BROKEN_PIPE = /broken pipe|connection reset|\/dev\/stdout|already closed/i;

function unopened(backup: string, key: string, said: string): Error {
  const why = (/age: error: ([^\n]*)/.exec(said)?.[1] ?? said.trim()).slice(0, 200);
  if (/no identity matched/.test(why)) return setupErrors.of('backup_key_wrong', { backup, key });
  if (why.includes(key)) return setupErrors.of('backup_key_invalid', { key, why });
  return damaged(backup, why);
}

const damaged = (backup: string, why: string): Error => setupErrors.of('backup_damaged', { backup, why });

async function readManifest(backup: string, staging: string) {
  try {
    const manifest = backupManifest.parse(JSON.parse(await readFile(join(staging, BACKUP.manifest), 'utf8')));
    for (const name of NEEDED)
      if (!(await exists(join(staging, name)))) throw damaged(backup, `it holds no ${name}`);
    if (!(await findHome(staging))) throw damaged(backup, 'what it holds as id is none');
    return manifest;
  } catch (err) {
    throw setupErrors.is(err) ? err : setupErrors.of('backup_foreign', { backup }, err);
  }
}

/** Gives everything the owner and the mode it has in a platform, and the key to go on with. */
async function settle(staging: string, key: string, signal: AbortSignal): Promise<void> {
  for (const name of await readdir(staging)) {
    if (!TOP.has(name)) throw damaged(staging, `it holds ${name}, which no backup has`);
    await close(join(staging, name), null);
  }
  const blobs = join(staging, 'registry', 'blobs');
  if (await exists(blobs)) await close(blobs, await partUser('docker-registry', signal));
  await chmod(join(staging, BACKUP.id), 0o644);
  await rm(join(staging, BACKUP.manifest));
  const own = join(staging, 'secrets', BACKUP_KEY);
  await writeFile(own, await readFile(key), { mode: 0o600 });
  await chmod(staging, 0o711);
}

/** For its owner only, whole trees; nothing in them may lead out of them. */
async function close(
  path: string,
  owner: { readonly uid: number; readonly gid: number } | null,
): Promise<void> {
  const found = await lstat(path);
  if (!found.isDirectory() && !found.isFile()) throw damaged(dirname(path), `${path} is no file`);
  await chmod(path, found.isDirectory() ? 0o700 : 0o600);
  if (owner) await chown(path, owner.uid, owner.gid);
  if (found.isDirectory()) for (const name of await readdir(path)) await close(join(path, name), owner);
}
