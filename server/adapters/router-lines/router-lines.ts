import { appendFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isSystemError } from '../../../lib/errors.ts';
import { KEPT } from '../../domain/kept-log.ts';
import type { LogLine } from '../../ports/engine.ts';
import type { RouterLines } from '../../ports/visits.ts';

/** When the newer file has so much it becomes the older one, so there is always so much, and at most twice. */
const FULL = { lines: KEPT.lines, bytes: KEPT.bytes / 2 } as const;
const [NEWER, OLDER] = ['newer', 'older'] as const;

const identifier = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);
const row = z.tuple([z.int(), z.string()]);

/**
 * One directory per app with two files, a JSON text per line: lines are only ever added to one, and when it is full it
 * takes the place of the other. Only the platform's owner can read them. Not forced to the disk; of a file that a power
 * cut has damaged the lines that can be understood are read.
 */
export function createRouterLines({ root }: { readonly root: string }): RouterLines {
  const sizes = new Map<string, { lines: number; bytes: number }>();
  /** Lines of an app come a little later than the visits they tell of, and it may have been destroyed by then. */
  const forgotten = new Set<string>();
  const directoryOf = (appId: string): string => join(root, identifier.parse(appId));

  async function sizeOf(appId: string): Promise<{ lines: number; bytes: number }> {
    const known = sizes.get(appId);
    if (known) return known;
    const text = await textOf(join(directoryOf(appId), NEWER));
    const size = { lines: text.split('\n').length - 1, bytes: Buffer.byteLength(text) };
    sizes.set(appId, size);
    return size;
  }

  return {
    async add(appId, lines, signal) {
      signal.throwIfAborted();
      if (forgotten.has(appId) || lines.length === 0) return;
      const directory = directoryOf(appId);
      const size = await sizeOf(appId);
      const kept = lines.slice(-FULL.lines);
      const text = kept.map(({ at, text: words }) => `${JSON.stringify([at.getTime(), words])}\n`).join('');
      if (size.lines === 0) await mkdir(directory, { recursive: true, mode: 0o700 });
      await appendFile(join(directory, NEWER), text, { mode: 0o600 });
      size.lines += kept.length;
      size.bytes += Buffer.byteLength(text);
      if (size.lines < FULL.lines && size.bytes < FULL.bytes) return;
      await rename(join(directory, NEWER), join(directory, OLDER));
      sizes.set(appId, { lines: 0, bytes: 0 });
    },

    async read(appId, signal) {
      signal.throwIfAborted();
      const directory = directoryOf(appId);
      // The newer first: should it become the older meanwhile, its lines are there twice and not missing.
      const newer = linesOf(await textOf(join(directory, NEWER)));
      const older = newer.length >= KEPT.lines ? [] : linesOf(await textOf(join(directory, OLDER)));
      return [...older, ...newer].slice(-KEPT.lines);
    },

    async forget(appId) {
      forgotten.add(appId);
      sizes.delete(appId);
      await rm(directoryOf(appId), { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return '';
    throw err;
  }
}

function linesOf(text: string): LogLine[] {
  return text.split('\n').flatMap((one) => {
    const [at, words] = parsed(one) ?? [];
    return at === undefined || words === undefined
      ? []
      : [{ at: new Date(at), source: 'gantry' as const, instance: 'router', text: words }];
  });
}

function parsed(text: string): z.infer<typeof row> | undefined {
  try {
    return row.parse(JSON.parse(text));
  } catch {
    return undefined; // the end of the file, or what a power cut left of a line
  }
}
