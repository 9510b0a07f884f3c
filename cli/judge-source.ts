import { createTreeCheck, quoted, type TreeEntry } from '../lib/source-check.ts';
import { SOURCE_LIMITS } from '../lib/source-limits.ts';
import { escapeOf } from '../lib/source-links.ts';
import { CommandError } from './failures.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';

const MODES: Readonly<Record<SourceEntry['kind'], string>> = {
  file: '100644',
  folder: '040000',
  link: '120000',
};

/** Throws CommandError for what the platform refuses of a source, by the rules that hold there, before anything is sent. */
export function judgeSource({ root, entries }: Pick<SourceTree, 'root' | 'entries'>): void {
  const check = createTreeCheck(SOURCE_LIMITS);
  for (const entry of entries) refuse(root, check.add(asTreeEntry(entry)));
  for (const path of check.links.keys()) {
    const reason = escapeOf(path, check.links);
    if (reason !== undefined) refuse(root, `${quoted(path)} ${reason}`);
  }
}

function asTreeEntry({ kind, path, size, target }: SourceEntry): TreeEntry {
  return { mode: MODES[kind], id: target, size: kind === 'link' ? Buffer.byteLength(target) : size, path };
}

function refuse(root: string, reason: string | undefined): void {
  if (reason === undefined) return;
  throw new CommandError(
    `${root} cannot be deployed: ${reason}. Change it, or leave it out (.gitignore, .slugignore).`,
  );
}
