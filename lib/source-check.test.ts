import { describe, expect, it } from 'vitest';
import { SOURCE_LIMITS } from './source-limits.ts';
import { createTreeCheck, parseTreeEntry, type TreeEntry } from './source-check.ts';

const file = (path: string, size = 1): TreeEntry => ({ mode: '100644', id: 'a'.repeat(40), size, path });

describe('createTreeCheck', () => {
  it('refuses the entry that is one too many', () => {
    const check = createTreeCheck({ ...SOURCE_LIMITS, entries: 2 });
    expect(check.add(file('a'))).toBeUndefined();
    expect(check.add(file('b'))).toBeUndefined();
    expect(check.add(file('c'))).toBe('it has more than 2 files and folders');
  });

  it('refuses the byte that is one too many', () => {
    const check = createTreeCheck({ ...SOURCE_LIMITS, bytes: 3 * 1024 * 1024 });
    expect(check.add(file('a', 3 * 1024 * 1024))).toBeUndefined();
    expect(check.add(file('b'))).toBe('its files are larger than 3 MiB in all');
  });

  it.each(['a\nb', 'a\rb', '../a', 'a/../b', '.GIT/config', 'a//b', `${'d/'.repeat(80)}x`, 'x'.repeat(2000)])(
    'refuses the path %j',
    (path) => {
      expect(createTreeCheck(SOURCE_LIMITS).add(file(path))).toBeDefined();
    },
  );

  it.each(['Procfile', '.gitignore', 'ein Ordner/grüße.txt', 'a/.hidden', '日本/x', 'a..b', '-rf'])(
    'takes the path %j',
    (path) => {
      expect(createTreeCheck(SOURCE_LIMITS).add(file(path))).toBeUndefined();
    },
  );

  it('remembers links', () => {
    const check = createTreeCheck(SOURCE_LIMITS);
    expect(check.add({ ...file('link'), mode: '120000' })).toBeUndefined();
    expect([...check.links]).toEqual([['link', 'a'.repeat(40)]]);
  });

  it('refuses a submodule, which would be an empty folder in the app', () => {
    const reason = createTreeCheck(SOURCE_LIMITS).add({ ...file('lib/theirs', 0), mode: '160000' });
    expect(reason).toMatch(/^"lib\/theirs" is a git submodule, .*commit the files themselves$/);
  });

  it('refuses a link with an endless target', () => {
    expect(createTreeCheck(SOURCE_LIMITS).add({ ...file('l', 5000), mode: '120000' })).toContain('too long');
  });
});

describe('parseTreeEntry', () => {
  const id = 'b'.repeat(40);
  it('reads what git writes', () => {
    expect(parseTreeEntry(`100644 blob ${id}      12\ta b\tc`)).toEqual({
      mode: '100644',
      id,
      size: 12,
      path: 'a b\tc',
    });
    expect(parseTreeEntry(`040000 tree ${id}       -\tdir`)).toEqual({
      mode: '040000',
      id,
      size: 0,
      path: 'dir',
    });
  });

  it('reads nothing else', () => {
    for (const text of ['', 'x', `100644 blob ${id} 12 a`, `100644 blob ${id} BAD\ta`])
      expect(parseTreeEntry(text)).toBeUndefined();
  });
});
