import fc from 'fast-check';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEntryGuard, type RawEntry } from './entry.ts';

const raw = (name: string, more: Partial<RawEntry> = {}): RawEntry => ({
  name,
  type: 'file',
  size: 0,
  mode: 0o644,
  mtime: new Date(0),
  linkname: null,
  ...more,
});

describe('the entries of a source', () => {
  it('refuses every name that could land outside the tree or hide in it', () => {
    for (const name of ['../x', 'a/../../x', '/etc/passwd', 'a\0b', 'a\nb', 'a/\u001b[2J']) {
      expect(() => createEntryGuard()(raw(name))).toThrow(/refused/);
    }
  });

  it('refuses devices, pipes, hard links and setuid files', () => {
    for (const type of ['character-device', 'block-device', 'fifo', 'link', 'contiguous-file', null]) {
      expect(() => createEntryGuard()(raw('x', { type, linkname: 'y' }))).toThrow(/only files/);
    }
    expect(() => createEntryGuard()(raw('x', { mode: 0o4755 }))).toThrow(/setuid/);
  });

  it('refuses links out of the tree and admits links within', () => {
    const link = (name: string, linkname: string): unknown =>
      createEntryGuard()(raw(name, { type: 'symlink', linkname }));
    for (const target of ['/etc/passwd', '..', '../x', 'a/../../x', 'a/a/../b', ''])
      expect(() => link('l', target)).toThrow(/points out/);
    expect(() => link('d/l', '../../x')).toThrow(/points out/);
    expect(link('d/l', '../x/y')).toMatchObject({ kind: 'link', target: '../x/y' });
  });

  it('refuses a second entry of the same name, however it is spelt', () => {
    const guard = createEntryGuard();
    guard(raw('Dockerfile'));
    expect(() => guard(raw('./Dockerfile'))).toThrow(/twice/);
  });

  it('refuses a path through a link, in either order', () => {
    const first = createEntryGuard();
    first(raw('sub', { type: 'symlink', linkname: '.' }));
    expect(() => first(raw('sub/Dockerfile'))).toThrow(/no directory/);
    const second = createEntryGuard();
    second(raw('sub/Dockerfile'));
    expect(() => second(raw('sub', { type: 'symlink', linkname: '.' }))).toThrow(/twice/);
  });

  it('counts entries and bytes', () => {
    const guard = createEntryGuard({ entries: 2, bytes: 100 });
    guard(raw('a', { size: 60 }));
    expect(() => guard(raw('b', { size: 60 }))).toThrow(/larger/);
    expect(() => guard(raw('c'))).toThrow(/more than 2/);
  });

  it('only ever admits paths and links that stay below the root', () => {
    const segment = fc.constantFrom('a', 'b', '..', '.', '', 'x y', '...');
    const path = fc.array(segment, { maxLength: 6 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(path, path, fc.constantFrom('file', 'symlink', 'directory'), (name, linkname, type) => {
        let entry;
        try {
          entry = createEntryGuard()(raw(name, { type, linkname }));
        } catch {
          return;
        }
        if (entry === null) return;
        expect(posix.join('/root', entry.path)).toMatch(/^\/root\/./);
        if (entry.kind === 'link')
          expect(`${posix.resolve('/root', posix.dirname(entry.path), entry.target)}/`).toMatch(/^\/root\//);
      }),
    );
  });
});
