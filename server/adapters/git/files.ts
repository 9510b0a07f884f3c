import { readdir } from 'node:fs/promises';
import { isSystemError } from '../../../lib/errors.ts';

/** What a look answers; undefined for what is not there, or not any more: git is at work beside us. */
export async function unlessGone<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (err) {
    if (isSystemError(err, 'ENOENT') || isSystemError(err, 'ENOTDIR')) return undefined;
    throw err;
  }
}

export async function namesIn(folder: string): Promise<string[]> {
  return (await unlessGone(readdir(folder))) ?? [];
}
