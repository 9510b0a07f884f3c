import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as tcpConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createFakeProcess,
  createFakeSession,
  type FakeProcess,
} from '../../test/support/fake-attachment.ts';
import { quietLog } from '../../lib/log.ts';
import { settled } from '../../test/support/until.ts';
import { PlatformError } from '../domain/errors.ts';
import type { RunSession } from '../services/run-sessions.ts';
import { openRendezvous, type RendezvousDoor, type RendezvousLimits } from './door.ts';

let certificate: { key: string; cert: string };
let directory: string;
const doors: RendezvousDoor[] = [];
const sockets: TLSSocket[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rendezvous-'));
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await promisify(execFile)('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject]);
  certificate = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const door of doors.splice(0)) await door[Symbol.asyncDispose]();
});
afterAll(() => rm(directory, { recursive: true }));

async function open(
  secrets: ReadonlyMap<string, RunSession>,
  limits: Partial<RendezvousLimits> = {},
): Promise<RendezvousDoor> {
  const left = new Map(secrets);
  const claim = (secret: string): RunSession | undefined => {
    const found = left.get(secret);
    left.delete(secret);
    return found;
  };
  const door = await openRendezvous({ ...certificate, port: 0, runs: { claim }, log: quietLog(), limits });
  doors.push(door);
  return door;
}

/** A client as the `heroku` command is one. */
async function meet(door: RendezvousDoor, secret: string) {
  const socket = connect({
    port: door.port,
    host: 'localhost',
    ca: certificate.cert,
    servername: 'localhost',
  });
  sockets.push(socket);
  const chunks: Buffer[] = [];
  const times: number[] = [];
  let closed = false;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    times.push(performance.now());
  });
  socket.on('error', () => undefined);
  socket.once('close', () => (closed = true));
  socket.write(`${secret}\r\n`);
  await expect.poll(() => closed || chunks.length > 0).toBe(true);
  return {
    socket,
    chunks,
    times,
    text: () => Buffer.concat(chunks).toString('utf8'),
    isClosed: () => closed,
    over: () => expect.poll(() => closed, { timeout: 5_000 }).toBe(true),
  };
}

async function stage(
  options: { tty?: boolean; refuse?: Error } = {},
  limits: Partial<RendezvousLimits> = {},
) {
  const process: FakeProcess = createFakeProcess();
  const { session, cut } = createFakeSession(process, options);
  const door = await open(new Map([['abc123', session]]), limits);
  return { process, cut, door };
}

describe('a rendezvous', () => {
  it('begins with a greeting in a piece of its own, and then is the process', async () => {
    const { process, door } = await stage();
    process.print('first\n');
    const client = await meet(door, 'abc123');
    expect(client.chunks[0]?.toString()).toBe('rendezvous\r\n');
    await expect.poll(client.text).toBe('rendezvous\r\nfirst\n');
    client.socket.write('hello');
    await expect.poll(() => process.input().toString()).toBe('hello');
    process.print('oops\n', 'err');
    await expect.poll(client.text).toContain('oops\n');
  });

  it('opens once', async () => {
    const { door } = await stage();
    await meet(door, 'abc123');
    const second = await meet(door, 'abc123');
    await second.over();
    expect(second.text()).toBe('');
  });

  it.each(['wrong', 'GET / HTTP/1.1', ''])('is refused to who says %j', async (secret) => {
    const { door } = await stage();
    const client = await meet(door, secret);
    await client.over();
    expect(client.text()).toBe('');
  });

  it('takes 0x04 for the end of the input of a process without terminal', async () => {
    const { process, door } = await stage();
    const client = await meet(door, 'abc123');
    client.socket.write('data');
    client.socket.write('\u0004');
    await expect.poll(() => process.said.inputEnded).toBe(true);
    expect(process.input().toString()).toBe('data');
  });

  it('hands 0x04 to a terminal, which knows what it means', async () => {
    const { process, door } = await stage({ tty: true });
    const client = await meet(door, 'abc123');
    client.socket.write('data\u0004');
    await expect.poll(() => process.input().toString()).toBe('data\u0004');
    expect(process.said.inputEnded).toBe(false);
  });

  it('sends the line of an exit code in one piece', async () => {
    const { process, door } = await stage();
    const client = await meet(door, 'abc123');
    const line = Buffer.from('\uFFFF heroku-command-exit-status: 3\n');
    process.print(Buffer.concat([Buffer.from('out'), line.subarray(0, 2)]));
    process.print(line.subarray(2, 12));
    process.print(line.subarray(12));
    process.finish(0);
    await client.over();
    expect(client.chunks.some((chunk) => chunk.includes(line))).toBe(true);
  });

  it('stays open for a while when the process has ended, for a client that still writes', async () => {
    const { process, door } = await stage();
    const client = await meet(door, 'abc123');
    process.print('last\n');
    process.finish(0);
    await client.over();
    expect(performance.now() - (client.times.at(-1) ?? 0)).toBeGreaterThan(300);
  });

  it('ends at once when the client has said that it was all', async () => {
    const { process, door } = await stage({}, { lingerMs: 60_000 });
    const client = await meet(door, 'abc123');
    client.socket.write('\u0004');
    await expect.poll(() => process.said.inputEnded).toBe(true);
    process.finish(0);
    await client.over();
  });

  it('is over for the process when the client leaves', async () => {
    const { process, door } = await stage();
    const client = await meet(door, 'abc123');
    client.socket.end();
    await expect.poll(() => process.said.letGo).toBe(true);
    await client.over();
  });

  it('says why a process could not be started', async () => {
    const refuse = PlatformError.of('engine_away', {});
    const { door } = await stage({ refuse });
    const client = await meet(door, 'abc123');
    await client.over();
    expect(client.text()).toContain(refuse.message);
  });

  it('is ended by the platform with a reason', async () => {
    const { process, door, cut } = await stage();
    const client = await meet(door, 'abc123');
    await expect.poll(() => client.chunks.length).toBe(1);
    cut('You may not.');
    await client.over();
    expect(client.text()).toContain('You may not.');
    expect(process.said.letGo).toBe(true);
  });

  it('does not take in what the process does not read', async () => {
    const { process, door } = await stage();
    process.stall(true);
    const client = await meet(door, 'abc123');
    const megabytes = Buffer.alloc(64 * 1024 * 1024);
    client.socket.write(megabytes);
    await expect.poll(() => process.holds()).toBe(true);
    const left = await settled(() => client.socket.writableLength, 9_000);
    expect(left).toBeGreaterThan(32 * 1024 * 1024);
    process.stall(false);
    await expect.poll(() => process.input().length, { timeout: 9_000 }).toBe(megabytes.length);
  });
});

describe('strangers', () => {
  it('who say nothing are sent away', async () => {
    const { door } = await stage({}, { graceMs: 200 });
    const silent = tcpConnect({ port: door.port, host: 'localhost' });
    const halfWay = connect({ port: door.port, host: 'localhost', ca: certificate.cert });
    const gone = [silent, halfWay].map(
      (socket) =>
        new Promise((resolve) => {
          socket.on('error', () => undefined);
          socket.once('close', resolve);
        }),
    );
    halfWay.write('abc');
    await expect(Promise.all(gone)).resolves.toHaveLength(2);
  });

  it('make room for those who come later', async () => {
    const { process, door } = await stage({}, { strangers: 3 });
    const idle = Array.from({ length: 3 }, () => tcpConnect({ port: door.port, host: 'localhost' }));
    for (const socket of idle) socket.on('error', () => undefined);
    process.print('hi');
    const client = await meet(door, 'abc123');
    await expect.poll(client.text).toContain('hi');
    for (const socket of idle) socket.destroy();
  });
});
