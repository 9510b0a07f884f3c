import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOrThrow } from '../lib/child.ts';
import { appOfRemote, createGit } from './git.ts';

const patient = new AbortController().signal;

describe('the app of a remote', () => {
  it.each([
    ['ssh://git@localhost:2222/hello.git', 'hello'],
    ['ssh://git@apps.example.com:22/hello-1', 'hello-1'],
    ['git@apps.example.com:hello.git', 'hello'],
    ['git@apps.example.com/hello/', 'hello'],
    ['https://api.apps.example.com/hello.git', 'hello'],
    ['http://127.0.0.1:7000/hello.git', 'hello'],
    ['https://heroku:secret@git.apps.example.com:8443/hello.git/', 'hello'],
    ['https://github.com/me/hello.git', undefined],
    ['https://apps.example.com/../hello.git', undefined],
    ['https://apps.example.com/hello.git\n', undefined],
    ['git@github.com:me/hello.git', undefined],
    ['ssh://me@localhost:2222/hello.git', undefined],
    ['ssh://git@localhost:2222/-hello.git', undefined],
    ['ssh://git@localhost:2222/../hello.git', undefined],
    ['ssh://git@localhost:2222/hello.git\n', undefined],
    ['', undefined],
  ])('%j is %s', (url, app) => {
    expect(appOfRemote(url)).toBe(app);
  });

  it('is read back from every URL the platform gives', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{1,28}[a-z0-9]$/);
    fc.assert(
      fc.property(name, fc.domain(), fc.integer({ min: 1, max: 65_535 }), (app, host, port) => {
        expect(appOfRemote(`ssh://git@${host}:${port}/${app}.git`)).toBe(app);
      }),
    );
  });
});

describe('a repository', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cli-git-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('has the remotes that were set, and gets over their change', async () => {
    await runOrThrow('git', ['init', '-q', dir], {}, patient);
    const git = createGit(dir);
    expect(await git.inRepository(patient)).toBe(true);
    expect(await git.remoteUrl('gantry', patient)).toBeUndefined();
    await git.setRemote('gantry', 'ssh://git@a/one.git', patient);
    await git.setRemote('gantry', 'ssh://git@a/two.git', patient);
    expect(await git.remoteUrl('gantry', patient)).toBe('ssh://git@a/two.git');
  });

  it('asks one helper for the password of one URL, however often that is said', async () => {
    await runOrThrow('git', ['init', '-q', dir], {}, patient);
    const git = createGit(dir);
    const url = 'http://127.0.0.1:7000/hello.git';
    await git.setHelper(url, '!one', patient);
    await git.setHelper(url, '!two', patient);
    const known = (about: string) =>
      runOrThrow(
        'git',
        ['-C', dir, 'config', '--local', '--get-urlmatch', 'credential.helper', about],
        {},
        patient,
      );
    expect(await known(url)).toBe('!two\n');
    await expect(known('http://127.0.0.1:7000/other.git')).rejects.toThrow();
    await expect(known('http://127.0.0.1:7001/hello.git')).rejects.toThrow();
    const all = ['-C', dir, 'config', '--local', '--get-all', `credential.${url}.helper`];
    expect(await runOrThrow('git', all, {}, patient)).toBe('\n!two\n');
  });

  it('is not everywhere', async () => {
    const git = createGit(dir);
    expect(await git.inRepository(patient)).toBe(false);
    expect(await git.remoteUrl('gantry', patient)).toBeUndefined();
    await expect(git.setRemote('gantry', 'x', patient)).rejects.toThrow(
      'The git remote gantry could not be set',
    );
  });

  it('that is gone is an error of git, and an interrupt stays one', async () => {
    await expect(createGit(dir).inRepository(AbortSignal.abort(new Error('interrupted')))).rejects.toThrow(
      'interrupted',
    );
  });
});
