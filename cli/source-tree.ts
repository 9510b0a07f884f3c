import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { CommandError } from './failures.ts';

/** One thing of a source, by its path from the source's root. */
export interface SourceEntry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly size: number;
  readonly executable: boolean;
  /** Where a link points to; empty for the others. */
  readonly target: string;
}

export interface SourceTree {
  readonly root: string;
  readonly entries: readonly SourceEntry[];
  /** Of all files together. */
  readonly bytes: number;
  /** What was left out for a reason that the user may not expect, a sentence each. */
  readonly notes: readonly string[];
}

/** More than the platform takes; whoever is in the wrong folder need not wait until all of it was sent. */
const MOST_ENTRIES = 100_000;
/** What the build itself reads, whatever else is left out. */
const NEEDED = ['Dockerfile', '.dockerignore', 'Procfile', 'app.json'];

/** Rules and the folder, from the root, below which they hold. */
interface Rules {
  readonly below: string;
  readonly rules: Ignore;
}

/**
 * The files of a folder that make its source: without `.git`, without what `.gitignore` (of every folder), `.slugignore`
 * and, for a Dockerfile, `.dockerignore` leave out. Throws CommandError for a folder that cannot be read.
 */
export async function readSourceTree(root: string, signal: AbortSignal): Promise<SourceTree> {
  const names = await namesOf(root);
  const notes: string[] = [];
  const slug = ignore();
  if (names.includes('.slugignore')) slug.add(await text(join(root, '.slugignore')));
  if (names.includes('Dockerfile') && names.includes('.dockerignore'))
    slug.add(fromDockerignore(await text(join(root, '.dockerignore'))));
  if (names.includes('package.json') && names.includes('node_modules') && !names.includes('.gitignore')) {
    slug.add('/node_modules/');
    notes.push('node_modules is left out, as the build installs it; a .gitignore would say what is meant.');
  }
  const entries: SourceEntry[] = [];
  await walk({ root, entries, signal }, '', [{ below: '', rules: slug }]);
  if (!entries.some(({ kind }) => kind !== 'folder'))
    throw new CommandError(`There is nothing to deploy in ${root}.`);
  return { root, entries, bytes: entries.reduce((sum, { size }) => sum + size, 0), notes };
}

async function walk(
  tree: { readonly root: string; readonly entries: SourceEntry[]; readonly signal: AbortSignal },
  folder: string,
  above: readonly Rules[],
): Promise<void> {
  const { root, entries, signal } = tree;
  signal.throwIfAborted();
  const names = await namesOf(join(root, folder));
  const own = names.includes('.gitignore') ? await text(join(root, folder, '.gitignore')) : '';
  const rules = own === '' ? above : [...above, { below: folder, rules: ignore().add(own) }];
  for (const name of names.toSorted()) {
    if (name.toLowerCase() === '.git') continue;
    const path = folder === '' ? name : `${folder}/${name}`;
    const seen = await lstat(join(root, path));
    const isFolder = seen.isDirectory();
    if (!NEEDED.includes(path) && ignored(rules, isFolder ? `${path}/` : path)) continue;
    if (entries.length >= MOST_ENTRIES)
      throw new CommandError(
        `${root} has more than ${MOST_ENTRIES} files and folders; is it the right folder?`,
      );
    entries.push(await entryOf(root, path, seen));
    if (isFolder) await walk(tree, path, rules);
  }
}

async function entryOf(root: string, path: string, seen: Stats): Promise<SourceEntry> {
  const common = { path, size: 0, executable: false, target: '' };
  if (seen.isDirectory()) return { ...common, kind: 'folder' };
  if (seen.isSymbolicLink()) return { ...common, kind: 'link', target: await readlink(join(root, path)) };
  if (seen.isFile())
    return { ...common, kind: 'file', size: seen.size, executable: (seen.mode & 0o111) !== 0 };
  throw new CommandError(`${path} is neither a file, a folder nor a link; leave it out (.slugignore).`);
}

/** The last rule that has something to say wins, as in git; each folder's rules know paths from there. */
function ignored(all: readonly Rules[], path: string): boolean {
  let out = false;
  for (const { below, rules } of all) {
    const inside = below === '' ? path : path.slice(below.length + 1);
    const { ignored: yes, unignored: no } = rules.test(inside);
    if (yes) out = true;
    else if (no) out = false;
  }
  return out;
}

/** Its patterns hold from the root on. With exceptions its meaning is not git's, and the build applies it itself. */
function fromDockerignore(content: string): string[] {
  const lines = content
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.some((line) => line.startsWith('!'))) return [];
  return lines.map((line) => `/${line.replace(/^\.?\//, '')}`);
}

async function namesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (err) {
    throw new CommandError(`${folder} cannot be read as a folder.`, err);
  }
}

const text = (path: string): Promise<string> => readFile(path, 'utf8');
