import { describe, expect, it } from 'vitest';
import { judgeSource } from './judge-source.ts';
import type { SourceEntry } from './source-tree.ts';

const file = (path: string, size = 1): SourceEntry => ({
  ...{ path, kind: 'file', size, executable: false, target: '' },
});
const link = (path: string, target: string): SourceEntry => ({ ...file(path, 0), kind: 'link', target });
const judge = (...entries: SourceEntry[]): void => judgeSource({ root: '/home/ann/shop', entries });

describe('a folder that is to be deployed', () => {
  it('may hold links that stay inside', () => {
    expect(() => judge(file('a/b'), link('c', 'a/b'), link('a/up', '..'))).not.toThrow();
  });

  it.each([
    [[link('abs', '/etc/passwd')], '"abs" is an absolute link'],
    [[link('up', '../../etc')], '"up" links to a place outside the source'],
    [[link('d/up', '..'), link('e', 'd/up/..')], '"e" links to a place outside the source'],
    [[file('a\nb')], '"a\\nb" has a control character in its name'],
    [[file('large', 2 * 1024 ** 3)], 'its files are larger than 1 GiB in all'],
  ])('is refused before it is sent: %o', (entries, reason) => {
    expect(() => judge(...entries)).toThrow(
      `/home/ann/shop cannot be deployed: ${reason}. Change it, or leave it out (.gitignore, .slugignore).`,
    );
  });
});
