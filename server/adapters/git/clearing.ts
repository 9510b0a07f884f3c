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
const PACK_REFS_MS = 60_000;

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
  await removeStaleLocks(repository, before);
  const found = await appearance(repository, signal);
  if (found === undefined || found === (await readOrNothing(join(repository, NOTE)))) return false;
  await removeLeftovers(packs, before);
  await repack(repository, before, signal);
  // Of tags: how old the ref of a build is must stay to be seen. Not stopped half-way, as its lock would stop every push.
  await gitOrThrow(repository, ['pack-refs'], AbortSignal.timeout(PACK_REFS_MS));
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

/** What git is still writing: a receive-pack, or (hidden) a repack. */
const UNFINISHED = /^(?:tmp_|\.tmp-)/;

/**
 * What a killed git has left in the packs, and no git takes away. A repack's own go at once: there is no other repack than
 * ours, and none passes by a pack without index. The rest may be a push under way until it is old: a pack whose index
 * comes last, and the lock by which a receive-pack holds it. What git takes for no pack is in nobody's way, and is tidied up.
 */
async function removeLeftovers(packs: string, before: Date): Promise<void> {
  const names = await namesIn(packs);
  const indexed = (name: string): boolean => names.includes(name.replace(/\.pack$/, '.idx'));
  for (const name of names) {
    const path = join(packs, name);
    if (name.startsWith('.tmp-')) await rm(path, { force: true });
    else if (name.endsWith('.keep') || (name.endsWith('.pack') && !indexed(name)))
      await removeIfOld(path, before);
  }
}

/** Git holds a lock for as long as it writes one file; one that a killed git has left refuses all that come after. */
async function removeStaleLocks(folder: string, before: Date): Promise<void> {
  for (const entry of (await unlessGone(readdir(folder, { withFileTypes: true }))) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'objects') await removeStaleLocks(path, before);
    if (entry.isFile() && entry.name.endsWith('.lock')) await removeIfOld(path, before);
  }
}

async function removeIfOld(path: string, before: Date): Promise<void> {
  const seen = await unlessGone(stat(path));
  if (seen && seen.mtimeMs <= before.getTime()) await rm(path, { force: true });
}

/** What tells whether anything changed, without a process of git: packs, loose objects and refs. Undefined: it is empty. */
async function appearance(repository: string, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  const objects = join(repository, 'objects');
  const packs = (await namesIn(join(objects, 'pack'))).filter((name) => !UNFINISHED.test(name));
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
