import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../lib/errors.ts';

/** Under which name the engine keeps the cache mounts of a tenant. */
export interface CacheNames {
  nameOf(key: string): Promise<string>;
  /**
   * From now on the tenant's builds start with empty caches. What was there is out of reach at once and leaves the
   * disk with the least recently used of the build cache: engines before 23 do not tell whose a cache mount is.
   */
  renew(key: string): Promise<void>;
  /** For a tenant who is gone and whose key comes never again: keeps nothing of it. Idempotent. */
  forget(key: string): Promise<void>;
}

/** Keeps one small file for each tenant whose caches were ever renewed. */
export function createCacheNames(folder: string): CacheNames {
  return {
    async nameOf(key) {
      try {
        return `${key}.${(await readFile(join(folder, key), 'utf8')).trim()}`;
      } catch (err) {
        if (isSystemError(err, 'ENOENT')) return key;
        throw err;
      }
    },
    async renew(key) {
      await mkdir(folder, { recursive: true });
      const part = join(folder, `.${key}.${randomBytes(4).toString('hex')}`);
      await writeFile(part, randomBytes(8).toString('hex'));
      await rename(part, join(folder, key));
    },
    forget: (key) => rm(join(folder, key), { force: true }),
  };
}
