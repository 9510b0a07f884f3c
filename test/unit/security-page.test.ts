import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
/** How many rows each part has: an attack that is not tried stands there too, with the reason. */
const PARTS = { GIT: 18, INJ: 9, API: 15, SEC: 7 };
const ROWS = Object.entries(PARTS).flatMap(([part, rows]) =>
  Array.from({ length: rows }, (_, n) => `S-${part}-${String(n + 1).padStart(2, '0')}`),
);

/** Files of the project that may have tests, by path. */
async function testFiles(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const folder of ['lib', 'server', 'builder', 'router', 'cli', 'supervisor', 'test'])
    for (const entry of await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && entry.name.endsWith('.test.ts') && path !== import.meta.filename)
        found.set(relative(ROOT, path), await readFile(path, 'utf8'));
    }
  return found;
}

let page: ReadonlyMap<string, { readonly answer: string; readonly places: readonly string[] }>;
let titled: ReadonlyMap<string, readonly string[]>;
beforeAll(async () => {
  const text = await readFile(join(ROOT, 'docs', 'security.md'), 'utf8');
  const lines = text.split('\n').filter((line) => /^\| S-/.test(line));
  page = new Map(
    lines.map((line) => {
      const [, id = '', , answer = '', where = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return [id, { answer, places: [...where.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path) }];
    }),
  );
  expect(page.size, 'each row stands there once').toBe(lines.length);
  const byRow = new Map<string, string[]>();
  for (const [path, code] of await testFiles())
    for (const id of new Set([...code.matchAll(/\[(S-[A-Z]+-\d\d)\]/g)].map(([, row = '']) => row)))
      byRow.set(id, [...(byRow.get(id) ?? []), path]);
  titled = byRow;
});

describe('the page of attacks', () => {
  it('has all rows, and no other', () => {
    expect([...page.keys()]).toEqual(ROWS);
    expect(ROWS).toEqual(expect.arrayContaining([...titled.keys()]));
  });

  it.each(ROWS)('says of %s where it is tried, or why it is not', (id) => {
    const row = page.get(id);
    expect([...(row?.places ?? [])].sort()).toEqual([...(titled.get(id) ?? [])].sort());
    if (row?.places.length === 0) expect(row.answer).toMatch(/^Not tried: .{20,}/);
  });
});
