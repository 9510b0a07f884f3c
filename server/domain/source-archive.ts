import { escapeOf } from '../../lib/source-links.ts';
import type { SourceLimits } from '../../lib/source-limits.ts';
import { createTreeCheck, quoted } from '../../lib/source-check.ts';

/** One entry of an archive that somebody sent, as its header says. */
export interface ArchiveEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly size: number;
  readonly executable: boolean;
  /** Where a symbolic link points to; empty for the others. */
  readonly target: string;
}

/** What the archive becomes: the entries that are part of the source, by the names they get. */
export interface ArchivePlan {
  /** Null: it is left out. */
  pathOf(name: string): string | null;
}

const MODES = { file: '100644', directory: '040000', link: '120000', other: '000000' } as const;

/**
 * Judges an archive by the headers of its entries, as a pushed tree is judged: size, number, names, links. `add` answers
 * the reason to refuse it, so that a hostile one is refused long before all of it was read; `end` the plan, or the reason.
 * What lies in one folder alone is taken out of it, as archives of repositories have it; a `.git` folder is left out.
 */
export function createArchiveJudge(limits: SourceLimits) {
  const check = createTreeCheck(limits);
  const kinds = new Map<string, ArchiveEntry['kind']>();
  const roots = new Set<string>();
  let atRoot = false;

  function add(entry: ArchiveEntry): string | undefined {
    if (entry.name.startsWith('/')) return `${quoted(entry.name)} is an absolute path`;
    const path = clean(entry.name);
    if (path === '' || isGit(path)) return undefined;
    const { kind, size, target } = entry;
    const bytes = kind === 'link' ? Buffer.byteLength(target) : size;
    const reason = check.add({ mode: MODES[kind], id: target, size: bytes, path });
    if (reason !== undefined) return reason;
    const before = kinds.get(path);
    if (before !== undefined && !(before === 'directory' && kind === 'directory'))
      return `it holds ${quoted(path)} twice`;
    kinds.set(path, kind);
    const [root = ''] = path.split('/', 1);
    roots.add(root);
    if (root === path && kind !== 'directory') atRoot = true;
    return undefined;
  }

  function end(): ArchivePlan | { readonly reason: string } {
    if (kinds.size === 0) return { reason: 'it is empty' };
    for (const path of kinds.keys()) {
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
        const kind = kinds.get(path.slice(0, at));
        if (kind === 'file' || kind === 'link')
          return { reason: `${quoted(path)} lies below ${quoted(path.slice(0, at))}, which is no folder` };
      }
    }
    const [root = ''] = roots;
    const prefix = roots.size === 1 && !atRoot && kinds.size > 1 ? `${root}/` : '';
    const links = below(check.links, prefix);
    for (const path of links.keys()) {
      const reason = escapeOf(path, links);
      if (reason !== undefined) return { reason: `${quoted(path)} ${reason}` };
    }
    return {
      pathOf(name) {
        const path = clean(name);
        if (path === '' || isGit(path)) return null;
        const inside = path.startsWith(prefix) ? path.slice(prefix.length) : '';
        return inside === '' ? null : inside;
      },
    };
  }

  return { add, end };
}

function below(links: ReadonlyMap<string, string>, prefix: string): ReadonlyMap<string, string> {
  if (prefix === '') return links;
  return new Map([...links].map(([path, target]) => [path.slice(prefix.length), target]));
}

/** Without `.` and doubled slashes; `..` stays, and is refused. */
function clean(name: string): string {
  return name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

function isGit(path: string): boolean {
  return path.split('/').some((part) => part.toLowerCase() === '.git');
}
