import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRouterLines } from '../../server/adapters/router-lines/router-lines.ts';
import { KEPT } from '../../server/domain/kept-log.ts';
import type { LogLine } from '../../server/ports/engine.ts';
import type { RouterLines } from '../../server/ports/visits.ts';
import { createMemoryRouterLines } from '../support/memory-router-lines.ts';

const never = new AbortController().signal;
const root = await mkdtemp(join(tmpdir(), 'gantry-router-lines-'));
afterAll(() => rm(root, { recursive: true, force: true }));

const line = (ms: number, text: string): LogLine => ({
  ...{ at: new Date(ms), source: 'gantry', instance: 'router', text },
});
const numbered = (from: number, count: number): LogLine[] =>
  Array.from({ length: count }, (_, n) => line(from + n, `at=info n=${from + n}`));

describe.each([
  ['in memory', createMemoryRouterLines],
  ['in files', () => createRouterLines({ root })],
])('the lines of the router %s', (_name, open: () => RouterLines) => {
  it('are given back as they came, each app its own', async () => {
    const lines = open();
    const [mine, theirs] = [randomUUID(), randomUUID()];
    const first = [line(1, 'at=info path="/a%0Ab"'), line(2, '')];
    const later = [line(2, 'ends with a space and ✓ ')];
    await lines.add(mine, first, never);
    await lines.add(theirs, [line(3, 'not mine')], never);
    await lines.add(mine, later, never);
    expect(await lines.read(mine, never)).toEqual([...first, ...later]);
    expect(await lines.read(randomUUID(), never)).toEqual([]);
  });

  it('are the newest, however many came and however they came', async () => {
    const lines = open();
    const [many, few] = [randomUUID(), randomUUID()];
    await lines.add(many, numbered(0, 5_000), never);
    expect(await lines.read(many, never)).toEqual(numbered(5_000 - KEPT.lines, KEPT.lines));
    for (let n = 0; n < 4_000; n += 100) await lines.add(few, numbered(n, 100), never);
    expect(await lines.read(few, never)).toEqual(numbered(4_000 - KEPT.lines, KEPT.lines));
  });

  it('are gone with their app, and none that come late bring it back', async () => {
    const lines = open();
    const app = randomUUID();
    await lines.add(app, numbered(0, 3), never);
    await lines.forget(app, never);
    await lines.add(app, numbered(3, 1), never);
    expect(await lines.read(app, never)).toEqual([]);
    await lines.forget(app, never);
  });
});

describe('in files', () => {
  it('they survive the server, take so much room and no more, and are nobody else’s to read', async () => {
    const app = randomUUID();
    for (let round = 0; round < 30; round += 1) {
      const lines = createRouterLines({ root }); // a server that has just started
      await lines.add(
        app,
        numbered(round * 100, 100).map(({ at }) => line(at.getTime(), 'x'.repeat(8_000))),
        never,
      );
    }
    const files = await readdir(join(root, app));
    const sizes = await Promise.all(files.map((name) => stat(join(root, app, name))));
    const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
    expect(bytes).toBeLessThan(2 * 1024 * 1024 + 1024 * 1024);
    expect(sizes.every(({ mode }) => (mode & 0o077) === 0)).toBe(true);
    expect((await createRouterLines({ root }).read(app, never)).length).toBeGreaterThan(60);
  });

  it('they are read as far as they can be understood', async () => {
    const app = randomUUID();
    const lines = createRouterLines({ root });
    await lines.add(app, numbered(0, 2), never);
    await writeFile(join(root, app, 'newer'), '[1,"ok"]\n[2,3]\n{"x":\n\u0000\u0000[4,"after"]\n[5,"cu');
    expect((await lines.read(app, never)).map(({ text }) => text)).toEqual(['ok']);
  });

  it('an id that is none is no way out of their directory', async () => {
    const lines = createRouterLines({ root });
    for (const id of ['../x', '', 'a/b', '.'])
      await expect(lines.add(id, numbered(0, 1), never)).rejects.toThrow();
  });
});
