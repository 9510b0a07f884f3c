import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { abortController } from '../../lib/abort.ts';
import { pause } from '../../lib/deadline.ts';
import { GIT_LIMITS } from '../../server/git/limits.ts';
import { commitAll, openGitDoor, type GitDoor, type GitDoorOptions } from '../support/git-door.ts';
import { until } from '../support/until.ts';

const { signal } = abortController();
const ALICE = 'alice@example.com';
const BOB = 'bob@example.com';
const MIB = 1024 * 1024;

interface Bench extends AsyncDisposable {
  readonly door: GitDoor;
  readonly repository: string;
  readonly token: string;
  readonly tree: string;
  /** The real git, over real HTTP. */
  git(args: readonly string[], cwd?: string): ReturnType<GitDoor['git']>;
  push(...more: string[]): ReturnType<GitDoor['git']>;
  head(): Promise<string | undefined>;
  branch(): Promise<string | undefined>;
}

async function setUp(options?: GitDoorOptions): Promise<Bench> {
  const door = await openGitDoor(options);
  const repository = await door.addApp('hello', ALICE);
  const token = door.addToken(ALICE);
  const tree = await door.workTree();
  const git: Bench['git'] = (args, cwd) => door.git('', args, cwd);
  const find = async (where: string): Promise<string | undefined> => {
    const args = ['--git-dir', where, 'for-each-ref', 'refs/heads/main', '--format=%(objectname)'];
    return (await promisify(execFile)('git', args)).stdout.trim() || undefined;
  };
  return {
    door,
    repository,
    token,
    tree,
    git,
    push: (...more) => git(['push', ...more, door.httpUrl('hello', token), 'HEAD:refs/heads/main'], tree),
    head: () => find(join(tree, '.git')),
    branch: () => find(repository),
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

async function large(tree: string, bytes: number): Promise<void> {
  await writeFile(join(tree, 'large'), randomBytes(bytes));
  await commitAll(tree, 'large');
}

describe('a push through the real git over HTTP', () => {
  it.each(['0', '1', '2'])(
    'stores the commit and can be cloned and fetched back (protocol %s)',
    async (v) => {
      await using bench = await setUp();
      const { door, tree } = bench;
      const versioned = (...args: string[]): string[] => ['-c', `protocol.version=${v}`, ...args];
      expect(await bench.push()).toEqual(expect.objectContaining({ code: 0 }));
      expect(await bench.branch()).toBe(await bench.head());

      const clone = join(door.home, 'clone');
      const url = door.httpUrl('hello', bench.token);
      expect(await bench.git(versioned('clone', '-q', url, clone))).toEqual(
        expect.objectContaining({ code: 0 }),
      );
      expect(await readFile(join(clone, 'index.html'), 'utf8')).toBe('hello\n');

      await writeFile(join(tree, 'index.html'), 'again\n');
      await commitAll(tree, 'second');
      expect((await bench.push()).code).toBe(0);
      expect(await bench.git(versioned('pull', '-q'), clone)).toEqual(expect.objectContaining({ code: 0 }));
      expect(await readFile(join(clone, 'index.html'), 'utf8')).toBe('again\n');
    },
  );

  it('takes a pack of many megabytes, which git sends in chunks', async () => {
    await using bench = await setUp();
    await large(bench.tree, 60_000_000);
    expect(await bench.push()).toEqual(expect.objectContaining({ code: 0 }));
    expect(await bench.branch()).toBe(await bench.head());
  });

  it('reads a negotiation that git compressed', async () => {
    await using bench = await setUp();
    const { door, tree, token } = bench;
    expect((await bench.push()).code).toBe(0);
    const clone = join(door.home, 'clone');
    await bench.git(['clone', '-q', door.httpUrl('hello', token), clone]);
    // Commits that only the clone has are what it offers in vain, long enough to be worth compressing.
    for (let i = 0; i < 60; i += 1) await commitAll(clone, `mine ${i}`);
    await commitAll(tree, 'theirs');
    expect((await bench.push()).code).toBe(0);
    const env = { PATH: process.env['PATH'], HOME: door.home, GIT_TRACE_CURL: '1' };
    const traced = await promisify(execFile)('git', ['fetch', '-q'], { cwd: clone, env });
    expect(traced.stderr).toMatch(/Content-Encoding: gzip/i);
    expect(await bench.branch()).toBe(
      (
        await promisify(execFile)('git', ['-C', clone, 'rev-parse', 'refs/remotes/origin/main'])
      ).stdout.trim(),
    );
  });

  it('shows what the build says, and exits non-zero and moves nothing when it fails', async () => {
    await using bench = await setUp({
      deploy({ say }) {
        say('-----> Building');
        say(' !     Push rejected, failed to compile.');
        return Promise.resolve(false);
      },
    });
    const pushed = await bench.push();
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toMatch(/^remote: -----> Building\s*$/m);
    expect(pushed.stderr).toContain('failed to compile');
    expect(pushed.stderr).toContain('[remote rejected] HEAD -> main (pre-receive hook declined)');
    expect(await bench.branch()).toBeUndefined();
  });

  it('is refused by the same rules as over SSH', async () => {
    await using bench = await setUp();
    const url = bench.door.httpUrl('hello', bench.token);
    const odd = await bench.git(['push', url, 'HEAD:refs/heads/-x'], bench.tree);
    expect(odd.stderr).toContain('is not a branch or tag name this platform takes');
    const hidden = await bench.git(['push', url, 'HEAD:refs/gantry/builds/x'], bench.tree);
    expect(hidden.stderr).toContain('deny updating a hidden ref');
  });

  it('leaves nothing of a pack that is larger than allowed, and says why [S-GIT-11]', async () => {
    await using bench = await setUp({
      limits: { process: { ...GIT_LIMITS.process, packBytes: 20 * MIB } },
    });
    await large(bench.tree, 40_000_000);
    const pushed = await bench.push();
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toContain('pack exceeds maximum allowed size');
    expect(await readdir(join(bench.repository, 'objects', 'pack'))).toEqual([]);
  });

  it('hears from a silent build every few seconds, so that nothing between takes it for dead', async () => {
    await using bench = await setUp({
      async deploy() {
        await pause(16_000, signal);
        return true;
      },
    });
    const times: number[] = [];
    const between = createServer((client) => {
      const server = connect(Number(new URL(bench.door.http).port), '127.0.0.1');
      server.on('data', () => times.push(Date.now()));
      client.pipe(server).pipe(client);
      for (const end of [client, server]) end.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const url = new URL(bench.door.httpUrl('hello', bench.token));
    url.port = String((between.address() as AddressInfo).port);
    const pushed = await bench.git(['push', url.href, 'HEAD:refs/heads/main'], bench.tree);
    between.close();
    expect(pushed).toEqual(expect.objectContaining({ code: 0 }));
    const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(10_000);
  });
});

describe('who may come in', () => {
  it('is asked for a password first, which is a token', async () => {
    await using bench = await setUp();
    const path = '/hello.git/info/refs?service=git-receive-pack';
    const asked = await fetch(bench.door.http + path);
    expect(asked.status).toBe(401);
    expect(asked.headers.get('www-authenticate')).toMatch(/^Basic realm="Gantry"/);
    const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
    for (const [authorization, status] of [
      [basic(`heroku:${bench.token}`), 200],
      [basic(`:${bench.token}`), 200],
      [`Bearer ${bench.token}`, 200],
      [basic(`${bench.token}:`), 401],
      [basic('git:gantry_wrong'), 401],
      [basic(bench.token), 200],
    ] as const) {
      const answer = await fetch(bench.door.http + path, { headers: { authorization } });
      await answer.text();
      expect(answer.status, authorization).toBe(status);
    }
  });

  it('is nobody with a wrong token', async () => {
    await using bench = await setUp();
    const url = bench.door.httpUrl('hello', 'gantry_wrong');
    const pushed = await bench.git(['push', url, 'HEAD:refs/heads/main'], bench.tree);
    expect(pushed.code).toBe(128);
    expect(pushed.stderr).toContain('Authentication failed');
    expect(await bench.branch()).toBeUndefined();
  });

  it("is answered for another person's app as for one that does not exist, on every path [S-GIT-16]", async () => {
    await using bench = await setUp();
    const { door } = bench;
    const bob = door.addToken(BOB);
    const read = await bench.git(['ls-remote', door.httpUrl('hello', bob)]);
    const missing = await bench.git(['ls-remote', door.httpUrl('missing', bob)]);
    expect(read.code).toBe(128);
    expect(read.stderr).toContain("remote: Couldn't find that app: hello.");
    expect(read.stderr.replaceAll('hello', 'X')).toBe(missing.stderr.replaceAll('missing', 'X'));
    const pushed = await bench.git(['push', door.httpUrl('hello', bob), 'HEAD:refs/heads/main'], bench.tree);
    expect(pushed.stderr).toContain("Couldn't find that app: hello");
    for (const program of ['git-receive-pack', 'git-upload-pack']) {
      const answer = await fetch(`${door.http}/hello.git/${program}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bob}`, 'content-type': `application/x-${program}-request` },
        body: '0000',
      });
      expect(answer.status).toBe(404);
    }
  });

  it('is told when too many git commands run', async () => {
    let go: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (go = resolve));
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    await using bench = await setUp({
      limits: { commandsPerActor: 1, waitMs: 200 },
      async deploy() {
        begin();
        await waiting;
        return true;
      },
    });
    const first = bench.push();
    await begun;
    const second = await bench.git(['ls-remote', bench.door.httpUrl('hello', bench.token)]);
    expect(second.stderr).toContain('Too many git commands are running at once');
    // One place for both doors.
    const key = await bench.door.addKey(ALICE);
    expect((await bench.door.git(key, ['ls-remote', bench.door.url('hello')])).stderr).toContain('Too many');
    go();
    expect((await first).code).toBe(0);
    expect((await bench.git(['ls-remote', bench.door.httpUrl('hello', bench.token)])).code).toBe(0);
  });
});

describe('clients that leave', () => {
  it('leave nothing behind when they are killed in the middle of their pack', async () => {
    await using bench = await setUp();
    await large(bench.tree, 60_000_000);
    const objects = join(bench.repository, 'objects');
    const quarantines = async (): Promise<string[]> =>
      (await readdir(objects)).filter((name) => name.startsWith('tmp_objdir'));
    const url = bench.door.httpUrl('hello', bench.token);
    const client = bench.door.gitLive('', ['push', url, 'HEAD:refs/heads/main'], bench.tree);
    await until(async () => (await quarantines()).length > 0, 20_000);
    process.kill(-(client.pid ?? 0), 'SIGKILL');
    await until(async () => (await quarantines()).length === 0, 2_000);
    expect(await bench.branch()).toBeUndefined();
    expect(await readdir(join(objects, 'pack'))).toEqual([]);
  });

  it('stop nothing once their pack has arrived', async () => {
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    await using bench = await setUp({
      async deploy({ say }) {
        begin();
        // More than any pipe holds: nobody may have to read it for the deploy to end.
        for (let i = 0; i < 40; i += 1) {
          for (let line = 0; line < 200; line += 1) say(`building ${'x'.repeat(80)}`);
          await pause(25, signal);
        }
        return true;
      },
    });
    const url = bench.door.httpUrl('hello', bench.token);
    const client = bench.door.gitLive('', ['push', url, 'HEAD:refs/heads/main'], bench.tree);
    await begun;
    process.kill(-(client.pid ?? 0), 'SIGKILL');
    const commit = await bench.head();
    await until(async () => (await bench.branch()) === commit, 20_000);
    const objects = await readdir(join(bench.repository, 'objects'));
    expect(objects.filter((name) => name.startsWith('tmp_'))).toEqual([]);
  });

  it('are not waited for when they stop reading, and told later what they missed', async () => {
    let stall: () => void = () => undefined;
    await using bench = await setUp({
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
    const url = bench.door.httpUrl('hello', bench.token);
    const client = bench.door.gitLive('', ['push', url, 'HEAD:refs/heads/main'], bench.tree);
    stall = () => process.kill(-(client.pid ?? 0), 'SIGSTOP');
    let said = '';
    client.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect(await new Promise((resolve) => client.once('close', resolve))).toBe(0);
    expect(said).toMatch(/\[\d+ lines left out: the connection is slower than the build\]/);
    expect(said).toContain('the last line');
  });

  it('are told when the server ends in the middle, and nothing moves', async () => {
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    await using bench = await setUp({
      async deploy(_push, stopped) {
        begin();
        await pause(60_000, stopped);
        return true;
      },
    });
    const pushing = bench.push();
    await begun;
    await bench.door.close();
    const pushed = await pushing;
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('The platform restarted in the middle of this push');
    expect(await bench.branch()).toBeUndefined();
  });
});
