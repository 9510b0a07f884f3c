import { describe, expect, it } from 'vitest';
import { createArchiveJudge, type ArchiveEntry } from './source-archive.ts';
import { SOURCE_LIMITS } from '../../lib/source-limits.ts';

const file = (name: string, size = 1): ArchiveEntry => ({
  ...{ name, size, kind: 'file', executable: false, target: '' },
});
const folder = (name: string): ArchiveEntry => ({ ...file(name, 0), kind: 'directory' });
const link = (name: string, target: string): ArchiveEntry => ({ ...file(name, 0), kind: 'link', target });

/** The names that entries get, or the reason to refuse them. */
function judged(...entries: ArchiveEntry[]): (string | null)[] | string {
  const judge = createArchiveJudge({ ...SOURCE_LIMITS, entries: 10, bytes: 1024 * 1024 });
  for (const entry of entries) {
    const reason = judge.add(entry);
    if (reason !== undefined) return reason;
  }
  const plan = judge.end();
  return 'reason' in plan ? plan.reason : entries.map(({ name }) => plan.pathOf(name));
}

describe('an archive', () => {
  it('becomes the tree it holds, by clean names', () => {
    expect(judged(folder('./'), file('./Procfile'), folder('src/'), file('src//a.js'))).toEqual([
      null,
      'Procfile',
      'src',
      'src/a.js',
    ]);
  });

  it('of one folder alone is what is in the folder', () => {
    expect(judged(folder('app-1.0/'), file('app-1.0/Procfile'), link('app-1.0/x', 'Procfile'))).toEqual([
      null,
      'Procfile',
      'x',
    ]);
    expect(judged(file('public/index.html'), file('Procfile'))).toEqual(['public/index.html', 'Procfile']);
  });

  it('loses the history of git, which is no source', () => {
    expect(judged(file('.git/config'), file('a'), file('sub/.GIT/HEAD'))).toEqual([null, 'a', null]);
  });

  it.each([
    ['../a', [file('../a')]],
    ['a path out of its middle', [file('a/../../b')]],
    ['an absolute path', [file('/etc/passwd')]],
    ['a device', [{ ...file('dev'), kind: 'other' as const }]],
    ['a link out', [file('a'), link('b', '../x')]],
    ['an absolute link', [file('a'), link('b', '/etc/passwd')]],
    ['links that lead out together', [file('x'), folder('d'), link('d/up', '..'), link('e', 'd/up/..')]],
    ['a link out of the one folder', [folder('app'), file('app/a'), link('app/b', '../../x')]],
    ['a file below a link', [link('a', 'b'), file('a/x')]],
    ['a file below a file', [file('a'), file('a/x')]],
    ['a name twice', [file('a'), file('./a')]],
    ['too many entries', Array.from({ length: 11 }, (_, at) => file(`f${at}`))],
    ['too many bytes', [file('a', 1024 * 1024), file('b', 1)]],
    ['a control character', [file('a\nb')]],
    ['nothing', []],
    ['nothing but history', [file('.git/HEAD')]],
  ])('with %s is refused in a sentence', (_, entries) => {
    expect(judged(...entries)).toMatch(/\S/);
    expect(judged(...entries)).toBeTypeOf('string');
  });
});
