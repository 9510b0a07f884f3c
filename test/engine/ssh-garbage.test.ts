import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type ssh2 from 'ssh2';
import { expect, it, vi } from 'vitest';
import { openGitDoor, type GitDoor } from '../support/git-door.ts';
import { exec, login } from '../support/ssh-client.ts';

const ALICE = 'alice@example.com';
const MIB = 1024 * 1024;

/** What the library keeps to itself: a packet of any content, encrypted as it should be. */
interface Wire {
  readonly _protocol: {
    readonly _packetRW: {
      readonly write: {
        readonly allocStart: number;
        alloc(bytes: number): Buffer;
        finalize(packet: Buffer): Buffer;
      };
    };
    readonly _cipher: { encrypt(packet: Buffer): void };
  };
}

/** False when the connection is over. */
function send(client: ssh2.Client, payload: Buffer): boolean {
  const { _packetRW, _cipher } = (client as unknown as Wire)._protocol;
  try {
    const packet = _packetRW.write.alloc(payload.length);
    payload.copy(packet, _packetRW.write.allocStart);
    _cipher.encrypt(_packetRW.write.finalize(packet));
    return true;
  } catch {
    return false;
  }
}

/** The same noise each time. */
const noise = (seed: string): Buffer => createHash('sha512').update(seed).digest();

/** The messages of RFC 4254 that a client sends, and of RFC 4253 and 4252, and numbers that nobody has given away. */
const TYPES = [
  1, 2, 3, 4, 5, 6, 20, 21, 30, 31, 50, 53, 61, 80, 81, 82, 90, 91, 93, 94, 95, 96, 97, 98, 99, 100, 192, 255,
];
const word = (text: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
};
const ENDLESS = Buffer.from('ffffffff', 'hex');
const WORDS = [
  ENDLESS,
  ...['session', 'exec', 'env', 'pty-req', 'direct-tcpip', 'window-change', ''].map(word),
];

/** A packet that means nothing, or nearly something, and ends anywhere. */
function malformed(nth: number): Buffer {
  const bytes = noise(`packet ${nth}`);
  const at = (index: number): number => bytes[index] ?? 0;
  const type = Buffer.from([TYPES[nth % TYPES.length] ?? 0]);
  const channel = Buffer.from([0, 0, 0, at(0) % 3]);
  const kind = WORDS[at(1) % WORDS.length] ?? ENDLESS;
  const parts = at(2) % 2 === 0 ? [type, channel, kind] : [type, kind, channel];
  const packet = Buffer.concat([...parts, bytes.subarray(8, 8 + (at(3) % 48))]);
  return at(4) % 4 === 0 ? packet.subarray(0, 1 + (at(5) % packet.length)) : packet;
}

interface Rig extends AsyncDisposable {
  readonly door: GitDoor;
  readonly key: string;
}

async function open(): Promise<Rig> {
  const door = await openGitDoor();
  await door.addApp('hello', ALICE);
  return { door, key: await door.addKey(ALICE), [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() };
}

/** Whether the connection is still there once the door has dealt with what was sent. */
async function outlives(client: ssh2.Client): Promise<boolean> {
  let leave = (): void => undefined;
  const closed = new Promise<false>((resolve) => (leave = () => resolve(false)));
  client.once('close', leave);
  const answered = exec(client, 'git-upload-archive hello').then(
    () => true,
    () => false,
  );
  const outcome = await Promise.race([answered, closed]);
  client.off('close', leave);
  return outcome;
}

it('a client that is in and sends thousands of malformed packets harms nobody [S-GIT-17]', async () => {
  await using rig = await open();
  const { door, key } = rig;
  const bystander = await login(door, key);
  const before = process.memoryUsage().rss;
  let client: ssh2.Client | undefined;
  for (let nth = 0; nth < 2_000; nth += 1) {
    client ??= await login(door, key);
    if (send(client, malformed(nth)) && (await outlives(client))) continue;
    client.destroy();
    client = undefined;
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * MIB);
  expect((await exec(bystander, "git-upload-pack '/hello.git'")).text).toMatch(/^0000/);
  bystander.end();
  client?.destroy();
  expect((await door.ssh(key, ['git@127.0.0.1'])).stdout).toContain('Hi alice');
});

it('a command that no packet has room for ends its connection at once, and is not run; one that is just too long is told so [S-GIT-06]', async () => {
  await using rig = await open();
  const { door, key } = rig;
  const bystander = await login(door, key);
  const ask = (length: number) =>
    door.ssh(key, ['git@127.0.0.1', `git-receive-pack '${'a'.repeat(length)}'`]);
  expect(await ask(64 * 1024)).toMatchObject({ code: 255, stdout: '' });
  expect(await ask(32 * 1024)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^ ! {5}Of git[^\n]*\n$/) as string,
  });
  const long = await exec(bystander, `config:set A=${'a'.repeat(32 * 1024)}`);
  expect(long).toEqual({
    code: 2,
    text: expect.stringMatching(/^ ! {5}The command is longer than 32 KB; [^\n]*\n$/) as string,
  });
  bystander.end();
});

it('hundreds of connections at once from one address wait, or are told to come back, at little cost [S-GIT-02]', async () => {
  await using rig = await open();
  const { door, key } = rig;
  const before = process.memoryUsage();
  const heard: string[] = [];
  const crowd = await Promise.all(
    Array.from({ length: 400 }, async (_, nth) => {
      const socket = connect(door.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => (heard[nth] = (heard[nth] ?? '') + chunk.toString('latin1')));
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write('SSH-2.0-crowd\r\n');
      return socket;
    }),
  );
  const told = (): number => heard.filter((text) => text.includes('Too many connections from your')).length;
  await vi.waitFor(() => expect(told()).toBeGreaterThanOrEqual(50), { timeout: 10_000 });
  const now = process.memoryUsage();
  // Both ends of every connection are in this process.
  expect(now.heapUsed + now.external - before.heapUsed - before.external).toBeLessThan(30 * MIB);
  for (const socket of crowd) socket.destroy();
  expect((await door.ssh(key, ['git@127.0.0.1'])).stdout).toContain('Hi alice');
});
