import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGitRepositories, type GitRepositories } from '../../server/adapters/git/repositories.ts';
import type { Offer } from '../../server/services/pushes.ts';
import { commitAll, openGitDoor } from '../support/git-door.ts';

const signal = new AbortController().signal;
const exec = promisify(execFile);
const MAIN = 'refs/heads/main';
const KIB = 1024;
const HOUR_MS = 3_600_000;

let home: string;
let tree: string;
let repositories: GitRepositories;
let path: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'gantry-clearing-'));
  repositories = createGitRepositories({
    ...{ root: join(home, 'repos'), sources: join(home, 'sources') },
    repositoryBytes: 300 * KIB,
  });
  tree = join(home, 'tree');
  await exec('git', ['init', '-q', '-b', 'main', tree]);
  path = await repositories.ensure('app', signal);
  await exec('git', ['--git-dir', path, 'config', 'receive.unpackLimit', '1']);
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** A commit with this many bytes that nothing compresses, on `from` (default: on nothing). */
async function commit(bytes: number, from?: string): Promise<string> {
  if (from === undefined) await exec('git', ['-C', tree, 'checkout', '-q', '--orphan', `o${randomUUID()}`]);
  else await exec('git', ['-C', tree, 'checkout', '-q', '--detach', from]);
  await writeFile(join(tree, 'file'), randomBytes(bytes));
  return commitAll(tree, 'change');
}

/** Brings a commit as a push of its own; its ref is gone again when the push failed. */
async function bring(id: string, ref: string | null): Promise<void> {
  const to = ref ?? 'refs/gantry/builds/tried';
  await exec('git', ['-C', tree, 'push', '-q', '--force', path, `${id}:${to}`]);
  if (ref === null) await exec('git', ['--git-dir', path, 'update-ref', '-d', to]);
}

const packs = async (ending = '.pack'): Promise<string[]> =>
  (await readdir(join(path, 'objects', 'pack'))).filter((name) => name.endsWith(ending));

const holds = (id: string): Promise<boolean> =>
  exec('git', ['--git-dir', path, 'cat-file', '-e', id]).then(
    () => true,
    () => false,
  );

/** Makes all packs that old. */
async function age(ms: number): Promise<void> {
  const then = new Date(Date.now() - ms);
  for (const name of await packs('')) await utimes(join(path, 'objects', 'pack', name), then, then);
}

describe('clearing a repository', () => {
  it('drops what failed and forced pushes left once it is old, and keeps all that refs hold', async () => {
    const live = await commit(10_000);
    await bring(live, MAIN);
    const tagged = await commit(10_000);
    await bring(tagged, 'refs/tags/v1');
    const built = await commit(10_000);
    await bring(built, `refs/gantry/builds/${randomUUID()}`);
    const failed = await commit(100 * KIB, live);
    await bring(failed, null);
    const replaced = live;
    const forced = await commit(10_000);
    await bring(forced, MAIN);
    await age(2 * HOUR_MS);
    const young = await commit(10_000);
    await bring(young, null);
    expect(await packs()).toHaveLength(6);

    expect(await repositories.clear('app', HOUR_MS, signal)).toBe(true);
    expect(await Promise.all([forced, tagged, built, young].map(holds))).toEqual([true, true, true, true]);
    expect(await Promise.all([failed, replaced].map(holds))).toEqual([false, false]);
    expect((await exec('git', ['--git-dir', path, 'fsck', '--strict'])).stderr).toBe('');
    expect(await repositories.bytes('app', signal)).toBeLessThan(50 * KIB);

    expect(await repositories.clear('app', 0, signal), 'what was young is looked at again').toBe(true);
    expect(await holds(young)).toBe(false);
    expect(await packs()).toHaveLength(1);
  });

  it('is done once, until packs or refs change', async () => {
    const first = await commit(1_000);
    const second = await commit(1_000, first);
    expect(await repositories.clear('app', 0, signal), 'there is nothing yet').toBe(false);
    expect(await repositories.clear('nobody', 0, signal)).toBe(false);
    await bring(second, MAIN);
    const clear = () => repositories.clear('app', 0, signal);
    expect([await clear(), await clear()]).toEqual([true, false]);
    // No object comes with it, and one is left behind.
    expect(await repositories.move('app', MAIN, first, second, signal)).toBe(true);
    expect([await clear(), await clear()]).toEqual([true, false]);
    expect(await Promise.all([first, second].map(holds))).toEqual([true, false]);
    await bring(await commit(1_000), 'refs/tags/v1');
    expect([await clear(), await clear()]).toEqual([true, false]);
  });

  it('takes a pack whose lock a killed push has left behind, and no lock of one under way', async () => {
    const id = await commit(1_000);
    await bring(id, MAIN);
    const [pack = ''] = await packs();
    const lock = join(path, 'objects', 'pack', pack.replace('.pack', '.keep'));
    await writeFile(lock, 'receive-pack 1 on here');
    await repositories.clear('app', HOUR_MS, signal);
    expect((await stat(lock)).isFile()).toBe(true);
    await age(2 * HOUR_MS);
    await bring(await commit(1_000, id), MAIN);
    await repositories.clear('app', HOUR_MS, signal);
    expect(await packs('.keep')).toEqual([]);
    expect(await packs()).toHaveLength(1);
  });

  it('takes what a killed git was still writing, and of a push under way nothing', async () => {
    const id = await commit(1_000);
    await bring(id, MAIN);
    const ofRepack = ['.tmp-4711-pack-0f.pack', '.tmp-4711-pack-0f.mtimes'];
    const ofPush = `pack-${'0f'.repeat(20)}.pack`;
    const leave = async (names: string[]): Promise<void> => {
      for (const name of names) await writeFile(join(path, 'objects', 'pack', name), randomBytes(1_000));
    };
    const left = async (): Promise<string[]> =>
      (await packs('')).filter((name) => [...ofRepack, ofPush].includes(name));
    await leave(ofRepack);
    expect(await repositories.clear('app', HOUR_MS, signal)).toBe(true);
    expect(await left()).toEqual([]);
    await leave([ofPush]);
    const tried = repositories.clear('app', HOUR_MS, signal);
    await expect(tried, 'git refuses, and it is tried again').rejects.toThrow(/could not find pack/);
    expect(await left()).toEqual([ofPush]);
    await age(2 * HOUR_MS);
    expect(await repositories.clear('app', HOUR_MS, signal)).toBe(true);
    expect(await left()).toEqual([]);
    expect(await holds(id)).toBe(true);
  });

  it('takes a lock that a killed git has left, by which no ref could be moved any more', async () => {
    const id = await commit(1_000);
    await bring(id, MAIN);
    await repositories.clear('app', HOUR_MS, signal);
    const locks = ['packed-refs.lock', 'refs/heads/main.lock'].map((name) => join(path, name));
    for (const lock of locks) await writeFile(lock, '');
    await repositories.clear('app', HOUR_MS, signal);
    const next = await commit(1_000, id);
    await expect(bring(next, MAIN)).rejects.toThrow(/main\.lock': File exists/);
    const then = new Date(Date.now() - 2 * HOUR_MS);
    for (const lock of locks) await utimes(lock, then, then);
    await repositories.clear('app', HOUR_MS, signal);
    await bring(next, MAIN);
    await bring(next, null);
  });

  it('that is stopped half-way has lost nothing, and is done the next time', async () => {
    const live = await commit(100 * KIB);
    await bring(live, MAIN);
    await bring(await commit(1_000), null);
    for (let ms = 2; ms <= 66; ms += 8) {
      await bring(await commit(1_000), null);
      const stop = new AbortController();
      setTimeout(() => stop.abort(new Error('a push came')), ms);
      await repositories.clear('app', 0, stop.signal).catch(() => undefined);
      expect((await exec('git', ['--git-dir', path, 'fsck', '--connectivity-only'])).stderr).toBe('');
      expect(await holds(live)).toBe(true);
    }
    await repositories.clear('app', 0, signal);
    expect(await packs()).toHaveLength(1);
  });
});

describe('room for a push', () => {
  const room = (id: string | null, ref = MAIN) =>
    repositories.checkPush(
      'app',
      { updates: [{ ref, to: id }], quarantine: { objects: join(path, 'objects') } },
      signal,
    );
  const TOO_MUCH =
    /^Push refused: its repository would hold 1 MiB, and may hold 1 MiB; take what is large out of the history of the branch and of its tags, then push again with --force\.$/;

  it('is there until the branches and tags would lead to more than a repository may hold', async () => {
    const first = await commit(200 * KIB);
    await bring(first, MAIN);
    await room(first);
    const second = await commit(200 * KIB, first);
    await bring(second, null);
    await expect(room(second)).rejects.toThrow(TOO_MUCH);
    await expect(room(second, 'refs/tags/v1')).rejects.toThrow(TOO_MUCH);
    await room(first, 'refs/tags/v1');
  });

  it('is there for a history that was made small, although the large one is still on the disk', async () => {
    await bring(await commit(250 * KIB), MAIN);
    const small = await commit(100 * KIB);
    await bring(small, null);
    await expect(room(small)).resolves.toBeUndefined();
    await expect(room(null)).resolves.toBeUndefined();
  });

  it('does not count what failed pushes left, until that is as much again', async () => {
    const live = await commit(100 * KIB);
    await bring(live, MAIN);
    for (let i = 0; i < 2; i += 1) await bring(await commit(200 * KIB), null);
    const next = await commit(1_000, live);
    await bring(next, null);
    await expect(room(next)).resolves.toBeUndefined();
    await bring(await commit(200 * KIB), null);
    await expect(room(next)).rejects.toThrow(
      /its repository takes 1 MiB with what failed pushes have left, which goes within half an hour; push again then/,
    );
    await repositories.clear('app', 0, signal);
    await bring(next, null);
    await expect(room(next)).resolves.toBeUndefined();
  });

  it('is measured while the objects are in quarantine, and what is refused is not kept', async () => {
    const strict: { room?: (push: Pick<Offer, 'quarantine' | 'updates'>) => Promise<void> } = {};
    await using door = await openGitDoor({
      deploy: async ({ quarantine, updates }) => {
        await strict.room?.({ quarantine, updates });
        return true;
      },
    });
    const bare = await door.addApp('hello', 'a@example.com');
    const appId = /([^/]+)\.git$/.exec(bare)?.[1] ?? '';
    const small = createGitRepositories({
      ...{ root: join(door.home, 'repos'), sources: join(door.home, 'sources') },
      repositoryBytes: 10_000,
    });
    strict.room = (incoming) => small.checkPush(appId, incoming, signal);
    const key = await door.addKey('a@example.com');
    const work = await door.workTree();
    expect(await door.git(key, ['push', door.url('hello'), 'HEAD:main'], work)).toMatchObject({ code: 0 });
    await writeFile(join(work, 'large'), randomBytes(12_000));
    await commitAll(work, 'large');
    const pushed = await door.git(key, ['push', door.url('hello'), 'HEAD:main'], work);
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('its repository would hold 1 MiB, and may hold 1 MiB');
  });
});

describe('the history of a push', () => {
  it('must be whole: a shallow clone is refused before anybody agrees to it, until it has the rest', async () => {
    const agreed: string[] = [];
    const checked: { push?: (push: Pick<Offer, 'quarantine' | 'updates'>) => Promise<void> } = {};
    await using door = await openGitDoor({
      deploy: async ({ quarantine, updates }) => {
        await checked.push?.({ quarantine, updates });
        agreed.push(...updates.map(({ ref }) => ref));
        return true;
      },
    });
    const bare = await door.addApp('hello', 'a@example.com');
    const appId = /([^/]+)\.git$/.exec(bare)?.[1] ?? '';
    const own = createGitRepositories({
      root: join(door.home, 'repos'),
      sources: join(door.home, 'sources'),
    });
    checked.push = (incoming) => own.checkPush(appId, incoming, signal);
    const key = await door.addKey('a@example.com');
    const work = await door.workTree();
    for (const text of ['two', 'three']) {
      await writeFile(join(work, 'more'), text);
      await commitAll(work, text);
    }
    const shallow = join(door.home, 'shallow');
    await exec('git', ['clone', '-q', '--depth', '1', `file://${work}`, shallow]);
    const refused = await door.git(key, ['push', door.url('hello'), 'HEAD:main'], shallow);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'it comes from a shallow clone, whose history is cut off; get the rest with git fetch --unshallow',
    );
    expect(agreed).toEqual([]);
    await exec('git', ['-C', shallow, 'fetch', '-q', '--unshallow']);
    expect(await door.git(key, ['push', door.url('hello'), 'HEAD:main'], shallow)).toMatchObject({ code: 0 });
    // What is there already needs no history of its own: a shallow clone of what is live may go on from it.
    const next = join(door.home, 'next');
    await exec('git', ['clone', '-q', '--depth', '1', `file://${shallow}`, next]);
    await writeFile(join(next, 'more'), 'four');
    await commitAll(next, 'four');
    expect(await door.git(key, ['push', door.url('hello'), 'HEAD:main'], next)).toMatchObject({ code: 0 });
    expect(agreed).toEqual(['refs/heads/main', 'refs/heads/main']);
    expect((await exec('git', ['--git-dir', bare, 'fsck', '--connectivity-only'])).stderr).toBe('');
  });
});
