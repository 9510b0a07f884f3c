import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { commitAll, openGitDoor, type GitDoor } from '../support/git-door.ts';
import { until } from '../support/until.ts';

const signal = new AbortController().signal;
const ALICE = 'alice@example.com';
const BOB = 'bob@example.com';

async function branch(repository: string, ref = 'refs/heads/main'): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)('git', [
    '--git-dir',
    repository,
    'for-each-ref',
    ref,
    '--format=%(objectname)',
  ]);
  return stdout.trim() || undefined;
}

async function pushMain(door: GitDoor, key: string, tree: string, ...more: string[]) {
  return door.git(key, ['push', ...more, door.url('hello'), 'HEAD:refs/heads/main'], tree);
}

describe('a push through the real git and ssh', () => {
  it('stores the commit, archives the source and can be cloned and fetched back', async () => {
    await using door = await openGitDoor();
    const repository = await door.addApp('hello', ALICE);
    const key = await door.addKey(ALICE);
    const tree = await door.workTree({ 'index.html': 'hello\n', 'bin/run': '#!/bin/sh\n' });

    const pushed = await pushMain(door, key, tree);
    expect(pushed).toEqual(expect.objectContaining({ code: 0 }));
    const first = await branch(repository);
    expect(first).toBe(await branch(join(tree, '.git')));

    const [archive = ''] = await readdir(join(door.home, 'sources'));
    const listed = await promisify(execFile)('tar', ['-tf', join(door.home, 'sources', archive)]);
    expect(listed.stdout.split('\n')).toEqual(expect.arrayContaining(['index.html', 'bin/run']));

    const clone = join(door.home, 'clone');
    expect((await door.git(key, ['clone', '-q', door.url('hello'), clone])).code).toBe(0);
    expect(await readFile(join(clone, 'index.html'), 'utf8')).toBe('hello\n');

    await writeFile(join(tree, 'index.html'), 'again\n');
    const second = await commitAll(tree, 'second');
    expect((await pushMain(door, key, tree)).code).toBe(0);
    expect((await door.git(key, ['pull', '-q'], clone)).code).toBe(0);
    expect(await readFile(join(clone, 'index.html'), 'utf8')).toBe('again\n');
    expect(await branch(repository)).toBe(second);
  });

  it('accepts a forced push that rewrites history', async () => {
    await using door = await openGitDoor();
    const repository = await door.addApp('hello', ALICE);
    const key = await door.addKey(ALICE);
    await pushMain(door, key, await door.workTree({ a: '1' }));
    const other = await door.workTree({ b: '2' });
    expect((await pushMain(door, key, other)).code).not.toBe(0);
    expect((await pushMain(door, key, other, '--force')).code).toBe(0);
    expect(await branch(repository)).toBe(await branch(join(other, '.git')));
  });

  it.each(['rsa', 'ecdsa'])('knows %s keys too', async (type) => {
    await using door = await openGitDoor();
    await door.addApp('hello', ALICE);
    const key = await door.addKey(ALICE, { type });
    expect((await pushMain(door, key, await door.workTree())).code).toBe(0);
  });

  it('shows every line at the moment it is said, without what a terminal would obey', async () => {
    await using door = await openGitDoor({
      async deploy({ say }) {
        for (let i = 1; i <= 4; i += 1) {
          say(`\u001b[31mline ${i}\u001b[0m\u0007`);
          await pause(300, signal);
        }
        return true;
      },
    });
    await door.addApp('hello', ALICE);
    const key = await door.addKey(ALICE);
    const client = door.gitLive(
      key,
      ['push', door.url('hello'), 'HEAD:refs/heads/main'],
      await door.workTree(),
    );
    const seen = new Map<string, number>();
    let all = '';
    client.stderr?.on('data', (chunk: Buffer) => {
      all += chunk.toString();
      for (const [line] of all.matchAll(/line \d/g)) if (!seen.has(line)) seen.set(line, Date.now());
    });
    const code = await new Promise((resolve) => client.once('close', resolve));
    expect(code).toBe(0);
    const times = [...seen.values()];
    expect(times).toHaveLength(4);
    for (let i = 1; i < times.length; i += 1)
      expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBeGreaterThan(150);
    expect(all).toMatch(/^remote: line 1\s*$/m);
    const kept = all.replaceAll('\u001b[K', ''); // git itself clears the end of each line
    for (const control of ['\u001b', '\u0007']) expect(kept).not.toContain(control);
  });

  it('exits non-zero and moves nothing when the deploy fails', async () => {
    await using door = await openGitDoor({
      deploy({ say }) {
        say(' !     Push rejected, failed to compile.');
        return Promise.resolve(false);
      },
    });
    const repository = await door.addApp('hello', ALICE);
    const pushed = await pushMain(door, await door.addKey(ALICE), await door.workTree());
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('failed to compile');
    expect(pushed.stderr).toContain('[remote rejected] HEAD -> main (pre-receive hook declined)');
    expect(await branch(repository)).toBeUndefined();
  });

  it('says nothing of the inside when the platform itself fails', async () => {
    await using door = await openGitDoor({
      deploy: () => Promise.reject(new Error('ECONNREFUSED /var/lib/secret.sock')),
    });
    await door.addApp('hello', ALICE);
    const pushed = await pushMain(door, await door.addKey(ALICE), await door.workTree());
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('Something went wrong inside the platform');
    expect(pushed.stderr).not.toContain('secret');
  });
});

describe('who may come in', () => {
  it('refuses an unknown key, another user name, a password and nobody at all', async () => {
    await using door = await openGitDoor();
    await door.addApp('hello', ALICE);
    const known = await door.addKey(ALICE);
    const unknown = await door.addKey('mallory@example.com', { register: false });
    const pushed = await pushMain(door, unknown, await door.workTree());
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toContain('Permission denied (publickey)');
    expect((await door.ssh(known, ['root@127.0.0.1'])).stderr).toContain('Permission denied (publickey)');
    const password = await door.ssh(known, ['-o', 'PubkeyAuthentication=no', 'git@127.0.0.1']);
    expect(password.stderr).toContain('Permission denied (publickey)');
  });

  it("answers for another person's app as for one that does not exist [S-GIT-16]", async () => {
    await using door = await openGitDoor();
    const repository = await door.addApp('hello', ALICE);
    const bob = await door.addKey(BOB);
    const pushed = await pushMain(door, bob, await door.workTree());
    const read = await door.git(bob, ['ls-remote', door.url('hello')]);
    const missing = await door.git(bob, ['ls-remote', door.url('missing')]);
    for (const refused of [pushed, read, missing]) expect(refused.code).toBe(128);
    expect(read.stderr.replaceAll('hello', 'X')).toBe(missing.stderr.replaceAll('missing', 'X'));
    expect(pushed.stderr).toContain("Couldn't find that app: hello");
    expect(await branch(repository)).toBeUndefined();
  });

  it('closes an open connection within seconds after its key was revoked [S-GIT-16]', async () => {
    await using door = await openGitDoor({ limits: { keyCheckMs: 500 } });
    await door.addApp('hello', ALICE);
    const key = await door.addKey(ALICE);
    const open = door.ssh(key, ['-N', 'git@127.0.0.1']);
    await pause(700, signal);
    door.revoke(ALICE);
    const started = Date.now();
    expect((await open).code).toBe(255);
    expect(Date.now() - started).toBeLessThan(3000);
  });
});

describe('a connection that stays open', () => {
  it('reaches with each command what its person may reach by now, not at its login [S-GIT-16]', async () => {
    await using door = await openGitDoor({ limits: { keyCheckMs: 100 } });
    await door.addApp('hello', ALICE);
    const key = await door.addKey(BOB);
    door.setAdmin(BOB, true);
    const shared = ['-S', join(door.home, 'shared')];
    const master = door.ssh(key, ['-M', '-N', ...shared, 'git@127.0.0.1']);
    const read = () => door.ssh(key, [...shared, 'git@127.0.0.1', "git-upload-pack '/hello.git'"]);
    await until(
      async () => (await door.ssh(key, [...shared, '-O', 'check', 'git@127.0.0.1'])).code === 0,
      5_000,
    );
    expect((await read()).stderr).not.toContain("Couldn't find that app");
    door.setAdmin(BOB, false);
    await until(async () => (await read()).stderr.includes("Couldn't find that app: hello"), 5_000);
    await door.ssh(key, [...shared, '-O', 'exit', 'git@127.0.0.1']);
    expect((await master).code).not.toBeNull();
  });
});

describe('clients that leave', () => {
  it('leaves nothing behind when the client is killed in the middle of its pack', async () => {
    await using door = await openGitDoor();
    const repository = await door.addApp('hello', ALICE);
    const key = await door.addKey(ALICE);
    const tree = await door.workTree();
    await writeFile(join(tree, 'large'), randomBytes(60_000_000));
    await commitAll(tree, 'large');
    const objects = join(repository, 'objects');
    const quarantines = async (): Promise<string[]> =>
      (await readdir(objects)).filter((name) => name.startsWith('tmp_objdir'));

    const client = door.gitLive(key, ['push', door.url('hello'), 'HEAD:refs/heads/main'], tree);
    await until(async () => (await quarantines()).length > 0, 20_000);
    process.kill(-(client.pid ?? 0), 'SIGKILL');
    await until(async () => (await quarantines()).length === 0, 2_000);
    expect(await branch(repository)).toBeUndefined();
    expect(await readdir(join(objects, 'pack'))).toEqual([]);
  });

  it('finishes the push of a client that was killed after its pack had arrived', async () => {
    let deploying: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => (deploying = resolve));
    await using door = await openGitDoor({
      async deploy({ say }) {
        deploying?.();
        // More than any pipe holds: nobody may have to read it for the deploy to end.
        for (let i = 0; i < 40; i += 1) {
          for (let line = 0; line < 200; line += 1) say(`building ${'x'.repeat(80)}`);
          await pause(25, signal);
        }
        return true;
      },
    });
    const repository = await door.addApp('hello', ALICE);
    const tree = await door.workTree();
    const client = door.gitLive(
      await door.addKey(ALICE),
      ['push', door.url('hello'), 'HEAD:refs/heads/main'],
      tree,
    );
    await begun;
    process.kill(-(client.pid ?? 0), 'SIGKILL');
    const commit = await branch(join(tree, '.git'));
    await until(async () => (await branch(repository)) === commit, 20_000);
    expect((await readdir(join(repository, 'objects'))).filter((n) => n.startsWith('tmp_'))).toEqual([]);
  });

  it('does not wait for a client that stopped reading, and tells it later what it missed', async () => {
    let stall: () => void = () => undefined;
    await using door = await openGitDoor({
      async deploy({ say }) {
        stall();
        for (let i = 0; i < 30_000; i += 1) {
          say('x'.repeat(1000));
          if (i % 50 === 0) await pause(1, signal);
        }
        process.kill(-(client.pid ?? 0), 'SIGCONT');
        await pause(1_500, signal);
        say('the last line');
        return true;
      },
    });
    const repository = await door.addApp('hello', ALICE);
    const tree = await door.workTree();
    const args = ['push', door.url('hello'), 'HEAD:refs/heads/main'];
    const client = door.gitLive(await door.addKey(ALICE), args, tree);
    stall = () => process.kill(-(client.pid ?? 0), 'SIGSTOP');
    let said = '';
    client.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect(await new Promise((resolve) => client.once('close', resolve))).toBe(0);
    expect(said).toMatch(/\[\d+ lines left out: the connection is slower than the build\]/);
    expect(said).toContain('the last line');
    expect(await branch(repository)).toBe(await branch(join(tree, '.git')));
  });

  it('tells a waiting client when the server ends in the middle, and moves nothing', async () => {
    let deploying: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => (deploying = resolve));
    await using door = await openGitDoor({
      async deploy(_push, stopped) {
        deploying?.();
        await pause(60_000, stopped);
        return true;
      },
    });
    const repository = await door.addApp('hello', ALICE);
    const pushing = pushMain(door, await door.addKey(ALICE), await door.workTree());
    await begun;
    await door.close();
    const pushed = await pushing;
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain(
      'The platform restarted in the middle of this push; `gantry releases` tells the outcome.',
    );
    expect(await branch(repository)).toBeUndefined();
  });
});
