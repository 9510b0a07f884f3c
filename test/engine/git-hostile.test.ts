import { execFile, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { deltaChainPack } from '../support/delta-chain.ts';
import { commitAll, openGitDoor, type GitDoor, type GitDoorOptions } from '../support/git-door.ts';
import { writeBlob, writeCommit, writeTree, type RawEntry } from '../support/git-objects.ts';
import { exec, login } from '../support/ssh-client.ts';
import { GIT_LIMITS } from '../../server/git/limits.ts';

const ALICE = 'alice@example.com';
const MIB = 1024 * 1024;

interface Bench extends AsyncDisposable {
  readonly door: GitDoor;
  readonly repository: string;
  readonly key: string;
  readonly tree: string;
  readonly gitDir: string;
  push(commit: string): Promise<{ code: number | null; stderr: string; ms: number }>;
}

async function setUp(options?: GitDoorOptions): Promise<Bench> {
  const door = await openGitDoor(options);
  const repository = await door.addApp('hello', ALICE);
  const key = await door.addKey(ALICE);
  const tree = await door.workTree();
  return {
    door,
    repository,
    key,
    tree,
    gitDir: join(tree, '.git'),
    async push(commit) {
      const started = Date.now();
      const args = ['-c', 'core.bigFileThreshold=1m', 'push', door.url('hello'), `${commit}:refs/heads/main`];
      const done = await door.git(key, args, tree);
      return { ...done, ms: Date.now() - started };
    },
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

/** Bytes of all that is in the repository's object store. */
async function stored(repository: string): Promise<number> {
  const { stdout } = await promisify(execFile)('find', [
    join(repository, 'objects'),
    '-type',
    'f',
    '-printf',
    '%s\n',
  ]);
  return stdout.split('\n').reduce((sum, line) => sum + Number(line), 0);
}

/** The most memory any git process of this door's repositories held, until stopped. */
function watchMemory(home: string): () => number {
  let most = 0;
  const timer = setInterval(() => {
    const look = async (): Promise<void> => {
      for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
        const name = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        const where =
          name.startsWith('git') || name.includes('/git')
            ? await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
            : '';
        if (!where.includes(`${home}/push.sock`) && !where.includes(`GIT_DIR=${home}`)) continue;
        const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
        most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024);
      }
    };
    void look();
  }, 40);
  return () => {
    clearInterval(timer);
    return most;
  };
}

describe('hostile trees', () => {
  const cases: readonly [string, (blob: string) => RawEntry[]][] = [
    ['.git', (id) => [{ mode: '100644', name: '.git', id }]],
    ['.GIT', (id) => [{ mode: '100644', name: '.GIT', id }]],
    ['git~1', (id) => [{ mode: '100644', name: 'git~1', id }]],
    ['.git behind a zero-width character', (id) => [{ mode: '100644', name: '.g\u200cit', id }]],
    ['..', (id) => [{ mode: '100644', name: '..', id }]],
    ['.', (id) => [{ mode: '100644', name: '.', id }]],
    ['a name with a slash', (id) => [{ mode: '100644', name: 'a/b', id }]],
    ['a name with a line break', (id) => [{ mode: '100644', name: 'a\nb', id }]],
    ['an empty name', (id) => [{ mode: '100644', name: '', id }]],
    [
      'the same name twice',
      (id) => [
        { mode: '100644', name: 'a', id },
        { mode: '100644', name: 'a', id },
      ],
    ],
    [
      'entries out of order',
      (id) => [
        { mode: '100644', name: 'b', id },
        { mode: '100644', name: 'a', id },
      ],
    ],
    ['a linked .gitmodules', (id) => [{ mode: '120000', name: '.gitmodules', id }]],
    ['a linked .gitattributes', (id) => [{ mode: '120000', name: '.gitattributes', id }]],
    ['an absolute link', (id) => [{ mode: '120000', name: 'link', id }]],
  ];
  it.each(cases)('refuses %s [S-GIT-09] [S-GIT-10]', async (what, entries) => {
    await using bench = await setUp();
    const blob = await writeBlob(bench.gitDir, what.includes('absolute') ? '/etc/passwd' : 'x');
    const commit = await writeCommit(bench.gitDir, await writeTree(bench.gitDir, entries(blob)));
    const pushed = await bench.push(commit);
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toMatch(/\[remote rejected\]|unpack/);
    expect(await stored(bench.repository)).toBe(0);
  });

  it('refuses a link that leads out by way of another link [S-GIT-10]', async () => {
    await using bench = await setUp();
    const up = await writeBlob(bench.gitDir, '..');
    const out = await writeBlob(bench.gitDir, 'd/up/..');
    const folder = await writeTree(bench.gitDir, [{ mode: '120000', name: 'up', id: up }]);
    const tree = await writeTree(bench.gitDir, [
      { mode: '40000', name: 'd', id: folder },
      { mode: '120000', name: 'e', id: out },
    ]);
    const pushed = await bench.push(await writeCommit(bench.gitDir, tree));
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('"e" links to a place outside the source');
  });

  it('refuses a submodule whose path hides a carriage return [S-GIT-10]', async () => {
    await using bench = await setUp();
    const tree = await writeTree(bench.gitDir, [{ mode: '160000', name: 'sub\r', id: '1'.repeat(40) }]);
    const pushed = await bench.push(await writeCommit(bench.gitDir, tree));
    expect(pushed.stderr).toContain('has a control character in its name');
  });

  it('refuses a submodule by its path and fetches nothing, from wherever it says [S-GIT-15]', async () => {
    await using bench = await setUp();
    const modules = await writeBlob(
      bench.gitDir,
      '[submodule "x"]\n\tpath = x\n\turl = https://192.0.2.1/never.git\n',
    );
    const tree = await writeTree(bench.gitDir, [
      { mode: '100644', name: '.gitmodules', id: modules },
      { mode: '160000', name: 'x', id: '1'.repeat(40) },
    ]);
    const pushed = await bench.push(await writeCommit(bench.gitDir, tree));
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('"x" is a git submodule');
  });

  it.each(['ext::sh -c id', 'file:///etc', '-oProxyCommand=id'])(
    'never obeys a submodule url %j [S-GIT-15]',
    async (url) => {
      await using bench = await setUp();
      const modules = await writeBlob(bench.gitDir, `[submodule "x"]\n\tpath = x\n\turl = ${url}\n`);
      const tree = await writeTree(bench.gitDir, [{ mode: '100644', name: '.gitmodules', id: modules }]);
      const pushed = await bench.push(await writeCommit(bench.gitDir, tree));
      // Git refuses what could be an option; the rest is text in a file that nobody reads.
      expect(pushed.code).toBe(url.startsWith('-') ? 1 : 0);
    },
  );
});

describe('bombs', () => {
  it('refuses 10^10 files in ten small trees at once [S-GIT-12]', async () => {
    await using bench = await setUp();
    let id = await writeBlob(bench.gitDir, 'x');
    for (let level = 0; level < 10; level += 1) {
      const mode = level === 0 ? '100644' : '40000';
      const below = id;
      id = await writeTree(
        bench.gitDir,
        Array.from({ length: 10 }, (_, i) => ({ mode, name: `n${i}`, id: below })),
      );
    }
    const commit = await writeCommit(bench.gitDir, id);
    const stop = watchMemory(bench.door.home);
    const pushed = await bench.push(commit);
    expect(stop()).toBeLessThan(64 * MIB);
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('it has more than 100000 files and folders');
    expect(pushed.ms).toBeLessThan(2_500);
    expect(await stored(bench.repository)).toBe(0);
  });

  it('refuses a folder of more than a hundred thousand files [S-GIT-12]', async () => {
    await using bench = await setUp();
    const id = await writeBlob(bench.gitDir, 'x');
    const files = Array.from({ length: 100_001 }, (_, i) => ({
      mode: '100644',
      name: `f${String(i).padStart(6, '0')}`,
      id,
    }));
    const pushed = await bench.push(await writeCommit(bench.gitDir, await writeTree(bench.gitDir, files)));
    expect(pushed.stderr).toContain('it has more than 100000 files and folders');
    expect(await stored(bench.repository)).toBe(0);
  });

  it('refuses trees a thousand and four thousand folders deep [S-GIT-12]', async () => {
    await using bench = await setUp();
    const blob = await writeBlob(bench.gitDir, 'x');
    let id = await writeTree(bench.gitDir, [{ mode: '100644', name: 'f', id: blob }]);
    const deep: string[] = [];
    for (let depth = 1; depth <= 4096; depth += 1) {
      id = await writeTree(bench.gitDir, [{ mode: '40000', name: 'd', id }]);
      if (depth === 1000 || depth === 4096) deep.push(await writeCommit(bench.gitDir, id));
    }
    const [thousand = '', more = ''] = deep;
    expect((await bench.push(thousand)).stderr).toContain('is more than 64 folders deep');
    // Here the client's own git fills its error output with warnings, so only the outcome can be seen.
    expect((await bench.push(more)).code).toBe(1);
    expect(await stored(bench.repository)).toBe(0);
  });

  it('refuses 500 MB of zeros for their size, with little memory [S-GIT-12]', async () => {
    await using bench = await setUp({ sourceLimits: { bytes: 400 * MIB } });
    const zeros = join(bench.tree, 'zeros');
    await writeFile(zeros, '');
    await truncate(zeros, 500_000_000);
    await promisify(execFile)('git', ['-C', bench.tree, 'config', 'core.bigFileThreshold', '1m']);
    const commit = await commitAll(bench.tree, 'zeros');
    const stop = watchMemory(bench.door.home);
    const pushed = await bench.push(commit);
    const most = stop();
    expect(most).toBeGreaterThan(MIB); // it was seen at all
    expect(most).toBeLessThan(64 * MIB);
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('its files are larger than 400 MiB in all');
    expect(await stored(bench.repository)).toBe(0);
  });

  it('takes a file that is ten thousand changes of changes, which git itself never makes, at little cost [S-GIT-12]', async () => {
    await using bench = await setUp();
    const { pack, commit } = deltaChainPack(10_000);
    const line = `${'0'.repeat(40)} ${commit} refs/heads/main\0 report-status`;
    const head = `${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`;
    const client = await login(bench.door, bench.key);
    const stop = watchMemory(bench.door.home);
    const input = Buffer.concat([Buffer.from(head), pack]);
    const answer = await exec(client, "git-receive-pack '/hello.git'", { input });
    const most = stop();
    expect(most).toBeGreaterThan(0); // it was seen at all
    expect(most).toBeLessThan(64 * MIB);
    expect(answer.text).toContain('ok refs/heads/main');
    client.end();
  });

  it('leaves nothing of a pack that is larger than allowed [S-GIT-11]', async () => {
    await using bench = await setUp({ limits: { process: { ...GIT_LIMITS.process, packBytes: 20 * MIB } } });
    await writeFile(join(bench.tree, 'large'), randomBytes(40_000_000));
    const pushed = await bench.push(await commitAll(bench.tree, 'large'));
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toContain('pack exceeds maximum allowed size');
    expect(await stored(bench.repository)).toBe(0);
    expect(await readdir(join(bench.repository, 'objects'))).not.toContainEqual(
      expect.stringContaining('tmp_objdir'),
    );
  });

  it('leaves nothing of uploads that were cut at ten places', async () => {
    await using bench = await setUp();
    await writeFile(join(bench.tree, 'large'), randomBytes(20_000_000));
    const commit = await commitAll(bench.tree, 'large');
    for (let cut = 0; cut < 10; cut += 1) {
      const client = bench.door.gitLive(
        bench.key,
        ['push', bench.door.url('hello'), `${commit}:refs/heads/main`],
        bench.tree,
      );
      await killAfter(client, 60 + cut * 50);
    }
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const refs = await promisify(execFile)('git', ['--git-dir', bench.repository, 'for-each-ref']);
    if (refs.stdout === '') expect(await stored(bench.repository)).toBe(0);
    expect(await readdir(join(bench.repository, 'objects'))).not.toContainEqual(
      expect.stringContaining('tmp_objdir'),
    );
  });
});

async function killAfter(client: ChildProcess, ms: number): Promise<void> {
  const gone = new Promise((resolve) => client.once('close', resolve));
  const timer = setTimeout(() => process.kill(-(client.pid ?? 0), 'SIGKILL'), ms);
  await gone;
  clearTimeout(timer);
}
