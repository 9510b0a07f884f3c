import { readFile, readlink, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, forget, writeAtomically, type Home } from './home.ts';
import { DIST } from './platform.ts';

const COMMAND = join(dirname(DIST), 'bin', 'gantry');
const recordOf = (home: Home): string => join(home.root, 'command-link');

/** Makes `gantry` a command of this machine, unless something is there already. Remembers that it was us. */
export async function makeLink(home: Home, link: string): Promise<void> {
  if (link === '') return;
  const target = await readlink(link).catch(() => undefined); // absent, or a file of somebody else
  if (target === undefined && (await exists(link))) return;
  // A link to a checkout that is gone helps nobody.
  if (target !== undefined && (await exists(target))) return;
  await rm(link, { force: true });
  await symlink(COMMAND, link);
  await writeAtomically(recordOf(home), link, 0o644);
}

/** Removes the link that this platform made, if it still leads here. */
export async function removeLink(home: Home): Promise<void> {
  const link = await readFile(recordOf(home), 'utf8').catch(() => undefined); // we made none
  if (link === undefined) return;
  if ((await readlink(link).catch(() => undefined)) === COMMAND) await forget(link);
  await forget(recordOf(home));
}
