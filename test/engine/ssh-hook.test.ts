import { execFile } from 'node:child_process';
import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openGitDoor } from '../support/git-door.ts';

const ALICE = 'alice@example.com';

/** Says one line to the hook socket; everything it answers until it closes. */
async function ask(path: string, line: string): Promise<string> {
  const socket = connect(path);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(`${line}\n`);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

describe('the hook socket', () => {
  it('turns away who has no token, and is open to its owner only', async () => {
    await using door = await openGitDoor();
    const path = join(door.home, 'push.sock');
    const { mode } = await stat(path);
    expect(mode & 0o777).toBe(0o600);
    const said = JSON.stringify({
      token: 'f'.repeat(64),
      updates: [{ ref: 'refs/heads/main', from: '0'.repeat(40), to: '1'.repeat(40) }],
      objects: null,
    });
    for (const text of [said, 'garbage', '{"token":"__proto__"}']) {
      expect(await ask(path, text)).toBe('');
    }
  });

  it('takes a token once: nobody who finds it later can speak for the push', async () => {
    let replayed: string | undefined;
    await using door = await openGitDoor({
      async deploy({ updates }) {
        const { stdout } = await promisify(execFile)('pgrep', ['-f', 'hooks/pre-receive']);
        for (const pid of stdout.split('\n').filter(Boolean)) {
          const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
          if (!environment.includes(`GANTRY_PUSH_SOCKET=${door.home}/push.sock`)) continue;
          const token = environment.find((pair) => pair.startsWith('GANTRY_PUSH_TOKEN='))?.split('=')[1];
          const zero = '0'.repeat(40);
          const asked = updates.map((update) => ({ ...update, from: update.from ?? zero }));
          replayed = await ask(
            `${door.home}/push.sock`,
            JSON.stringify({ token, updates: asked, objects: null }),
          );
        }
        return true;
      },
    });
    await door.addApp('hello', ALICE);
    const key = await door.addKey(ALICE);
    const tree = await door.workTree();
    expect((await door.git(key, ['push', door.url('hello'), 'HEAD:refs/heads/main'], tree)).code).toBe(0);
    expect(replayed).toBe('');
  });

  it('refuses refs that are not plain branches or tags, and more than a hundred at once [S-GIT-07] [S-GIT-13]', async () => {
    await using door = await openGitDoor();
    const repository = await door.addApp('hello', ALICE);
    const key = await door.addKey(ALICE);
    const tree = await door.workTree();
    for (const ref of [
      'refs/heads/--upload-pack=x',
      'refs/heads/-x',
      'refs/notes/x',
      'refs/gantry/builds/x',
      'refs/heads/a/-b',
    ]) {
      const pushed = await door.git(key, ['push', door.url('hello'), `HEAD:${ref}`], tree);
      expect(pushed.code, ref).toBe(1);
      expect(pushed.stderr, ref).toMatch(/is not a branch or tag name|deny updating a hidden ref/);
    }
    const many = Array.from({ length: 101 }, (_, i) => `HEAD:refs/heads/b${i}`);
    const flood = await door.git(key, ['push', door.url('hello'), ...many], tree);
    expect(flood.stderr).toContain('at most 100 may change in one push');
    expect((await promisify(execFile)('git', ['--git-dir', repository, 'for-each-ref'])).stdout).toBe('');
  });

  it('takes no options of a push, and no other program in the place of its own [S-GIT-13]', async () => {
    await using door = await openGitDoor();
    const repository = await door.addApp('hello', ALICE);
    const key = await door.addKey(ALICE);
    const tree = await door.workTree();
    const push = (...options: string[]) =>
      door.git(key, ['push', ...options, door.url('hello'), 'HEAD:refs/heads/main'], tree);
    const canary = join(door.home, 'canary');
    expect((await push('-o', 'ci.skip')).stderr).toContain('does not support push options');
    const program = await push(`--receive-pack=touch ${canary};git-receive-pack`);
    expect(program.code).toBe(128);
    expect(await readdir(door.home)).not.toContain('canary');
    expect((await promisify(execFile)('git', ['--git-dir', repository, 'for-each-ref'])).stdout).toBe('');
  });

  it('never runs hooks or configuration that a repository brings along [S-GIT-14]', async () => {
    await using door = await openGitDoor();
    await door.addApp('hello', ALICE);
    const key = await door.addKey(ALICE);
    const canary = join(door.home, 'canary');
    const tree = await door.workTree({
      'hooks/pre-receive': `#!/bin/sh\ntouch ${canary}\n`,
      config: `[core]\n\tfsmonitor = "touch ${canary}"\n\thooksPath = ./hooks\n`,
      '.gitattributes': '* filter=evil export-subst\n',
      'objects/info/alternates': '/etc\n',
      'version.txt': '$Format:%H %an$\n',
    });
    await chmod(join(tree, 'hooks/pre-receive'), 0o755);
    const pushed = await door.git(key, ['push', door.url('hello'), 'HEAD:refs/heads/main'], tree);
    expect(pushed).toEqual(expect.objectContaining({ code: 0 }));
    expect(await readdir(door.home)).not.toContain('canary');
    const [archive = ''] = await readdir(join(door.home, 'sources'));
    const { stdout } = await promisify(execFile)('tar', [
      '-xOf',
      join(door.home, 'sources', archive),
      'version.txt',
    ]);
    expect(stdout).toBe('$Format:%H %an$\n');
  });
});
