import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readSourceTree } from './source-tree.ts';

const patient = new AbortController().signal;
let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'gantry-source-tree-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
const paths = async (): Promise<string[]> =>
  (await readSourceTree(root, patient)).entries.map(({ path }) => path);
const files = async (): Promise<string[]> =>
  (await readSourceTree(root, patient)).entries.flatMap(({ path, kind }) =>
    kind === 'folder' ? [] : [path],
  );

describe('the source in a folder', () => {
  it('is its files, folders and links, in one order, with what they are', async () => {
    write({ 'b/run': '#!/bin/sh\n', 'a.txt': 'hello', 'b/z': '' });
    chmodSync(join(root, 'b/run'), 0o754);
    symlinkSync('../elsewhere', join(root, 'c'));
    const { entries, bytes, notes } = await readSourceTree(root, patient);
    expect(entries).toEqual([
      { path: 'a.txt', kind: 'file', size: 5, executable: false, target: '' },
      { path: 'b', kind: 'folder', size: 0, executable: false, target: '' },
      { path: 'b/run', kind: 'file', size: 10, executable: true, target: '' },
      { path: 'b/z', kind: 'file', size: 0, executable: false, target: '' },
      { path: 'c', kind: 'link', size: 0, executable: false, target: '../elsewhere' },
    ]);
    expect([bytes, notes]).toEqual([15, []]);
  });

  it('has nothing of git, however deep and however it is spelled', async () => {
    write({ '.git/HEAD': '', 'sub/.git/HEAD': '', '.GIT/config': '', 'keep.git/x': '', a: '' });
    expect(await files()).toEqual(['a', 'keep.git/x']);
  });

  it('is without what git leaves out, exceptions and deeper rules included', async () => {
    write({
      '.gitignore': '*.log\n/build\n!keep.log\nnode_modules/\n',
      'a.log': '',
      'keep.log': '',
      'build/out': '',
      'sub/build/in': '',
      'node_modules/x': '',
      'sub/.gitignore': '!b.log\nsecret\n/only-here\n',
      'sub/b.log': '',
      'sub/c.log': '',
      'sub/secret': '',
      secret: '',
      'sub/only-here': '',
      'sub/deep/only-here': '',
    });
    execFileSync('git', ['init', '-q', root]);
    const known = execFileSync('git', ['-C', root, 'ls-files', '-co', '--exclude-standard', '-z'], {
      encoding: 'utf8',
    });
    rmSync(join(root, '.git'), { recursive: true });
    expect((await files()).toSorted()).toEqual(known.split('\0').slice(0, -1).toSorted());
  });

  it('is without what .slugignore says, and with what the build reads all the same', async () => {
    write({
      '.slugignore': '*.md\n/Procfile\napp.json\n',
      'README.md': '',
      Procfile: 'web: a',
      'app.json': '{}',
      'sub/app.json': '',
      a: '',
    });
    expect(await files()).toEqual(['.slugignore', 'Procfile', 'a', 'app.json']);
  });

  it('with a Dockerfile is without what .dockerignore says, from the root on; without one that is no concern', async () => {
    write({
      '.dockerignore': '# a comment\n\n ./data \r\ndocs/\nDockerfile\n',
      'data/x': '',
      'sub/data/y': '',
      'docs/z': '',
      'sub/docs/z': '',
    });
    expect(await files()).toContain('data/x');
    write({ Dockerfile: 'FROM scratch' });
    expect(await files()).toEqual(['.dockerignore', 'Dockerfile', 'sub/data/y', 'sub/docs/z']);
  });

  it('is whole where .dockerignore makes exceptions, whose meaning is not that of git', async () => {
    write({
      Dockerfile: 'FROM scratch',
      '.dockerignore': 'data\n!data/keep\n',
      'data/x': '',
      'data/keep': '',
    });
    expect(await files()).toContain('data/x');
  });

  it('is without dependencies that the build installs, which is said, unless a .gitignore says what is meant', async () => {
    write({ 'package.json': '{}', 'node_modules/x/index.js': '', 'sub/node_modules/y': '' });
    const { entries, notes } = await readSourceTree(root, patient);
    expect(entries.map(({ path }) => path)).toEqual([
      'package.json',
      'sub',
      'sub/node_modules',
      'sub/node_modules/y',
    ]);
    expect(notes).toEqual([expect.stringContaining('node_modules is left out')]);
    write({ '.gitignore': '' });
    expect(await paths()).toContain('node_modules/x/index.js');
    rmSync(join(root, '.gitignore'));
    rmSync(join(root, 'package.json'));
    expect(await paths()).toContain('node_modules/x/index.js');
  });
});

describe('a folder is refused', () => {
  it('when there is nothing in it to deploy', async () => {
    await expect(paths()).rejects.toThrow(`There is nothing to deploy in ${root}.`);
    mkdirSync(join(root, 'empty'));
    await expect(paths()).rejects.toThrow('There is nothing to deploy');
  });

  it('when it is none', async () => {
    await expect(readSourceTree(join(root, 'x'), patient)).rejects.toThrow(
      `${join(root, 'x')} cannot be read as a folder.`,
    );
  });

  it('when it holds what no archive can', async () => {
    write({ a: '' });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
    onTestFinished(() => void server.close());
    await expect(paths()).rejects.toThrow(
      'socket is neither a file, a folder nor a link; leave it out (.slugignore).',
    );
    write({ '.slugignore': 'socket' });
    expect(await files()).toEqual(['.slugignore', 'a']);
  });

  it('no further than it was read when nobody waits any longer', async () => {
    write({ a: '' });
    await expect(readSourceTree(root, AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  });
});
