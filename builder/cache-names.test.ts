import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCacheNames } from './cache-names.ts';

describe('the names of build caches', () => {
  it('change for the one that is forgotten, for good, and for no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-caches-'));
    try {
      const names = createCacheNames(folder);
      expect(await names.nameOf('a')).toBe('a');
      await names.forget('a');
      const renewed = await names.nameOf('a');
      expect(renewed).toMatch(/^a\.[0-9a-f]{16}$/);
      expect(await createCacheNames(folder).nameOf('a')).toBe(renewed);
      expect(await names.nameOf('b')).toBe('b');
      await names.forget('a');
      expect(await names.nameOf('a')).not.toBe(renewed);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
