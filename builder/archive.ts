import { createReadStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { KnownError } from '../lib/errors.ts';
import { createEntryGuard, type Entry } from './entry.ts';
import { buildErrors } from './errors.ts';

/** Is handed every entry in order; must read the content to its end, or `resume` it. */
export type Visit = (entry: Entry, content: Readable) => Promise<void>;

/**
 * Reads an uncompressed tar from start to end, checking every entry before it is visited (see `createEntryGuard`).
 * Throws `source_refused` for a hostile or unreadable archive; nothing is ever written to disk.
 */
export async function walkArchive(path: string, visit: Visit, signal: AbortSignal): Promise<void> {
  const guard = createEntryGuard();
  const file = createReadStream(path, { highWaterMark: 256 * 1024, signal });
  const tar = extract();
  file.on('error', (err) => tar.destroy(err));
  file.pipe(tar);
  let visiting = false;
  try {
    for await (const content of tar) {
      const { name, type, size, mode, mtime, linkname } = content.header;
      const entry = guard({
        name,
        type,
        size,
        mode,
        mtime,
        linkname,
      });
      if (entry === null) content.resume();
      else {
        visiting = true;
        await visit(entry, content as unknown as Readable); // streamx: has all of Readable that is used here
        visiting = false;
      }
    }
  } catch (err) {
    if (signal.aborted) throw signal.reason;
    if (visiting || err instanceof KnownError) throw err;
    throw buildErrors.of('source_refused', { why: 'it is not a readable tar archive' }, err);
  } finally {
    tar.destroy();
    file.destroy();
    await finished(file).catch(() => undefined); // told above already
  }
}

/** The first `maxBytes` of a stream as text; the rest is read and dropped. */
export async function readText(
  content: Readable,
  maxBytes: number,
): Promise<{ text: string; whole: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of content) {
    const bytes = chunk as Buffer;
    if (size < maxBytes) chunks.push(bytes.subarray(0, maxBytes - size));
    size += bytes.length;
  }
  return { text: Buffer.concat(chunks).toString('utf8'), whole: size <= maxBytes };
}
