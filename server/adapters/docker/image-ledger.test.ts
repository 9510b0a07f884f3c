import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createImageLedger } from './image-ledger.ts';

let home: string;
let file: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ledger-'));
  file = join(home, 'engine-images');
});
afterEach(() => rm(home, { recursive: true }));

describe('the ledger of fetched images', () => {
  it('knows nothing at first, then what was written down, also after a restart', async () => {
    const ledger = createImageLedger(file);
    expect(await ledger.has('r:1/apps/a')).toBe(false);
    await ledger.add(['r:1/apps/a']);
    expect(await ledger.has('r:1/apps/a')).toBe(true);
    expect(await createImageLedger(file).has('r:1/apps/a')).toBe(true);
    expect(await ledger.has('r:1/apps/b')).toBe(false);
  });

  it('loses nothing when many are written down at once, and has each once', async () => {
    const ledger = createImageLedger(file);
    const names = Array.from({ length: 20 }, (_, n) => `r:1/apps/${n}`);
    await Promise.all([...names, ...names].map((name) => ledger.add([name])));
    expect((await readFile(file, 'utf8')).trim().split('\n').sort()).toEqual([...names].sort());
  });

  it('forgets what is left of nothing, and keeps no name that it did not have', async () => {
    const ledger = createImageLedger(file);
    await ledger.add(['r:1/apps/a', 'r:1/apps/b']);
    await ledger.keep((repository) => repository === 'r:1/apps/b' || repository === 'r:1/apps/c');
    expect(await readFile(file, 'utf8')).toBe('r:1/apps/b\n');
  });

  it('goes on after a write that failed', async () => {
    const ledger = createImageLedger(join(home, 'none', 'engine-images'));
    await expect(ledger.add(['r:1/apps/a'])).rejects.toThrow('ENOENT');
    expect(await ledger.has('r:1/apps/a')).toBe(false);
    await writeFile(file, 'r:1/apps/a\n');
    const other = createImageLedger(file);
    await other.add(['r:1/apps/a']);
    await other.add(['r:1/apps/b']);
    expect(await readFile(file, 'utf8')).toBe('r:1/apps/a\nr:1/apps/b\n');
  });
});
