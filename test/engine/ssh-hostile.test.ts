import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2, { type ClientChannel, type PublicKeyAuthMethod } from 'ssh2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../server/ssh/limits.ts';
import { openGitDoor, type GitDoor } from '../support/git-door.ts';
import { exec, login } from '../support/ssh-client.ts';

const ALICE = 'alice@example.com';
/** For a place that somebody holds without beginning: what it takes to be seen, and to be noticed. */
const WAIT_MS = 2 * LIMITS.beginMs;

function silent(door: GitDoor): Promise<{ socket: Socket; closed: Promise<number> }> {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const socket = connect(door.port, '127.0.0.1');
    const closed = new Promise<number>((done) => socket.once('close', () => done(Date.now() - started)));
    socket.on('error', reject).resume();
    socket.once('connect', () => resolve({ socket, closed }));
  });
}

const doors: GitDoor[] = [];
afterEach(async () => {
  for (const door of doors.splice(0)) await door[Symbol.asyncDispose]();
});
async function open(options?: Parameters<typeof openGitDoor>[0]): Promise<GitDoor> {
  const door = await openGitDoor(options);
  doors.push(door);
  return door;
}

describe('before the login', () => {
  it.each([
    ['say nothing', ''],
    ['send a banner and stop', 'SSH-2.0-silent\r\n'],
  ])(
    'closes 200 connections that %s within the grace, and a push gets through meanwhile [S-GIT-01]',
    async (_, banner) => {
      const door = await open({ limits: { loginGraceMs: 2_000 } });
      await door.addApp('hello', ALICE);
      const key = await door.addKey(ALICE);
      const tree = await door.workTree();
      const strangers = await Promise.all(Array.from({ length: 200 }, () => silent(door)));
      if (banner !== '') for (const { socket } of strangers) if (socket.writable) socket.write(banner);

      const stillOpen = (): number => strangers.filter(({ socket }) => !socket.closed).length;
      // Those who came first and did not begin made room for the others; these leave when they are asked for theirs.
      await vi.waitFor(() => expect(stillOpen()).toBeLessThanOrEqual(100), {
        timeout: 5_000,
        interval: 20,
      });

      const started = Date.now();
      const pushed = await door.git(key, ['push', door.url('hello'), 'HEAD:refs/heads/main'], tree);
      expect(pushed).toEqual(expect.objectContaining({ code: 0 }));
      expect(Date.now() - started).toBeLessThan(3_000 + WAIT_MS);
      const lives = await Promise.all(strangers.map((stranger) => stranger.closed));
      expect(Math.max(...lives)).toBeLessThan(3_500 + WAIT_MS);
    },
  );

  it('turns a source away after many failed logins, without harm to who is in [S-GIT-03]', async () => {
    const door = await open();
    await door.addApp('hello', ALICE);
    const alice = await door.addKey(ALICE);
    const inside = await login(door, alice);
    const wrong = await door.addKey('mallory@example.com', { register: false });
    for (let i = 0; i < 5; i += 1)
      expect((await door.ssh(wrong, ['git@127.0.0.1'])).stderr).toContain('Permission denied');
    expect((await door.ssh(wrong, ['git@127.0.0.1'])).stderr).not.toContain('Permission denied');
    expect((await door.ssh(alice, ['git@127.0.0.1'])).code).toBe(255);
    expect((await exec(inside, "git-upload-pack '/hello.git'")).text).toMatch(/^0000/);
    inside.end();
  });

  it('lets a client try six keys and no more [S-GIT-03]', async () => {
    const door = await open();
    const wrong = await Promise.all(
      Array.from({ length: 8 }, () => door.addKey('mallory@example.com', { register: false })),
    );
    const right = await door.addKey(ALICE);
    const many = [...wrong.slice(0, 6), right].flatMap((key) => ['-i', key]);
    const few = [...wrong.slice(0, 3), right].flatMap((key) => ['-i', key]);
    const first = wrong[0] ?? '';
    expect((await door.ssh(first, [...many, 'git@127.0.0.1'])).stdout).not.toContain('Hi alice');
    expect((await door.ssh(first, [...few, 'git@127.0.0.1'])).stdout).toContain('Hi alice');
  });

  it("does not let one in who offers another's key and signs with an own one", async () => {
    const door = await open();
    const alice = await door.addKey(ALICE);
    const mallory = await door.addKey('mallory@example.com', { register: false });
    // A key file whose public half is Alice's and whose private half is Mallory's: the signature cannot fit.
    const own = ssh2.utils.parseKey(await readFile(mallory));
    const others = ssh2.utils.parseKey(await readFile(`${alice}.pub`));
    if (own instanceof Error || others instanceof Error) throw new Error('a test key could not be read');
    const forged = Object.assign(Object.create(own) as typeof own, {
      getPublicSSH: () => others.getPublicSSH(),
    });
    const method: PublicKeyAuthMethod = { type: 'publickey', username: 'git', key: forged };
    const client = new ssh2.Client();
    const outcome = await new Promise<string>((resolve) => {
      client.once('ready', () => resolve('in')).on('error', (err) => resolve(err.message));
      client.connect({
        host: '127.0.0.1',
        port: door.port,
        username: 'git',
        authHandler: [method],
      });
    });
    expect(outcome).toContain('authentication methods failed');
  });

  it('offers strict key exchange and none of the broken algorithms [S-GIT-04]', async () => {
    const door = await open();
    const key = await door.addKey(ALICE);
    const shown = await promisify(execFile)('ssh', [
      '-vv',
      '-F',
      '/dev/null',
      '-p',
      String(door.port),
      '-i',
      key,
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'BatchMode=yes',
      'git@127.0.0.1',
    ]).catch((err: unknown) => err as { stderr: string });
    const [, offer = ''] = /peer server KEXINIT proposal([^]*?)reserved 0/.exec(shown.stderr) ?? [];
    expect(offer).toContain('kex-strict-s-v00@openssh.com');
    expect(/resetting (?:send|read) seqnr|will use strict KEX ordering/.test(shown.stderr)).toBe(true);
    expect(offer).not.toMatch(/sha1|group14|cbc|chacha20|ssh-rsa[, \n]|ssh-dss|zlib|md5/);
    const weak = [
      ['-oKexAlgorithms=diffie-hellman-group14-sha256'],
      ['-oCiphers=chacha20-poly1305@openssh.com'],
      ['-oCiphers=aes128-ctr', '-oMACs=hmac-sha1'],
    ];
    for (const options of weak)
      expect((await door.ssh(key, [...options, 'git@127.0.0.1'])).code, options.join(' ')).toBe(255);
    expect((await door.ssh(key, ['-oCiphers=aes128-ctr', 'git@127.0.0.1'])).stdout).toContain('Hi alice');
  });

  it('refuses an RSA key that signs with SHA-1 [S-GIT-04]', async () => {
    const door = await open();
    const key = await door.addKey(ALICE, { type: 'rsa' });
    const sha1 = ['-o', 'PubkeyAcceptedAlgorithms=ssh-rsa', 'git@127.0.0.1'];
    expect((await door.ssh(key, sha1)).stderr).toContain('Permission denied');
    expect((await door.ssh(key, ['git@127.0.0.1'])).stdout).toContain('Hi alice');
  });

  it('survives thousands of malformed beginnings [S-GIT-17]', async () => {
    const door = await open({ limits: { strangersPerSource: 50 } });
    const key = await door.addKey(ALICE);
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 40; round += 1)
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const { socket, closed } = await silent(door);
          socket.end(Buffer.concat([Buffer.from(round % 2 === 0 ? 'SSH-2.0-x\r\n' : ''), randomBytes(300)]));
          await closed;
        }),
      );
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    expect((await door.ssh(key, ['git@127.0.0.1'])).stdout).toContain('Hi alice');
  });
});

describe('after the login', () => {
  it('runs git and nothing else [S-GIT-06] [S-GIT-07]', async () => {
    const door = await open();
    const repository = await door.addApp('hello', ALICE);
    const client = await login(door, await door.addKey(ALICE));
    const canary = join(door.home, 'canary');
    const hostile = [
      'sh',
      `touch ${canary}`,
      `git-receive-pack 'hello';touch ${canary}`,
      `git-receive-pack 'hello'\ntouch ${canary}`,
      `git-receive-pack '$(touch ${canary})'`,
      `git-receive-pack --receive-pack=${canary} 'hello'`,
      `git-receive-pack '${repository}'`,
      'git-upload-archive hello',
      'git receive-pack "../b"',
      "git-receive-pack '../repos/hello'",
      "git-receive-pack '~/hello'",
      'git-receive-pack --help',
      "git-receive-pack 'hello\0'",
      "git-receive-pack '-hello'",
      "git-receive-pack '__proto__'",
      "git-upload-pack 'constructor'",
      `git-receive-pack '${'a'.repeat(20_000)}'`,
    ];
    for (const command of hostile) {
      const answer = await exec(client, command);
      expect(answer.code, command).toBe(1);
      expect(answer.text.trimEnd().split('\n'), command).toHaveLength(1);
      expect(answer.text, command).toMatch(/^ ! {5}/);
    }
    client.end();
    expect(await readdir(door.home)).not.toContain('canary');
    expect('polluted' in {}).toBe(false);
  });

  it('refuses subsystems, forwarding and agents [S-GIT-08]', async () => {
    const door = await open();
    const key = await door.addKey(ALICE);
    const client = await login(door, key);
    const refused = (ask: (done: (err?: Error) => void) => unknown): Promise<string> =>
      new Promise((resolve) => ask((err) => resolve(err ? 'refused' : 'granted')));
    expect(await refused((done) => client.subsys('sftp', done))).toBe('refused');
    expect(await refused((done) => client.forwardOut('127.0.0.1', 0, '127.0.0.1', 22, done))).toBe('refused');
    expect(await refused((done) => client.forwardIn('127.0.0.1', 0, done))).toBe('refused');
    expect(await refused((done) => client.openssh_forwardOutStreamLocal('/run/docker.sock', done))).toBe(
      'refused',
    );
    expect(await refused((done) => client.exec("git-upload-pack 'hello'", { x11: true }, done))).toBe(
      'refused',
    );
    client.end();
    const lender = await login(door, key, { agent: '/nonexistent', agentForward: true });
    const lending = { pty: false, agentForward: true }; // the types do not know it
    expect(await refused((done) => lender.exec("git-upload-pack 'hello'", lending, done))).toBe('refused');
    lender.end();
    expect((await door.ssh(key, ['-s', 'git@127.0.0.1', 'sftp'])).code).not.toBe(0);
  });

  it('gives git an environment of its own, in which the client may choose the protocol version only [S-GIT-05] [S-GIT-18]', async () => {
    const door = await open();
    await door.addApp('hello', ALICE);
    const client = await login(door, await door.addKey(ALICE));
    // The environment of the running child is read from outside while it waits for us.
    const env = {
      LD_PRELOAD: '/x',
      GIT_SSH_COMMAND: 'id',
      GIT_CONFIG_COUNT: '1',
      PATH: '/x',
      NODE_OPTIONS: '-r /x',
      GIT_PROTOCOL: 'version=2',
    };
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      client.exec("git-receive-pack '/hello.git'", { env }, (err, opened) => {
        if (err) reject(err);
        else resolve(opened);
      });
    });
    channel.resume();
    await new Promise((resolve) => channel.once('data', resolve));
    const [child = ''] = (
      await promisify(execFile)('pgrep', ['-f', `receive-pack ${door.home}`])
    ).stdout.split('\n');
    const names = (await readFile(`/proc/${child}/environ`, 'utf8')).split('\0').filter(Boolean).sort();
    expect(names.map((pair) => pair.split('=')[0])).toEqual(
      expect.not.arrayContaining(['LD_PRELOAD', 'GIT_SSH_COMMAND', 'GIT_CONFIG_COUNT', 'NODE_OPTIONS']),
    );
    expect(names).toContain('GIT_PROTOCOL=version=2');
    expect(names).toContain('HOME=/nonexistent');
    expect(names.find((pair) => pair.startsWith('PATH='))).not.toBe('PATH=/x');
    const limits = await readFile(`/proc/${child}/limits`, 'utf8');
    expect(limits).toMatch(/Max data size\s+536870912\s/);
    expect(limits).toMatch(/Max cpu time\s+120\s/);
    channel.end();
    client.end();

    const other = await login(door, await door.addKey(ALICE));
    const answer = await exec(other, "git-upload-pack '/hello.git'", {
      env: { GIT_PROTOCOL: 'version=2:$(id)' },
    });
    expect(answer.text).not.toContain('version 2');
    other.end();
  });

  it('limits how many channels and git processes one person holds', async () => {
    const door = await open({ limits: { channelsPerConnection: 3, commandsPerActor: 2, waitMs: 200 } });
    await door.addApp('hello', ALICE);
    const client = await login(door, await door.addKey(ALICE));
    const start = (): Promise<string> =>
      new Promise((resolve) =>
        client.exec("git-upload-pack '/hello.git'", (err, channel) => {
          if (err) resolve('no channel');
          else {
            channel.on('data', () => resolve('runs'));
            channel.stderr.on('data', (chunk: Buffer) => resolve(chunk.toString()));
          }
        }),
      );
    expect(await start()).toBe('runs');
    expect(await start()).toBe('runs');
    expect(await start()).toContain('Too many git commands');
    client.end();
  });

  it('closes a connection on which nothing runs', async () => {
    const door = await open({ limits: { idleMs: 500 } });
    const client = await login(door, await door.addKey(ALICE));
    const started = Date.now();
    await new Promise<void>((resolve) => client.on('close', () => resolve()));
    expect(Date.now() - started).toBeLessThan(2_000);
  });
});
