import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { isSystemError } from '../lib/errors.ts';
import { CommandError } from './failures.ts';

/**
 * Reads files of the user's: at most `limit` bytes, because a device never ends. Undefined when there is none; what
 * cannot be read is a CommandError.
 */
export function readFileOf(cwd: string): (path: string, limit: number) => Promise<Buffer | undefined> {
  return async (path, limit) => {
    try {
      const parts: Buffer[] = [];
      for await (const part of createReadStream(resolve(cwd, path), { end: limit - 1 }))
        parts.push(part as Buffer);
      return Buffer.concat(parts);
    } catch (err) {
      if (['ENOENT', 'ENOTDIR'].some((code) => isSystemError(err, code))) return undefined;
      if (isSystemError(err, 'EISDIR')) throw new CommandError(`${path} is a directory, not a file.`, err);
      if (isSystemError(err, 'EACCES')) throw new CommandError(`${path} cannot be read by you.`, err);
      throw err;
    }
  };
}
