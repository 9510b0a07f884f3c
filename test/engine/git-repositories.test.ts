import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Build } from '../../server/domain/build.ts';
import { createSources } from '../../server/services/sources.ts';
import { createGitRepositories, type GitRepositories } from '../../server/adapters/git/repositories.ts';
import { commitAll, openGitDoor } from '../support/git-door.ts';

const signal = new AbortController().signal;
const exec = promisify(execFile);
const MAIN = 'refs/heads/main';

let home: string;
let repositories: GitRepositories;
let tree: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'gantry-repositories-'));
  repositories = createGitRepositories({ root: join(home, 'repos'), sources: join(home, 'sources') });
  tree = join(home, 'tree');
  await exec('git', ['init', '-q', '-b', 'main', tree]);
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function commit(content: string): Promise<string> {
  await writeFile(join(tree, 'file'), content);
  return commitAll(tree, content);
}

/** Puts commits into a repository as an accepted push would. */
async function bring(appId: string): Promise<string> {
  const path = await repositories.ensure(appId, signal);
  await exec('git', ['-C', tree, 'push', '-q', '--force', path, 'HEAD:refs/tags/brought']);
  return path;
}

/** The repository of `app`, with one commit. */
async function bringOne(): Promise<string> {
  await commit('1');
  return bring('app');
}

describe('an app’s repository', () => {
  it('is made once, empty, and removed without a trace', async () => {
    const path = await repositories.ensure('app-1', signal);
    expect(path).toBe(join(home, 'repos', 'app-1.git'));
    const made = (await stat(path)).ino;
    const again = await Promise.all(Array.from({ length: 5 }, () => repositories.ensure('app-1', signal)));
    expect(new Set(again)).toEqual(new Set([path]));
    expect((await stat(path)).ino).toBe(made);
    expect(await repositories.resolve('app-1', MAIN, signal)).toBeNull();
    await repositories.remove('app-1', signal);
    await repositories.remove('app-1', signal);
    expect(await readdir(join(home, 'repos'))).toEqual([]);
  });

  it('is made once when many ask at the same time', async () => {
    await Promise.all(Array.from({ length: 8 }, () => repositories.ensure('app-1', signal)));
    expect(await readdir(join(home, 'repos'))).toEqual(['app-1.git']);
  });

  it('takes no id that could be a path, and no ref that could be an option [S-GIT-07] [S-INJ-03]', async () => {
    for (const id of ['../x', 'a/b', '', '-rf', '.', 'x.git'])
      await expect(repositories.ensure(id, signal)).rejects.toThrow();
    await repositories.ensure('app-1', signal);
    for (const ref of [
      '--all',
      'main',
      'refs/heads/../../config',
      'refs/heads/-x',
      'HEAD',
      'refs/heads/a..b',
    ])
      await expect(repositories.resolve('app-1', ref, signal)).rejects.toThrow();
  });
});

describe('moving a branch', () => {
  it('compares and sets, and says yes again when asked again', async () => {
    const first = await commit('1');
    const second = await commit('2');
    await bring('app');
    expect(await repositories.move('app', MAIN, first, null, signal)).toBe(true);
    expect(await repositories.resolve('app', MAIN, signal)).toBe(first);
    expect(await repositories.move('app', MAIN, first, null, signal)).toBe(true);
    expect(await repositories.move('app', MAIN, second, null, signal)).toBe(false);
    expect(await repositories.move('app', MAIN, second, second, signal)).toBe(false);
    expect(await repositories.resolve('app', MAIN, signal)).toBe(first);
    expect(await repositories.move('app', MAIN, second, first, signal)).toBe(true);
  });

  it('lets exactly one of many movers win', async () => {
    const from = await commit('0');
    const targets: string[] = [];
    for (let i = 1; i <= 6; i += 1) targets.push(await commit(String(i)));
    await bring('app');
    await repositories.move('app', MAIN, from, null, signal);
    const won = await Promise.all(targets.map((to) => repositories.move('app', MAIN, to, from, signal)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await repositories.resolve('app', MAIN, signal)).toBe(targets[won.indexOf(true)]);
  });

  it('knows which branch there is beside which git could not keep it, loose or packed', async () => {
    const id = await commit('1');
    const path = await bring('app');
    await repositories.move('app', 'refs/heads/feature/login', id, null, signal);
    await repositories.move('app', MAIN, id, null, signal);
    for (const packed of [false, true]) {
      if (packed) await exec('git', ['--git-dir', path, 'pack-refs', '--all']);
      const clash = (name: string) => repositories.clash('app', `refs/heads/${name}`, signal);
      expect(await clash('main/live')).toBe(MAIN);
      expect(await clash('feature')).toBe('refs/heads/feature/login');
      expect(await clash('feature/login/two')).toBe('refs/heads/feature/login');
      for (const name of ['main', 'mainx', 'feature/login', 'feature/log', 'brought'])
        expect(await clash(name)).toBeNull();
    }
    expect(await repositories.clash('nobody', MAIN, signal)).toBeNull();
    await repositories.move('app', 'refs/tags/rel', id, null, signal);
    expect(await repositories.clash('app', 'refs/tags/rel/2', signal)).toBe('refs/tags/rel');
    for (const name of ['main/2', 'feature', 'rel'])
      expect(await repositories.clash('app', `refs/tags/${name}`, signal)).toBeNull();
  });

  it('fails, and does not just lose, when the commit is not there', async () => {
    await repositories.ensure('app', signal);
    await expect(repositories.move('app', MAIN, '1'.repeat(40), null, signal)).rejects.toThrow();
  });

  it('lets a clone check out the only branch there is', async () => {
    const id = await commit('1');
    const path = await bring('app');
    await repositories.move('app', 'refs/heads/master', id, null, signal);
    await repositories.ensure('app', signal);
    await exec('git', ['clone', '-q', path, join(home, 'clone')]);
    expect(await readdir(join(home, 'clone'))).toContain('file');
  });
});

describe('taking a source', () => {
  it('takes a commit that was there before, twice, and forgets it', async () => {
    const id = await commit('1');
    const path = await bring('app');
    const build = { id: randomUUID(), commit: id, quarantine: { objects: join(path, 'objects') } };
    const archive = await repositories.receive('app', build, signal);
    expect(await repositories.receive('app', build, signal)).toBe(archive);
    expect(archive).toBe(repositories.archiveOf(build.id));
    expect((await stat(archive)).mode & 0o777).toBe(0o600);
    await repositories.release('app', build.id, signal);
    await repositories.release('app', build.id, signal);
    expect(await readdir(join(home, 'sources'))).toEqual([]);
    expect((await exec('git', ['--git-dir', path, 'for-each-ref', 'refs/gantry'])).stdout).toBe('');
  });

  it('tells what is kept for long, wherever git keeps the ref, until it is released', async () => {
    const path = await bringOne();
    const objects = join(path, 'objects');
    const [packed, loose] = [randomUUID(), randomUUID()];
    const id = (await exec('git', ['-C', tree, 'rev-parse', 'HEAD'])).stdout.trim();
    expect(await repositories.leftovers('app', 0, signal)).toEqual([]);
    await repositories.receive('app', { id: packed, commit: id, quarantine: { objects } }, signal);
    await exec('git', ['--git-dir', path, 'pack-refs', '--all']);
    await repositories.receive('app', { id: loose, commit: id, quarantine: { objects } }, signal);
    expect([...(await repositories.leftovers('app', -1_000, signal))].sort()).toEqual([packed, loose].sort());
    expect(await repositories.leftovers('app', 3_600_000, signal)).toEqual([]);
    const old = new Date(Date.now() - 7_200_000);
    await utimes(join(path, 'refs', 'gantry', 'builds', loose), old, old);
    expect(await repositories.leftovers('app', 3_600_000, signal)).toEqual([loose]);
    for (const build of [packed, loose]) await repositories.release('app', build, signal);
    expect(await repositories.leftovers('app', -1_000, signal)).toEqual([]);
    expect(await repositories.leftovers('nobody', -1_000, signal)).toEqual([]);
  });

  it('keeps a source whose push was refused until it is released, hidden from clients', async () => {
    await using door = await openGitDoor({ deploy: () => Promise.resolve(false) });
    const path = await door.addApp('hello', 'a@example.com');
    const key = await door.addKey('a@example.com');
    const pushed = await door.git(key, ['push', door.url('hello'), 'HEAD:main'], await door.workTree());
    expect(pushed.code).toBe(1);
    const { stdout } = await exec('git', ['--git-dir', path, 'for-each-ref', '--format=%(refname)']);
    const [, build = ''] = /^refs\/gantry\/builds\/(\S+)$/m.exec(stdout) ?? [];
    expect((await exec('git', ['--git-dir', path, 'fsck', '--strict'])).stdout).toBe('');
    expect((await stat(door.repositories.archiveOf(build))).size).toBeGreaterThan(0);
    expect((await door.git(key, ['ls-remote', door.url('hello')])).stdout).toBe('');
    await expect(door.repositories.remove('../x', signal)).rejects.toThrow();
  });

  it('archives exactly what was committed, whatever the attributes say', async () => {
    await writeFile(
      join(tree, '.gitattributes'),
      'secret export-ignore\n* export-subst ident text eol=crlf\n',
    );
    await writeFile(join(tree, 'secret'), '$Format:%(describe)$ $Id$\n');
    await exec('git', ['-C', tree, 'config', 'core.autocrlf', 'false']);
    const id = await commit('line\n');
    const path = await bring('app');
    const build = { id: randomUUID(), commit: id, quarantine: { objects: join(path, 'objects') } };
    const archive = await repositories.receive('app', build, signal);
    expect((await exec('tar', ['-xOf', archive, 'secret'])).stdout).toBe('$Format:%(describe)$ $Id$\n');
    expect((await exec('tar', ['-xOf', archive, 'file'])).stdout).toBe('line\n');
  });

  it('refuses with a sentence, and leaves no archive', async () => {
    const strict = createGitRepositories({
      root: join(home, 'repos'),
      sources: join(home, 'sources'),
      limits: { bytes: 2 },
    });
    const id = await commit('too large');
    const path = await bring('app');
    const build = { id: randomUUID(), commit: id, quarantine: { objects: join(path, 'objects') } };
    await expect(strict.receive('app', build, signal)).rejects.toMatchObject({
      id: 'source_refused',
      message: 'The source was refused: its files are larger than 2 bytes in all.',
    });
    expect(await readdir(home)).not.toContain('sources');
  });
});

describe('tidying', () => {
  it('removes the archives of builds that nobody will work on, once they are old, and no others', async () => {
    const sources = join(home, 'sources');
    await mkdir(sources);
    const old = new Date(Date.now() - 2 * 3_600_000);
    const state = { queued: 'queued', building: 'building', over: 'failed', live: 'succeeded' } as const;
    for (const id of [...Object.keys(state), 'unknown', 'fresh']) {
      await writeFile(join(sources, `${id}.tar`), 'x');
      if (id !== 'fresh') await utimes(join(sources, `${id}.tar`), old, old);
    }
    await writeFile(join(sources, 'note.txt'), 'x');
    const statuses = new Map<string, Build['status']>(Object.entries(state));
    const builds = {
      find: (id: string) => {
        const status = statuses.get(id);
        return Promise.resolve(status && ({ id, status } as Build));
      },
    };
    expect(await createSources({ builds, repositories }).tidy(3_600_000, signal)).toBe(3);
    expect((await readdir(sources)).sort()).toEqual(['building.tar', 'fresh.tar', 'note.txt', 'queued.tar']);
  });

  it('removes what interrupted pushes left, once it is old', async () => {
    const path = await repositories.ensure('app', signal);
    const old = new Date(Date.now() - 2 * 3_600_000);
    const left = [
      join(path, 'objects', 'tmp_objdir-incoming-abc123'),
      join(path, 'objects', 'tmp_objdir-incoming-def456'),
    ];
    for (const folder of left) {
      await mkdir(join(folder, 'pack'), { recursive: true });
      await writeFile(join(folder, 'pack', 'tmp_pack_x'), 'x'.repeat(1000));
    }
    await mkdir(join(home, 'sources'));
    await writeFile(join(home, 'sources', 'b.tar.tmp-99'), 'x');
    await utimes(left[0] ?? '', old, old);
    await utimes(join(home, 'sources', 'b.tar.tmp-99'), old, old);
    expect(await repositories.tidy(3_600_000, signal)).toBe(2);
    expect(await readdir(join(path, 'objects'))).toEqual(
      expect.arrayContaining(['tmp_objdir-incoming-def456']),
    );
    expect(await readdir(join(home, 'sources'))).toEqual([]);
    expect(await repositories.tidy(0, signal)).toBe(1);
    expect(await readdir(join(path, 'objects'))).not.toContain('tmp_objdir-incoming-def456');
  });
});
