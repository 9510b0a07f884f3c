import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { CommandError } from './failures.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';

/** The tree as a tar.gz, made while it is read; `read` hears how many bytes of the files are in it. */
export async function* archiveOf(
  tree: SourceTree,
  read: (bytes: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const tar = pack();
  const zipped = createGzip();
  // streamx: has all of Readable that is used here
  const flowing = pipeline(tar as unknown as Readable, zipped, { signal });
  flowing.catch(() => undefined); // whoever reads hears of it
  const written = write(tar, tree, read).catch((err: unknown) => {
    zipped.destroy(err instanceof Error ? err : new Error(String(err)));
  });
  for await (const chunk of zipped) yield chunk as Buffer;
  await written;
}

async function write(tar: Pack, tree: SourceTree, read: (bytes: number) => void): Promise<void> {
  let done = 0;
  for (const entry of tree.entries) {
    await add(tar, tree.root, entry);
    done += entry.size;
    read(done);
  }
  tar.finalize();
}

const MOMENT = new Date(0);

async function add(tar: Pack, root: string, entry: SourceEntry): Promise<void> {
  const { path: name, kind, size, executable, target } = entry;
  const common = { name, mtime: MOMENT };
  if (kind === 'folder') tar.entry({ ...common, type: 'directory', mode: 0o755 });
  else if (kind === 'link') tar.entry({ ...common, type: 'symlink', linkname: target, mode: 0o777 });
  else {
    const file = await open(join(root, name));
    try {
      // What is written to it meanwhile belongs to the next deploy.
      const content = file.createReadStream({ end: Math.max(0, size - 1), autoClose: false });
      const into = tar.entry({ ...common, size, mode: executable ? 0o755 : 0o644 });
      if (size === 0) into.end(undefined);
      else await pipeline(content, into);
    } catch (err) {
      throw new CommandError(`${name} changed while it was read; deploy again.`, err);
    } finally {
      await file.close();
    }
  }
}
