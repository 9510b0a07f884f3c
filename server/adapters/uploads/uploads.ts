import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isSystemError } from '../../../lib/errors.ts';
import { PlatformError } from '../../domain/errors.ts';
import { SOURCE_LIMITS, type SourceLimits } from '../../../lib/source-limits.ts';
import type { UploadName, Uploads } from '../../ports/uploads.ts';
import { unpackArchive } from './unpack.ts';

/** One source as it is sent, and all that one person may keep here at a time. */
const LARGEST = 1024 ** 3;
const MOST_PER_USER = 4 * 1024 ** 3;

const ID = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/);

/** Files in a folder that is the platform's alone, named by who sent them. */
export function createUploads({
  folder,
  limits = SOURCE_LIMITS,
  largest = LARGEST,
  mostPerUser = MOST_PER_USER,
}: {
  readonly folder: string;
  readonly limits?: SourceLimits;
  readonly largest?: number;
  readonly mostPerUser?: number;
}): Uploads {
  const pathOf = ({ id, userId }: UploadName): string => join(folder, `${ID.parse(userId)}_${ID.parse(id)}`);

  return {
    async put(upload, content, signal) {
      const path = pathOf(upload);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const room = mostPerUser - (await keptBy(folder, upload, signal));
      const unfinished = `${path}.tmp-${randomUUID()}`;
      let bytes = 0;
      async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
        for await (const chunk of content) {
          bytes += chunk.length;
          if (bytes > largest) throw PlatformError.of('upload_too_large', { limit: largest });
          if (bytes > room) throw PlatformError.of('uploads_full', { limit: mostPerUser });
          yield chunk;
        }
      }
      try {
        await writeWhole(unfinished, counted(), signal);
        await rename(unfinished, path);
      } catch (err) {
        await rm(unfinished, { force: true });
        throw err;
      }
      return bytes;
    },

    async read(upload, signal) {
      const path = pathOf(upload);
      const size = await sizeOf(path);
      return size === undefined ? undefined : { bytes: size, content: createReadStream(path, { signal }) };
    },

    async unpack(upload, archive, signal) {
      const path = pathOf(upload);
      if ((await sizeOf(path)) === undefined) return undefined;
      return unpackArchive(path, archive, limits, signal);
    },

    async tidy(olderThanMs, signal) {
      const before = Date.now() - olderThanMs;
      let removed = 0;
      for (const name of await namesIn(folder)) {
        signal.throwIfAborted();
        const seen = await stat(join(folder, name)).catch(() => undefined); // its sender has just ended
        if (!seen || seen.mtimeMs > before) continue;
        await rm(join(folder, name), { force: true });
        removed += 1;
      }
      return removed;
    },
  };
}

async function writeWhole(
  path: string,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of content) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What one person has here, besides what is about to be replaced. */
async function keptBy(folder: string, upload: UploadName, signal: AbortSignal): Promise<number> {
  let kept = 0;
  for (const name of await namesIn(folder)) {
    signal.throwIfAborted();
    if (!name.startsWith(`${upload.userId}_`) || name === `${upload.userId}_${upload.id}`) continue;
    kept += (await sizeOf(join(folder, name))) ?? 0;
  }
  return kept;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return [];
    throw err;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return undefined;
    throw err;
  }
}
