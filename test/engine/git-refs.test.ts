import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { commitAll, openGitDoor, type GitDoor } from '../support/git-door.ts';

const exec = promisify(execFile);
const signal = new AbortController().signal;
const ALICE = 'alice@example.com';
const MAIN = 'refs/heads/main';

/** An app with one commit on `main`, a working copy one commit ahead, and what happens to the next push before it is accepted. */
async function ahead(door: GitDoor) {
  const path = await door.addApp('hello', ALICE);
  const appId = /([^/]+)\.git$/.exec(path)?.[1] ?? '';
  const key = await door.addKey(ALICE);
  const tree = await door.workTree();
  const push = (...refs: string[]) => door.git(key, ['push', door.url('hello'), ...refs], tree);
  const overHttp = (...refs: string[]) =>
    door.git(key, ['push', door.httpUrl('hello', door.addToken(ALICE)), ...refs], tree);
  expect((await push('HEAD:main')).code).toBe(0);
  const first = (await exec('git', ['-C', tree, 'rev-parse', 'HEAD'])).stdout.trim();
  const second = await commitAll(tree, 'second');
  const refs = async (): Promise<Record<string, string>> => {
    const format = '--format=%(refname) %(objectname)';
    const { stdout } = await exec('git', [
      '--git-dir',
      path,
      'for-each-ref',
      format,
      'refs/heads',
      'refs/tags',
    ]);
    const lines = stdout.split('\n').filter(Boolean);
    return Object.fromEntries(lines.map((text) => text.split(' ') as [string, string])); // as the format says
  };
  const move = (ref: string, to: string, from: string | null) =>
    door.repositories.move(appId, ref, to, from, signal);
  return { path, tree, first, second, push, overHttp, refs, move };
}

/** A door at which this happens to every push but the first, just before it is accepted. */
function openDoor(happens: { before: () => Promise<unknown> }) {
  let pushes = 0;
  return openGitDoor({
    async deploy() {
      pushes += 1;
      if (pushes > 1) await happens.before();
      return true;
    },
  });
}

describe('the refs of an accepted push', () => {
  it.each(['over SSH', 'over HTTP'])('that are there already have moved, %s', async (way) => {
    const happens = { before: () => Promise.resolve<unknown>(undefined) };
    await using door = await openDoor(happens);
    const app = await ahead(door);
    happens.before = () => app.move(MAIN, app.second, app.first);
    const pushed = await (way === 'over SSH' ? app.push('HEAD:main') : app.overHttp('HEAD:main'));
    expect(pushed).toMatchObject({ code: 0 });
    expect(pushed.stderr).not.toMatch(/error|rejected/);
    expect(pushed.stderr).toContain(`${app.first.slice(0, 7)}..${app.second.slice(0, 7)}`);
    expect(await app.refs()).toEqual({ [MAIN]: app.second });
  });

  it('are made by the first push, also when another made them meanwhile', async () => {
    let commit = '';
    let appId = '';
    await using door: GitDoor = await openGitDoor({
      deploy: () => door.repositories.move(appId, MAIN, commit, null, signal),
    });
    const path = await door.addApp('hello', ALICE);
    appId = /([^/]+)\.git$/.exec(path)?.[1] ?? '';
    const tree = await door.workTree();
    commit = (await exec('git', ['-C', tree, 'rev-parse', 'HEAD'])).stdout.trim();
    const key = await door.addKey(ALICE);
    const pushed = await door.git(key, ['push', door.url('hello'), 'HEAD:main'], tree);
    expect(pushed).toMatchObject({ code: 0 });
  });

  it('that somebody has moved elsewhere are left there, and the sender is told', async () => {
    const happens = { before: () => Promise.resolve<unknown>(undefined) };
    await using door = await openDoor(happens);
    const app = await ahead(door);
    await exec('git', ['-C', app.tree, 'checkout', '-q', '-b', 'other', app.first]);
    const third = await commitAll(app.tree, 'third');
    await exec('git', ['-C', app.tree, 'push', '-q', app.path, 'HEAD:refs/tags/brought']);
    await exec('git', ['-C', app.tree, 'checkout', '-q', 'main']);
    happens.before = () => app.move(MAIN, third, app.first);
    const pushed = await app.push('HEAD:main');
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('(it has moved since this push was sent)');
    expect((await app.refs())[MAIN]).toBe(third);
  });

  it('are branches and tags together, each for itself, made, moved and deleted', async () => {
    await using door = await openDoor({ before: () => Promise.resolve() });
    const app = await ahead(door);
    await exec('git', ['-C', app.tree, 'tag', 'v1']);
    expect(await app.push('--atomic', 'HEAD:refs/heads/feature/login', 'v1')).toMatchObject({ code: 0 });
    expect(await app.refs()).toEqual({
      [MAIN]: app.first,
      'refs/heads/feature/login': app.second,
      'refs/tags/v1': app.second,
    });
    expect(await app.push('HEAD:main', ':refs/tags/v1')).toMatchObject({ code: 0 });
    expect(await app.refs()).toEqual({ [MAIN]: app.second, 'refs/heads/feature/login': app.second });
    expect(await app.push('--force', 'HEAD~1:main')).toMatchObject({ code: 0 });
    expect((await app.refs())[MAIN]).toBe(app.first);
  });

  it('that git cannot keep are refused with its words, and the others move', async () => {
    await using door = await openDoor({ before: () => Promise.resolve() });
    const app = await ahead(door);
    const pushed = await app.push('HEAD:main', 'HEAD:refs/heads/main/live');
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toMatch(/main\/live \(.*'refs\/heads\/main' exists/);
    expect(await app.refs()).toEqual({ [MAIN]: app.second });
  });

  it('that belong together move together, or none of them does', async () => {
    await using door = await openDoor({ before: () => Promise.resolve() });
    const app = await ahead(door);
    const pushed = await app.push('--atomic', 'HEAD:main', 'HEAD:refs/heads/main/live');
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toMatch(/main -> main|HEAD -> main/);
    expect(await app.refs()).toEqual({ [MAIN]: app.first });
    expect(await app.push('--atomic', 'HEAD:main', 'HEAD:refs/tags/v2')).toMatchObject({ code: 0 });
    expect(await app.refs()).toEqual({ [MAIN]: app.second, 'refs/tags/v2': app.second });
  });
});
