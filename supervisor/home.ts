import { randomInt } from 'node:crypto';
import { access, chmod, chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../lib/errors.ts';
import { setupErrors } from './errors.ts';

/** Where everything of one platform lives. Fixed names: other programs and people's backup scripts know them. */
export interface Home {
  /** Six characters that name everything shared with other platforms of this machine. */
  readonly id: string;
  readonly root: string;
  readonly run: string;
  readonly logs: string;
  readonly secrets: string;
  /** Volatile state of the engines; the operating system clears it at boot, as they expect. */
  readonly volatile: string;
}

const PRIVATE = ['secrets', 'run', 'logs', 'repos', 'sources', 'router', 'stack', 'engine', 'build-engine'];
/** Where a restore puts things until all of it is there. */
export const RESTORING = '.restoring';
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

function describeHome(root: string, id: string): Home {
  return {
    id,
    root,
    run: join(root, 'run'),
    logs: join(root, 'logs'),
    secrets: join(root, 'secrets'),
    volatile: `/run/gantry-${id}`,
  };
}

/** The home at `root`, or undefined when there is none (no id file). */
export async function findHome(root: string): Promise<Home | undefined> {
  try {
    const id = (await readFile(join(root, 'id'), 'utf8')).trim();
    return /^[a-z0-9]{6}$/.test(id) ? describeHome(root, id) : undefined;
  } catch (err) {
    if (isSystemError(err, 'ENOENT') || isSystemError(err, 'ENOTDIR')) return undefined;
    throw err;
  }
}

/**
 * Throws `home_occupied` unless the path is a home, or new, or an empty directory: a home is closed to others when it is
 * made and deleted whole when it is purged, so it must be ours from the beginning.
 */
export async function mayBecomeHome(root: string): Promise<void> {
  if (await findHome(root)) return;
  try {
    const found = await readdir(root);
    // What a first start, or a restore, left that was killed before its id was whole is ours too.
    if (found.some((name) => name !== 'lost+found' && name !== RESTORING && !/^id\.\d+\.new$/.test(name)))
      throw setupErrors.of('home_occupied', { path: root });
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return;
    if (isSystemError(err, 'ENOTDIR')) throw setupErrors.of('home_occupied', { path: root }, err);
    throw err;
  }
}

/** Makes the state directory and its id, or completes what is there. Throws `home_occupied`. Idempotent. */
export async function makeHome(root: string): Promise<Home> {
  await mayBecomeHome(root);
  await mkdir(root, { recursive: true });
  // Enterable by all, since the database and the registry run as users of their own; readable by root only.
  await chmod(root, 0o711);
  await rm(join(root, RESTORING), { recursive: true, force: true }); // of a restore that was killed
  if (!(await findHome(root))) {
    const id = Array.from({ length: 6 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    await writeAtomically(join(root, 'id'), `${id}\n`, 0o644);
  }
  const home = await findHome(root);
  if (!home) throw new Error(`${root} has no id after writing one`);
  for (const name of PRIVATE) await directory(join(root, name), 0o700);
  await chmod(home.run, 0o711); // sockets of unprivileged parts are in directories of their own below it
  await directory(home.volatile, 0o711);
  return home;
}

/** Makes a directory with exactly this mode, and owner when one is given. Idempotent. */
export async function directory(
  path: string,
  mode: number,
  owner?: { uid: number; gid: number },
): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
  if (owner) await chown(path, owner.uid, owner.gid);
}

/** Writes a whole file or nothing: readers and crashes never see half of it. */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  await writeFile(temporary, text, { mode });
  await chmod(temporary, mode);
  await rename(temporary, path);
}

/** True when something exists at the path. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Removes a file that may be absent. */
export async function forget(path: string): Promise<void> {
  await rm(path, { force: true });
}
