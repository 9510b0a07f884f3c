import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { link, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as isomorphicGit from 'isomorphic-git';
import { z } from 'zod';
import { isSystemError } from '../../../lib/errors.ts';
import { objectId, plainRef } from '../../domain/names.ts';
import type { Repositories } from '../../ports/repositories.ts';
import { writeArchive } from './archive.ts';
import { clearRepository } from './clearing.ts';
import { namesIn } from './files.ts';
import { checkSource } from './gate.ts';
import { git, gitOrThrow } from './git.ts';
import { bytesIn } from './measure.ts';
import { checkRoom } from './room.ts';
import { checkWhole } from './whole.ts';
import { REPOSITORY_BYTES, SOURCE_LIMITS, type SourceLimits } from '../../../lib/source-limits.ts';

export interface GitRepositories extends Repositories {
  /**
   * Removes what interrupted pushes left behind and is older than `olderThanMs`: git's quarantines (which its own
   * garbage collection keeps) and half-written archives. Answers how many it removed.
   */
  tidy(olderThanMs: number, signal: AbortSignal): Promise<number>;
}

export interface GitRepositoriesOptions {
  /** Folder of `<appId>.git`. */
  readonly root: string;
  /** Folder of `<buildId>.tar`. */
  readonly sources: string;
  readonly limits?: Partial<SourceLimits>;
  /** What a repository may hold; default: as `REPOSITORY_BYTES`. */
  readonly repositoryBytes?: number;
}

/** Ids become file names and refs. */
const ID = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/);
/** What any ref we touch may look like. */
const REF = z.union([plainRef, z.string().regex(/^refs\/gantry\/builds\/[A-Za-z0-9][A-Za-z0-9-]{0,63}$/)]);
const NOBODY = '0'.repeat(40);
/** Where the refs of builds are. They are not advertised. */
const HIDDEN = 'refs/gantry/builds';

/**
 * The archive is the commit, byte for byte: no attribute in a pushed tree may expand, convert or leave out anything
 * (`export-subst` would run `git describe` and copy commit messages into files).
 */
const ATTRIBUTES = '* -text -ident -filter -working-tree-encoding -export-subst -export-ignore\n';

export function createGitRepositories(options: GitRepositoriesOptions): GitRepositories {
  const limits = { ...SOURCE_LIMITS, ...options.limits };
  const pathOf = (appId: string): string => join(options.root, `${ID.parse(appId)}.git`);
  const archiveOf = (buildId: string): string => join(options.sources, `${ID.parse(buildId)}.tar`);
  const hiddenRef = (buildId: string): string => `${HIDDEN}/${ID.parse(buildId)}`;

  return {
    async ensure(appId, signal) {
      const path = pathOf(appId);
      if (await exists(path)) await pointHead(path, signal);
      else await makeRepository(path, signal);
      return path;
    },

    async remove(appId, signal) {
      signal.throwIfAborted();
      await rm(pathOf(appId), { recursive: true, force: true });
    },

    bytes: (appId, signal) => bytesIn(pathOf(appId), signal),

    ...refsOf(pathOf),

    async receive(appId, build, signal) {
      const repository = pathOf(appId);
      const commit = objectId.parse(build.commit);
      const archive = archiveOf(build.id);
      await checkSource({ repository, commit, objects: build.quarantine.objects }, limits, signal);
      await keepPacks(build.quarantine.objects, join(repository, 'objects'));
      await gitOrThrow(repository, ['update-ref', hiddenRef(build.id), commit], signal);
      await mkdir(options.sources, { recursive: true, mode: 0o700 });
      await writeArchive(repository, commit, archive, signal);
      return archive;
    },

    archiveOf,

    async checkPush(appId, { updates, quarantine }, signal) {
      const moves = updates.map(({ ref, to }) => ({
        ref: REF.parse(ref),
        to: to === null ? null : objectId.parse(to),
      }));
      const incoming = { repository: pathOf(appId), objects: quarantine.objects, moves };
      await checkWhole(incoming, signal);
      await checkRoom(incoming, options.repositoryBytes ?? REPOSITORY_BYTES, signal);
    },

    clear: (appId, olderThanMs, signal) =>
      clearRepository(pathOf(appId), new Date(Date.now() - olderThanMs), signal),

    archives: (olderThanMs, signal) => findArchives(options.sources, Date.now() - olderThanMs, signal),

    async discard(buildId, signal) {
      signal.throwIfAborted();
      await rm(archiveOf(buildId), { force: true });
    },

    async release(appId, buildId, signal) {
      const path = pathOf(appId);
      await rm(archiveOf(buildId), { force: true });
      if ((await resolveRef(path, hiddenRef(buildId), signal)) === null) return;
      await gitOrThrow(path, ['update-ref', '-d', hiddenRef(buildId)], signal);
    },

    leftovers: (appId, olderThanMs, signal) => keptBefore(pathOf(appId), Date.now() - olderThanMs, signal),

    tidy: (olderThanMs, signal) => tidy(options, Date.now() - olderThanMs, signal),
  };
}

function refsOf(pathOf: (appId: string) => string): Pick<Repositories, 'resolve' | 'clash' | 'move'> {
  return {
    async resolve(appId, ref, signal) {
      return resolveRef(pathOf(appId), REF.parse(ref), signal);
    },

    async clash(appId, ref, signal) {
      signal.throwIfAborted();
      const wanted = REF.parse(ref);
      const kind = wanted.split('/').slice(0, 2).join('/');
      const names = await isomorphicGit.listRefs({ fs, gitdir: pathOf(appId), filepath: kind });
      return names.map((name) => `${kind}/${name}`).find((there) => isWithin(there, wanted)) ?? null;
    },

    async move(appId, ref, to, from, signal) {
      const path = pathOf(appId);
      const target = objectId.parse(to);
      const expected = from === null ? NOBODY : objectId.parse(from);
      const done = await git(path, ['update-ref', REF.parse(ref), target, expected], signal);
      if (done.code === 0) return true;
      // Refused: somebody moved it, or it is where it should be already (we died after the last try).
      if ((await resolveRef(path, ref, signal)) === target) return true;
      await gitOrThrow(path, ['cat-file', '-e', target], signal); // a missing object is not a lost race
      return false;
    },
  };
}

/** In this process: a question that is asked at every push and look must not cost a child process. */
async function resolveRef(repository: string, ref: string, signal: AbortSignal): Promise<string | null> {
  signal.throwIfAborted();
  try {
    return objectId.parse(await isomorphicGit.resolveRef({ fs, gitdir: repository, ref }));
  } catch (err) {
    if (err instanceof isomorphicGit.Errors.NotFoundError) return null;
    throw err;
  }
}

/** True when one of two refs would have to be a folder for the other. */
function isWithin(one: string, other: string): boolean {
  return one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

async function tidy(
  { root, sources }: GitRepositoriesOptions,
  before: number,
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  for (const name of await namesIn(root)) {
    signal.throwIfAborted();
    const objects = join(root, name, 'objects');
    removed += await removeOld(objects, /^tmp_objdir-/, before);
    removed += await removeOld(join(objects, 'pack'), /^(?:\.tmp-|tmp_)/, before);
  }
  removed += await removeOld(root, /^\.new-/, before);
  return removed + (await removeOld(sources, /\.tmp-[0-9a-f-]+$/, before));
}

/** The builds whose hidden refs, loose or packed, were made before then. */
async function keptBefore(repository: string, before: number, signal: AbortSignal): Promise<string[]> {
  const old: string[] = [];
  for (const buildId of await isomorphicGit.listRefs({ fs, gitdir: repository, filepath: HIDDEN })) {
    signal.throwIfAborted();
    if ((await keptSince(repository, `${HIDDEN}/${buildId}`)) <= before) old.push(buildId);
  }
  return old;
}

/** When a ref was made; for a packed one, when refs were packed last, which is later. */
async function keptSince(repository: string, ref: string): Promise<number> {
  for (const file of [ref, 'packed-refs']) {
    try {
      return (await stat(join(repository, file))).mtimeMs;
    } catch (err) {
      if (!isSystemError(err, 'ENOENT')) throw err;
    }
  }
  return Infinity; // gone meanwhile
}

/** Made aside and renamed into place, so that a repository is whole or not there. */
async function makeRepository(path: string, signal: AbortSignal): Promise<void> {
  const unfinished = join(dirname(path), `.new-${randomUUID()}`);
  await mkdir(join(unfinished, 'info'), { recursive: true, mode: 0o700 });
  await gitOrThrow(
    unfinished,
    ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', unfinished],
    signal,
  );
  await writeFile(join(unfinished, 'info', 'attributes'), ATTRIBUTES);
  try {
    await rename(unfinished, path);
  } catch (err) {
    await rm(unfinished, { recursive: true, force: true });
    if (!isSystemError(err, 'ENOTEMPTY') && !isSystemError(err, 'EEXIST')) throw err; // another call was first
  }
}

/** A clone checks out what HEAD names: `main`, or the first branch there is when `main` was never deployed. */
async function pointHead(repository: string, signal: AbortSignal): Promise<void> {
  if (await exists(join(repository, 'refs/heads/main'))) return;
  if ((await git(repository, ['rev-parse', '--verify', '--quiet', 'HEAD'], signal)).code === 0) return;
  const look = ['for-each-ref', '--count=1', '--format=%(refname)', 'refs/heads/'];
  const first = (await gitOrThrow(repository, look, signal)).trim();
  if (first !== '') await gitOrThrow(repository, ['symbolic-ref', 'HEAD', first], signal);
}

/**
 * Links the quarantine's packs into the repository, where a hidden ref will hold them whether or not git accepts the
 * push. The index comes last: with it the pack becomes visible. Git itself later finds the same names and is content.
 */
async function keepPacks(quarantine: string, objects: string): Promise<void> {
  if (quarantine === objects) return;
  const from = join(quarantine, 'pack');
  const to = join(objects, 'pack');
  const names = await namesIn(from);
  await mkdir(to, { recursive: true });
  for (const ending of ['.pack', '.rev', '.idx'])
    for (const name of names) if (name.endsWith(ending)) await linkOnce(join(from, name), join(to, name));
  const folder = await open(to);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function linkOnce(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (err) {
    // Packs are named by their content, so what is there already is the same.
    if (!isSystemError(err, 'EEXIST')) throw err;
  }
}

/** The builds whose archives were written before then. */
async function findArchives(folder: string, before: number, signal: AbortSignal): Promise<string[]> {
  const ids: string[] = [];
  for (const name of await namesIn(folder)) {
    signal.throwIfAborted();
    const id = ID.safeParse(name.replace(/\.tar$/, ''));
    if (!name.endsWith('.tar') || !id.success) continue;
    const seen = await stat(join(folder, name)).catch(() => undefined); // its push has just ended
    if (seen && seen.mtimeMs <= before) ids.push(id.data);
  }
  return ids;
}

async function removeOld(folder: string, name: RegExp, before: number): Promise<number> {
  let removed = 0;
  for (const entry of await namesIn(folder)) {
    if (!name.test(entry)) continue;
    const path = join(folder, entry);
    const seen = await stat(path).catch(() => undefined); // gone meanwhile: git cleaned up itself
    if (!seen || seen.mtimeMs > before) continue;
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return false;
    throw err;
  }
}
