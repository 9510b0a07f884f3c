import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCacheNames } from './cache-names.ts';

describe('the names of build caches', () => {
  it('leave nothing behind of a tenant who is gone, whether theirs was ever renewed or not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-caches-'));
    try {
      const names = createCacheNames(folder);
      for (const key of ['a', 'b']) await names.renew(key);
      for (const key of ['a', 'a', 'c']) await names.forget(key);
      expect(await readdir(folder)).toEqual(['b']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('change for the one that is forgotten, for good, and for no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-caches-'));
    try {
      const names = createCacheNames(folder);
      expect(await names.nameOf('a')).toBe('a');
      await names.renew('a');
      const renewed = await names.nameOf('a');
      expect(renewed).toMatch(/^a\.[0-9a-f]{16}$/);
      expect(await createCacheNames(folder).nameOf('a')).toBe(renewed);
      expect(await names.nameOf('b')).toBe('b');
      await names.renew('a');
      expect(await names.nameOf('a')).not.toBe(renewed);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
