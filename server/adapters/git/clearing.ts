import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../../lib/child.ts';
import { gitEnvironment, gitSettings } from '../../../lib/hermetic-git.ts';
import { namesIn, unlessGone } from './files.ts';
import { gitOrThrow } from './git.ts';

/** Beside git's own files: what the repository looked like when nothing was left to clear. */
const NOTE = 'gantry-cleared';
const MEMORY_BYTES = 1024 ** 3;
const CPU_SECONDS = 10 * 60;

/**
 * Makes one pack of all that refs hold, and drops what none holds and came before then; what is younger stays in a pack of
 * its own. False when refs and packs are what they were when nothing was left. May be killed at any moment: git deletes
 * what it has written anew, and not before.
 */
export async function clearRepository(
  repository: string,
  before: Date,
  signal: AbortSignal,
): Promise<boolean> {
  const packs = join(repository, 'objects', 'pack');
  const found = await appearance(repository, signal);
  if (found === undefined || found === (await readOrNothing(join(repository, NOTE)))) return false;
  await removeLocks(packs, before);
  await repack(repository, before, signal);
  await gitOrThrow(repository, ['pack-refs'], signal); // of tags; how old the ref of a build is must stay to be seen
  const young = (await namesIn(packs)).some((name) => name.endsWith('.mtimes'));
  if (!young) await writeFile(join(repository, NOTE), (await appearance(repository, signal)) ?? '');
  return true;
}

/** In the background of all else, and within the means of a process that serves a push. */
async function repack(repository: string, before: Date, signal: AbortSignal): Promise<void> {
  const expiry = `--cruft-expiration=${before.toISOString()}`;
  const done = await run(
    'nice',
    [
      ...['-n', '19', 'prlimit', `--data=${MEMORY_BYTES}`, `--cpu=${CPU_SECONDS}`, '--core=0'],
      ...['git', ...gitSettings(repository, []), 'repack', '-d', '-l', '--quiet', '--cruft', expiry],
    ],
    { env: gitEnvironment({ GIT_DIR: repository }), cwd: '/', group: true },
    signal,
  );
  if (done.code === 0) return;
  const said = done.stderr.trim().split('\n').at(-1) ?? '';
  throw new Error(`git repack ended with ${done.code ?? 'a signal'}: ${said}`);
}

/** A receive-pack that was killed right after it was accepted leaves its lock on the pack, which git would keep for ever. */
async function removeLocks(packs: string, before: Date): Promise<void> {
  for (const name of await namesIn(packs)) {
    if (!name.endsWith('.keep')) continue;
    const seen = await unlessGone(stat(join(packs, name)));
    if (seen && seen.mtimeMs <= before.getTime()) await rm(join(packs, name), { force: true });
  }
}

/** What tells whether anything changed, without a process of git: packs, loose objects and refs. Undefined: it is empty. */
async function appearance(repository: string, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  const objects = join(repository, 'objects');
  const packs = (await namesIn(join(objects, 'pack'))).filter((name) => !/^(?:tmp_|\.tmp-)/.test(name));
  const loose = (await namesIn(objects)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  if (packs.length + loose.length === 0) return undefined;
  const refs = await contents(join(repository, 'refs'), '');
  const packed = (await readOrNothing(join(repository, 'packed-refs'))) ?? '';
  const all = JSON.stringify([packs.sort(), loose.sort(), refs.sort(), packed]);
  return createHash('sha256').update(all).digest('hex');
}

/** Path and content of every file below; locks of refs that are being moved come and go. */
async function contents(folder: string, path: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of (await unlessGone(readdir(folder, { withFileTypes: true }))) ?? []) {
    const inside = join(folder, entry.name);
    const name = `${path}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await contents(inside, name)));
    else if (!name.endsWith('.lock')) found.push(`${name} ${(await readOrNothing(inside)) ?? ''}`);
  }
  return found;
}

function readOrNothing(file: string): Promise<string | undefined> {
  return unlessGone(readFile(file, 'utf8'));
}
