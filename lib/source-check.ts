import type { SourceLimits } from './source-limits.ts';

/** One line of `git ls-tree -r -t -l -z`. */
export interface TreeEntry {
  readonly mode: string;
  readonly id: string;
  /** Bytes of a file; 0 for folders. */
  readonly size: number;
  readonly path: string;
}

export interface TreeCheck {
  /** Counts one entry; the answer is the reason to refuse the tree, if there is one. */
  add(entry: TreeEntry): string | undefined;
  /** The symbolic links seen so far: path and object id. */
  readonly links: ReadonlyMap<string, string>;
}

const LINK = '120000';
const SUBMODULE = '160000';
const KNOWN_MODES = new Set(['040000', '100644', '100755', '100664', LINK]);
/** As long as a path may be to the kernel. */
const LONGEST_TARGET = 4096;

/** Judges a tree entry by entry, so that a hostile one is refused long before all of it was seen. */
export function createTreeCheck(limits: SourceLimits): TreeCheck {
  const links = new Map<string, string>();
  let entries = 0;
  let bytes = 0;
  return {
    links,
    add({ mode, id, size, path }) {
      entries += 1;
      bytes += size;
      if (entries > limits.entries) return `it has more than ${limits.entries} files and folders`;
      if (bytes > limits.bytes) return `its files are larger than ${sizeOf(limits.bytes)} in all`;
      const reason = pathProblem(path, limits);
      if (reason !== undefined) return `${quoted(path)} ${reason}`;
      // It would be an empty folder in the image: what a submodule holds is not in the push, only where it was.
      if (mode === SUBMODULE)
        return `${quoted(path)} is a git submodule, whose files no push contains; remove it (git rm --cached) and commit the files themselves`;
      if (!KNOWN_MODES.has(mode)) return `${quoted(path)} is neither a file, a folder nor a link`;
      if (mode !== LINK) return undefined;
      links.set(path, id);
      if (links.size > limits.links) return `it has more than ${limits.links} symbolic links`;
      return size > LONGEST_TARGET ? `${quoted(path)} links to a path that is too long` : undefined;
    },
  };
}

function pathProblem(path: string, limits: SourceLimits): string | undefined {
  if (Buffer.byteLength(path) > limits.pathBytes) return `is longer than ${limits.pathBytes} bytes`;
  const names = path.split('/');
  if (names.length > limits.depth) return `is more than ${limits.depth} folders deep`;
  if (/\p{Cc}/u.test(path)) return 'has a control character in its name';
  if (names.some((name) => name === '' || name === '.' || name === '..' || name.toLowerCase() === '.git'))
    return 'is not a name a file may have';
  return undefined;
}

/** Reads one record without its final NUL; undefined for what git does not write. */
export function parseTreeEntry(record: string): TreeEntry | undefined {
  const match = /^(\d{6}) (?:blob|tree|commit) ([0-9a-f]{40,64}) +(\d+|-)\t([^]+)$/.exec(record);
  if (!match) return undefined;
  const [, mode = '', id = '', size = '', path = ''] = match;
  return { mode, id, size: size === '-' ? 0 : Number(size), path };
}

/** A path from a stranger as part of a sentence. */
export function quoted(path: string): string {
  return JSON.stringify(path.length > 80 ? `${path.slice(0, 79)}…` : path);
}

function sizeOf(bytes: number): string {
  const mib = bytes / (1024 * 1024);
  return mib >= 1024 && mib % 1024 === 0
    ? `${mib / 1024} GiB`
    : mib >= 1
      ? `${Math.floor(mib)} MiB`
      : `${bytes} bytes`;
}
