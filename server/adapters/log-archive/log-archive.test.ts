import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeptLog } from '../../domain/kept-log.ts';
import { createLogArchive } from './log-archive.ts';

const never = new AbortController().signal;
const APP = '6d3f0a2e-0000-4000-8000-000000000001';

const logOf = (instanceId: string, stamp: number, ...texts: readonly string[]): KeptLog => ({
  instanceId,
  type: 'web',
  number: 1,
  release: 2,
  lines: texts.map((text) => ({ stamp: BigInt(stamp), source: 'app', text })),
});

describe('the files of the log archive', () => {
  let root: string;
  let at: (...parts: readonly string[]) => string;
  beforeEach(async () => {
    root = join(await mkdtemp(join(tmpdir(), 'gantry-log-archive-')), 'app-logs');
    at = (...parts) => join(root, APP, ...parts);
  });
  afterEach(() => rm(join(root, '..'), { recursive: true, force: true }));

  it('can be read by the owner of the platform only', async () => {
    await createLogArchive({ root }).keep(APP, logOf('a', 1, 'secret'), never);
    const modes = [root, at(), at('a')].map(async (path) => (await stat(path)).mode & 0o777);
    expect(await Promise.all(modes)).toEqual([0o700, 0o700, 0o600]);
  });

  it('hold whole logs only: one that was being written when the server was killed is not there', async () => {
    const archive = createLogArchive({ root });
    await archive.keep(APP, logOf('a', 1, 'whole'), never);
    await writeFile(at('b.4242'), (await readFile(at('a'), 'utf8')).slice(0, 40));
    expect(await archive.read(APP, never)).toEqual([logOf('a', 1, 'whole')]);
    await archive.keep(APP, logOf('b', 2, 'again'), never);
    expect(await readdir(at())).toEqual(expect.arrayContaining(['b.4242']));
    await utimes(at('b.4242'), 0, 0);
    await archive.keep(APP, logOf('b', 2, 'again'), never);
    expect((await readdir(at())).sort()).toEqual(['a', 'b']);
    expect(await archive.read(APP, never)).toEqual([logOf('a', 1, 'whole'), logOf('b', 2, 'again')]);
  });

  it('cost one log when one is damaged, which goes with the next that is kept', async () => {
    const archive = createLogArchive({ root });
    for (const id of ['a', 'b', 'c']) await archive.keep(APP, logOf(id, 1, id), never);
    await truncate(at('a'), 0);
    await truncate(at('b'), 50);
    expect(await archive.read(APP, never)).toEqual([logOf('c', 1, 'c')]);
    await archive.keep(APP, logOf('d', 1, 'd'), never);
    expect((await readdir(at())).sort()).toEqual(['c', 'd']);
  });

  it('are as small as the archive says', async () => {
    const archive = createLogArchive({ root });
    for (let n = 0; n < 5; n += 1)
      await archive.keep(APP, logOf(`i${n}`, n, ...Array<string>(100).fill('\u0001'.repeat(20_000))), never);
    const sizes = (await readdir(at())).map(async (name) => (await stat(at(name))).size);
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(900_000);
    expect(bytes).toBeLessThanOrEqual(1024 * 1024);
  });

  it('lie under their root, whatever an app or an instance is called', async () => {
    const archive = createLogArchive({ root });
    await expect(archive.keep('../elsewhere', logOf('a', 1, 'x'), never)).rejects.toThrow();
    await expect(archive.keep(APP, logOf('../a', 1, 'x'), never)).rejects.toThrow();
    await expect(archive.read('..', never)).rejects.toThrow();
    await expect(archive.forget('', never)).rejects.toThrow();
    expect(await readdir(join(root, '..'))).toEqual(['app-logs']);
  });

  it('are written and read by two servers at once without loss, as when one takes over from the other', async () => {
    const [old, young] = [createLogArchive({ root }), createLogArchive({ root })];
    const ids = Array.from({ length: 20 }, (_, i) => `i${String(i).padStart(2, '0')}`);
    await Promise.all(ids.map((id, i) => (i % 2 ? old : young).keep(APP, logOf(id, i, id), never)));
    expect((await young.read(APP, never)).map(({ instanceId }) => instanceId).sort()).toEqual(ids);
  });
});
