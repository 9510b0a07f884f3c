import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessGone } from './files.ts';

/** Where git keeps what a push under way has brought, until it is taken or thrown away. */
const QUARANTINE = /^tmp_objdir-/;

/**
 * What all the files of a repository take together. Git may be at work in it meanwhile: what goes between two looks takes
 * nothing. A repository that is not there takes nothing either.
 */
export async function bytesIn(folder: string, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  const entries = await unlessGone(readdir(folder, { withFileTypes: true }));
  let bytes = 0;
  for (const entry of entries ?? []) {
    const path = join(folder, entry.name);
    if (entry.isFile()) bytes += (await unlessGone(stat(path)))?.size ?? 0;
    else if (entry.isDirectory() && !QUARANTINE.test(entry.name)) bytes += await bytesIn(path, signal);
  }
  return bytes;
}
