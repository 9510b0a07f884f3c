import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Header, type Pack } from 'tar-stream';
import { walkArchive } from './archive.ts';
import type { Entry } from './entry.ts';

/** How the tree of a source becomes part of a build context. */
interface Placing {
  /** The path in the context; null leaves the entry out. */
  readonly path: (entry: Entry) => string | null;
  /** Other content than the source has, by path in the source. */
  readonly replace: ReadonlyMap<string, string>;
  readonly owner: number;
}

export interface ContextSource {
  /** Small files that come before the source. */
  readonly files: ReadonlyMap<string, string>;
  /** Directories of this machine, by the name they get in the context. */
  readonly folders: ReadonlyMap<string, string>;
  /** Single files of this machine, likewise. */
  readonly copies: ReadonlyMap<string, string>;
  readonly directories: readonly string[];
  readonly archive: { readonly path: string; readonly placing: Placing } | null;
}

/**
 * The tar that the engine is sent, made while it is sent. Entries are written anew from what was checked, never
 * copied byte for byte: another reader of the same bytes could see another tree.
 */
export function contextStream(source: ContextSource, signal: AbortSignal): Readable {
  const tar = pack();
  write(tar, source, signal).then(
    () => tar.finalize(),
    (err: unknown) => tar.destroy(err instanceof Error ? err : new Error(String(err))),
  );
  return tar as unknown as Readable; // streamx: has all of Readable that HTTP needs
}

async function write(tar: Pack, source: ContextSource, signal: AbortSignal): Promise<void> {
  for (const [name, text] of source.files) tar.entry({ name, mode: 0o644 }, text);
  for (const name of source.directories) tar.entry({ name, mode: 0o755, type: 'directory' });
  for (const [name, path] of source.copies) await copyFile(tar, name, path, signal);
  for (const [name, path] of source.folders) await copyFolder(tar, name, path, signal);
  if (source.archive !== null) await copyArchive(tar, source.archive, signal);
}

async function copyFile(tar: Pack, name: string, path: string, signal: AbortSignal): Promise<void> {
  const { size, mode, mtime } = await stat(path);
  const content = createReadStream(path, { signal });
  await pipeline(content, tar.entry({ name, size, mode: (mode & 0o111) === 0 ? 0o644 : 0o755, mtime }), {
    signal,
  });
}

async function copyFolder(tar: Pack, name: string, path: string, signal: AbortSignal): Promise<void> {
  tar.entry({ name, mode: 0o755, type: 'directory' });
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const into = `${name}/${entry.name}`;
    if (entry.isDirectory()) await copyFolder(tar, into, join(path, entry.name), signal);
    else await copyFile(tar, into, join(path, entry.name), signal);
  }
}

async function copyArchive(
  tar: Pack,
  { path, placing }: NonNullable<ContextSource['archive']>,
  signal: AbortSignal,
): Promise<void> {
  await walkArchive(
    path,
    async (entry, content) => {
      const name = placing.path(entry);
      const instead = placing.replace.get(entry.path);
      if (name === null || entry.kind !== 'file' || instead !== undefined) content.resume();
      if (name === null) return;
      const header = headerOf(entry, name, placing.owner);
      if (entry.kind !== 'file') tar.entry(header);
      else if (instead !== undefined) tar.entry({ ...header, size: Buffer.byteLength(instead) }, instead);
      else await pipeline(content, tar.entry(header), { signal });
    },
    signal,
  );
}

function headerOf(entry: Entry, name: string, owner: number): Partial<Header> & { name: string } {
  const common = { name, uid: owner, gid: owner, mtime: entry.mtime };
  if (entry.kind === 'directory') return { ...common, type: 'directory', mode: 0o755 };
  if (entry.kind === 'link') return { ...common, type: 'symlink', linkname: entry.target, mode: 0o777 };
  return { ...common, type: 'file', size: entry.size, mode: entry.executable ? 0o755 : 0o644 };
}
