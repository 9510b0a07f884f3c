import { buildErrors } from './errors.ts';

/** The largest source: what the git door admits too, counted again here because this is where it is unpacked. */
const MAX_ENTRIES = 100_000;
const MAX_BYTES = 1024 ** 3;

type EntryKind = 'file' | 'directory' | 'link';

/** One checked entry of a source tree: a path without `.`, `..`, doubled or trailing slashes. */
export interface Entry {
  readonly path: string;
  readonly kind: EntryKind;
  readonly size: number;
  readonly executable: boolean;
  readonly mtime: Date;
  /** Where a symbolic link points to; empty for the others. */
  readonly target: string;
}

/** What the header of an archive says. */
export interface RawEntry {
  readonly name: string;
  readonly type: string | null | undefined;
  readonly size: number;
  readonly mode: number;
  readonly mtime: Date;
  readonly linkname: string | null | undefined;
}

const KINDS: ReadonlyMap<string, EntryKind> = new Map([
  ['file', 'file'],
  ['directory', 'directory'],
  ['symlink', 'link'],
]);

/**
 * Checks the entries of one archive, in order; throws `source_refused` for the first that could write outside the
 * tree, be read as something else by another program, or that makes the tree too large.
 * Answers null for the root directory itself, which carries nothing.
 */
export function createEntryGuard(
  limits = { entries: MAX_ENTRIES, bytes: MAX_BYTES },
): (raw: RawEntry) => Entry | null {
  const seen = new Map<string, EntryKind | 'implied'>();
  let entries = 0;
  let bytes = 0;

  return (raw) => {
    entries += 1;
    bytes += raw.size;
    if (entries > limits.entries) throw refused(`it has more than ${limits.entries} files and directories`);
    if (bytes > limits.bytes)
      throw refused(`unpacked it is larger than ${Math.floor(limits.bytes / 1024 ** 2)} MiB`);

    const kind = KINDS.get(raw.type ?? '');
    if (kind === undefined)
      throw refused(
        `${show(raw.name)} is a ${raw.type ?? 'special file'}; only files, directories and symbolic links can be built`,
      );
    if (kind === 'file' && (raw.mode & 0o6000) !== 0)
      throw refused(`${show(raw.name)} has a setuid or setgid bit`);
    const path = cleanPath(raw.name);
    if (path === '') return null;
    remember(seen, path, kind);
    const target = kind === 'link' ? checkedTarget(path, raw.linkname ?? '') : '';
    return { path, kind, size: raw.size, executable: (raw.mode & 0o111) !== 0, mtime: raw.mtime, target };
  };
}

function refused(why: string): Error {
  return buildErrors.of('source_refused', { why });
}

function show(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}

function cleanPath(name: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f\ufffd]/.test(name))
    throw refused(`the name ${show(name)} holds control or undecodable characters`);
  if (name.startsWith('/')) throw refused(`${show(name)} is an absolute path`);
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw refused(`${show(name)} leaves the tree`);
  if (name.length > 4096 || segments.length > 256) throw refused(`the path ${show(name)} is too long`);
  return segments.join('/');
}

/**
 * Two entries of one name, or a path below something that is not a directory, mean different trees to different
 * programs: the one we looked at would not be the one that is built.
 */
function remember(seen: Map<string, EntryKind | 'implied'>, path: string, kind: EntryKind): void {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const parent = path.slice(0, at);
    const known = seen.get(parent);
    if (known === 'file' || known === 'link')
      throw refused(`${show(path)} lies below ${show(parent)}, which is no directory`);
    if (known !== undefined) break; // its own parents were looked at when it came
    seen.set(parent, 'implied');
  }
  const before = seen.get(path);
  if (before !== undefined && !(kind === 'directory' && (before === 'implied' || before === 'directory'))) {
    throw refused(`it holds ${show(path)} twice`);
  }
  seen.set(path, kind);
}

/**
 * Only leading `..` are allowed: with one behind a name, which may itself be a link, the words alone do not tell
 * where the link ends.
 */
function checkedTarget(path: string, target: string): string {
  const outside = (): Error =>
    refused(`the symbolic link ${show(path)} points out of the tree, to ${show(target)}`);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (target === '' || target.startsWith('/') || /[\u0000-\u001f\u007f\ufffd]/.test(target)) throw outside();
  const segments = target.split('/').filter((segment) => segment !== '' && segment !== '.');
  const up = segments.findIndex((segment) => segment !== '..');
  const climbs = up === -1 ? segments.length : up;
  if (segments.slice(climbs).includes('..')) throw outside();
  if (climbs > path.split('/').length - 1) throw outside();
  return target;
}
