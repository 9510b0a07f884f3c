import { readdir, readFile, readlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { GIT_LIMITS } from '../../server/git/limits.ts';
import { openGitDoor, type GitDoor, type GitDoorOptions } from '../support/git-door.ts';
import { login } from '../support/ssh-client.ts';

const ALICE = 'alice@example.com';
const MIB = 1024 * 1024;

interface Rig extends AsyncDisposable {
  readonly door: GitDoor;
  readonly key: string;
  readonly repository: string;
  readonly push: () => Promise<{ readonly code: number | null; readonly stderr: string }>;
}

async function open(options?: GitDoorOptions): Promise<Rig> {
  const door = await openGitDoor(options);
  const repository = await door.addApp('hello', ALICE);
  const key = await door.addKey(ALICE);
  const tree = await door.workTree();
  return {
    ...{ door, key, repository },
    push: () => door.git(key, ['push', door.url('hello'), 'HEAD:refs/heads/main'], tree),
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

interface Seen {
  readonly what: string;
  readonly limits: string;
  readonly network: string;
}

/** Every process of a push to this door, as the kernel sees it. */
async function processesOf(socket: string): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
    if (!(await read('environ')).split('\0').includes(`GANTRY_PUSH_SOCKET=${socket}`)) continue;
    const network = await readlink(`/proc/${pid}/ns/net`);
    seen.push({ what: await read('cmdline'), limits: await read('limits'), network });
  }
  return seen;
}

describe('the processes of a push', () => {
  it('are all within its limits, and have no network [S-GIT-18]', async () => {
    let seen: Seen[] = [];
    await using rig = await open({
      async deploy() {
        seen = await processesOf(`${rig.door.home}/push.sock`);
        return true;
      },
    });
    expect(await rig.push()).toMatchObject({ code: 0 });
    expect(seen.map(({ what }) => /receive-pack|pre-receive/.exec(what)?.[0]).sort()).toEqual([
      'pre-receive',
      'receive-pack',
    ]);
    const ours = await readlink('/proc/self/ns/net');
    for (const { what, limits, network } of seen) {
      const limit = (name: string): string | undefined =>
        new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(limits)?.slice(1).join(' ');
      expect(limit('Max data size'), what).toBe(`${512 * MIB} ${512 * MIB}`);
      expect(limit('Max cpu time'), what).toBe('120 125');
      expect(limit('Max file size'), what).toBe(`${1024 * MIB} ${1024 * MIB}`);
      expect(limit('Max core file size'), what).toBe('0 0');
      expect(limit('Max open files'), what).toBe('256 256');
      expect(network, what).not.toBe(ours);
    }
  });

  it('that want more memory than they may have end, and leave nothing [S-GIT-18]', async () => {
    await using rig = await open({ limits: { process: { ...GIT_LIMITS.process, memoryBytes: 2 * MIB } } });
    const pushed = await rig.push();
    expect(pushed.code).not.toBe(0);
    expect(await readdir(`${rig.repository}/objects/pack`)).toEqual([]);
  });

  it('that have not come to the hook in time are ended, with a sentence [S-GIT-18]', async () => {
    await using rig = await open({ limits: { process: { ...GIT_LIMITS.process, wallMs: 1_000 } } });
    const client = await login(rig.door, rig.key);
    for (const program of ['receive-pack', 'upload-pack']) {
      const answer = await new Promise<string>((resolve, reject) =>
        client.exec(`git-${program} '/hello.git'`, (err, channel) => {
          if (err) {
            reject(err);
            return;
          }
          let text = '';
          channel.resume();
          channel.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
          channel.on('exit', (code: number) => (text += String(code)));
          channel.on('close', () => resolve(text));
        }),
      );
      expect(answer).toMatch(/^ ! {5}Git was not done after 1 s and was ended, [^\n]*\n1$/);
    }
    client.end();
  });
});
