import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { abortController } from '../../lib/abort.ts';
import { pause } from '../../lib/deadline.ts';
import { openGitDoor, type GitDoor } from '../support/git-door.ts';
import { until } from '../support/until.ts';

const { signal } = abortController();
const ALICE = 'alice@example.com';
const RECEIVE = '/hello.git/git-receive-pack';
const UPLOAD = '/hello.git/git-upload-pack';

let door: GitDoor;
let token: string;
let tree: string;
beforeEach(async () => {
  door = await openGitDoor();
  await door.addApp('hello', ALICE);
  token = door.addToken(ALICE);
  tree = await door.workTree();
});
afterEach(() => door[Symbol.asyncDispose]());

const push = (): ReturnType<GitDoor['git']> =>
  door.git('', ['push', door.httpUrl('hello', token), 'HEAD:refs/heads/main'], tree);

function dial(): Socket {
  const socket = connect(Number(new URL(door.http).port), '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

/** Says these bytes and answers everything that comes back until the connection ends, or falls silent. */
async function say(bytes: string | Buffer, ms = 3_000): Promise<string> {
  const socket = dial();
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.write(bytes);
  await Promise.race([new Promise((resolve) => socket.once('close', resolve)), pause(ms, signal)]);
  socket.destroy();
  return answer;
}

function head(method: string, target: string, headers: Record<string, string> = {}): string {
  const all = { host: 'localhost', authorization: `Bearer ${token}`, connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** A request with a body of known length. */
function post(target: string, body: Buffer | string, headers: Record<string, string> = {}): Buffer {
  const program = target.includes('upload') ? 'upload' : 'receive';
  const bytes = Buffer.from(body);
  const all = {
    'content-type': `application/x-git-${program}-pack-request`,
    'content-length': String(bytes.length),
    ...headers,
  };
  return Buffer.concat([Buffer.from(head('POST', target, all)), bytes]);
}

const status = (answer: string): number => Number(answer.split(' ')[1]);

/** The git processes that work in this door's repositories. */
async function gits(): Promise<string[]> {
  const found = await promisify(execFile)('pgrep', ['-f', `pack.* ${door.home}/repos`]).catch(() => ({
    stdout: '',
  }));
  return found.stdout.split('\n').filter(Boolean);
}

describe('requests that no git sends', () => {
  it('are answered with a sentence, and start nothing [S-GIT-06]', async () => {
    const offer = 'info/refs?service=git-receive-pack';
    for (const [method, target, wanted] of [
      ['GET', '/hello.git/info/refs', 400],
      ['GET', '/hello.git/HEAD', 400],
      ['GET', '/hello.git/objects/info/packs', 400],
      ['GET', '/hello.git/config', 404],
      ['GET', `/..%2f..%2fetc.git/${offer}`, 404],
      ['GET', `/%2e%2e.git/${offer}`, 404],
      ['GET', `/hello%00.git/${offer}`, 404],
      ['GET', `/hello.git/../hello.git/${offer}`, 404],
      ['GET', '/hello.git/info/refs?service=git-upload-archive', 404],
      ['GET', `/hello.git/${offer};id`, 404],
      ['GET', `/--upload-pack=id.git/${offer}`, 404],
      ['GET', `/__proto__.git/${offer}`, 404],
      ['GET', `/constructor/${offer}`, 404],
      ['GET', `/${'a'.repeat(10_000)}.git/${offer}`, 404],
      ['PUT', RECEIVE, 404],
      ['GET', RECEIVE, 404],
      ['DELETE', `/hello.git/${offer}`, 404],
      ['OPTIONS', RECEIVE, 404],
    ] as const) {
      const answer = await say(head(method, target));
      expect(status(answer), `${method} ${target.slice(0, 80)}: ${answer.slice(0, 300)}`).toBe(wanted);
      const [, body = ''] = answer.split('\r\n\r\n');
      expect(body, target).toMatch(/^[\x20-\x7e]+\.\n$/);
    }
    expect(await gits()).toEqual([]);
  });

  it('are answered without a body when they are HEAD', async () => {
    const answer = await say(head('HEAD', '/hello.git/info/refs?service=git-upload-pack'));
    expect(status(answer)).toBe(200);
    expect(answer).toContain('application/x-git-upload-pack-advertisement');
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });

  const nonsense: readonly [string, string, string | Buffer, Record<string, string>?][] = [
    ['another type', RECEIVE, '0000', { 'content-type': 'text/plain' }],
    ['another compression', RECEIVE, '0000', { 'content-encoding': 'br' }],
    ['a gzip that is none', UPLOAD, 'garbage', { 'content-encoding': 'gzip' }],
    ['no pkt-line', RECEIVE, 'garbage'],
    ['no pkt-line', UPLOAD, 'garbage'],
    ['a pkt-line that ends too early', RECEIVE, 'ffff0000'],
    ['an object id that is none', UPLOAD, '0011want nothing\n0000'],
    ['random bytes', RECEIVE, randomBytes(100_000)],
    ['random bytes', UPLOAD, randomBytes(100_000)],
  ];
  it.each(nonsense)('are refused when they send %s to %s', async (_, target, body, headers = {}) => {
    const answer = await say(post(target, Buffer.from(body), headers));
    expect(status(answer), answer.slice(0, 300)).toBe(400);
    expect(answer).toMatch(/The request could not be read: [ -~]+\.\n/);
    expect(await gits()).toEqual([]);
  });

  it('do no harm when they push without having asked what is there', async () => {
    expect(status(await say(post(RECEIVE, '0000')))).toBe(200);
    const id = '1'.repeat(40);
    const line = `${'0'.repeat(40)} ${id} refs/heads/main\0report-status side-band-64k`;
    const pkt = (line.length + 4).toString(16).padStart(4, '0') + line;
    const answer = await say(post(RECEIVE, `${pkt}0000`));
    expect(status(answer)).toBe(200);
    expect(answer).toContain('unpack');
    expect((await push()).code).toBe(0);
  });

  it('cannot fill the memory with a small body that grows', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000, '0000'));
    const before = process.memoryUsage().rss;
    const answer = await say(post(UPLOAD, bomb, { 'content-encoding': 'gzip' }), 20_000);
    expect([200, 400]).toContain(status(answer));
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    expect(await gits()).toEqual([]);
  });

  it('choose nothing of git’s environment but the protocol version [S-GIT-05]', async () => {
    const ask = (version: string): Promise<string> =>
      say(head('GET', '/hello.git/info/refs?service=git-upload-pack', { 'git-protocol': version }));
    expect(await ask('version=2')).toContain('version 2');
    for (const odd of ['version=2:x', '$(id)', 'version=22', 'version=3']) {
      const answer = await ask(odd);
      expect(status(answer)).toBe(200);
      expect(answer).not.toContain('version 2');
    }
  });
});

describe('clients that are slow or silent', () => {
  it('hold 200 connections without keeping a push out, and are sent away [S-GIT-01]', async () => {
    const sockets = Array.from({ length: 200 }, dial);
    const lives = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    // Half of them begin a request and never end it.
    for (const socket of sockets.slice(0, 100))
      socket.resume().write('GET /hello.git/info/refs HTTP/1.1\r\nHost: x');
    for (const socket of sockets.slice(100)) socket.resume();
    await pause(300, signal);
    const started = Date.now();
    expect(await push()).toEqual(expect.objectContaining({ code: 0 }));
    expect(Date.now() - started).toBeLessThan(3_000);
    await Promise.race([Promise.all(lives), pause(25_000, signal)]);
    expect(sockets.filter((socket) => !socket.closed)).toHaveLength(0);
  });

  it('lose what they were sending when their token is revoked [S-GIT-16] [S-API-03]', async () => {
    const socket = dial();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const headers = {
      'content-type': 'application/x-git-receive-pack-request',
      'transfer-encoding': 'chunked',
    };
    socket.resume().write(`${head('POST', RECEIVE, headers)}2\r\n00\r\n`);
    await until(async () => (await gits()).length > 0, 5_000);
    door.revoke(ALICE);
    const started = Date.now();
    await closed;
    expect(Date.now() - started).toBeLessThan(5_000);
    await until(async () => (await gits()).length === 0, 2_000);
  });

  it('run git in an environment of its own, within its limits [S-GIT-05] [S-GIT-18]', async () => {
    const socket = dial();
    const headers = {
      'content-type': 'application/x-git-receive-pack-request',
      'transfer-encoding': 'chunked',
      'git-protocol': 'version=1',
    };
    socket.resume().write(`${head('POST', RECEIVE, headers)}2\r\n00\r\n`);
    await until(async () => (await gits()).length > 0, 5_000);
    const [child = ''] = await gits();
    const names = (await readFile(`/proc/${child}/environ`, 'utf8')).split('\0').filter(Boolean);
    expect(names).toEqual(expect.arrayContaining(['HOME=/nonexistent', 'GIT_PROTOCOL=version=1']));
    expect(names.join(' ')).not.toContain(token);
    expect(await readFile(`/proc/${child}/cmdline`, 'utf8')).not.toContain(token);
    expect(await readFile(`/proc/${child}/limits`, 'utf8')).toMatch(/Max data size\s+536870912\s/);
    socket.destroy();
    await until(async () => (await gits()).length === 0, 2_000);
  });

  it('survive thousands of malformed beginnings [S-GIT-17]', async () => {
    for (let round = 0; round < 20; round += 1)
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const socket = dial();
          const start = round % 2 === 0 ? head('POST', RECEIVE, { 'transfer-encoding': 'chunked' }) : '';
          socket.resume().end(Buffer.concat([Buffer.from(start), randomBytes(300)]));
          await Promise.race([new Promise((resolve) => socket.once('close', resolve)), pause(2_000, signal)]);
          socket.destroy();
        }),
      );
    expect(await push()).toEqual(expect.objectContaining({ code: 0 }));
    expect((await readdir(join(door.home))).includes('canary')).toBe(false);
  });
});
