import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2, { type SFTPWrapper } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import {
  createFakeProcess,
  createFakeSession,
  type FakeProcess,
} from '../../test/support/fake-attachment.ts';
import { freePort } from '../../test/support/free-port.ts';
import { sshPair } from '../../test/support/ssh-pair.ts';
import { NOBODY } from '../domain/actor.ts';
import type { RunOrder } from '../services/runs.ts';
import { createExecDoor, type ExecDoor } from './door.ts';

const host = sshPair();
const ann = sshPair();
const MOST = 3_000_000;

let door: ExecDoor;
let client: ssh2.Client;
let sftp: SFTPWrapper;
let dir: string;
/** What was ordered in the instance, and the process of each. */
let orders: RunOrder[];
let processes: FakeProcess[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gantry-files-'));
  orders = [];
  processes = [];
  const grant = { user: 'u', actor: NOBODY, app: 'shop', instance: 'web.1', publicKey: ann.public };
  door = createExecDoor({
    hostKey: host.private,
    log: quietLog(),
    grants: { find: () => grant, renew: () => Promise.resolve(NOBODY) },
    runs: {
      instance: () => Promise.reject(new Error('nobody forwards here')),
      enter: (_actor, _app, _instance, order) => {
        const process = createFakeProcess();
        orders.push(order);
        processes.push(process);
        return Promise.resolve(createFakeSession(process).session);
      },
    },
    mostBytes: MOST,
  });
  const port = await freePort();
  expect(await door.listen(port)).toBe(true);
  client = new ssh2.Client();
  client.connect({ host: '127.0.0.1', port, username: 'u', privateKey: ann.private });
  await once(client, 'ready');
  sftp = await promisify<SFTPWrapper>((done) => client.sftp((err, made) => done(err ?? null, made)))();
});
afterEach(async () => {
  client.destroy();
  await door[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

/** As the heroku command copies; what was copied, or the reason why not. */
async function get(path: string): Promise<Buffer | string> {
  const target = join(dir, 'copy');
  const failed = await new Promise<Error | null | undefined>((resolve) =>
    sftp.fastGet(path, target, (err) => resolve(err)),
  );
  return failed ? failed.message : readFile(target);
}

async function asked(): Promise<FakeProcess> {
  await expect.poll(() => processes.length).toBeGreaterThan(0);
  const process = processes.at(-1);
  if (process === undefined) throw new Error('nothing was ordered');
  return process;
}

describe('a file of an instance', () => {
  it('is copied, however large, and its name is never a part of a command', async () => {
    const content = Buffer.alloc(2_500_000, 'gantry ');
    const copied = get("/app/it's $(here); -rf");
    const process = await asked();
    process.print(content.subarray(0, 1_000_000));
    process.print('cat: this is not part of it', 'err');
    process.print(content.subarray(1_000_000));
    process.finish(0);
    expect(content.equals(Buffer.from(await copied))).toBe(true); // comparing them as values takes seconds
    expect(orders).toEqual([
      {
        command: 'exec cat -- "$GANTRY_COPY"',
        tty: false,
        env: new Map([['GANTRY_COPY', "/app/it's $(here); -rf"]]),
      },
    ]);
  });

  it('is copied when it is empty, and another after it', async () => {
    for (const content of ['', 'second']) {
      const copied = get('/app/file');
      await expect.poll(() => processes.length).toBe(content === '' ? 1 : 2);
      const process = await asked();
      process.print(content);
      process.finish(0);
      expect(String(await copied)).toBe(content);
    }
  });

  it('that cannot be read is none', async () => {
    const copied = get('/etc/shadow');
    const process = await asked();
    process.print('cat: /etc/shadow: Permission denied', 'err');
    process.finish(1);
    expect(await copied).toBe('There is no such file to read.');
  });

  it('without end is refused at the limit, and what gave it is let go', async () => {
    const copied = get('/dev/zero');
    const process = await asked();
    for (let sent = 0; sent <= MOST; sent += 1_000_000) process.print(Buffer.alloc(1_000_000));
    expect(await copied).toBe(`/dev/zero is larger than the ${MOST} bytes that can be copied.`);
    expect(process.said.letGo).toBe(true);
  });

  it('of which nothing comes is let go when the client leaves', async () => {
    void get('/app/pipe');
    const process = await asked();
    client.destroy();
    await expect.poll(() => process.said.letGo).toBe(true);
  });

  it('is the only one, however soon a client calls it closed', async () => {
    const refused: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      sftp.open('/app/pipe', 'r', (err) => err && refused.push(err.message));
      sftp.close(Buffer.from([0]), () => undefined);
    }
    await expect.poll(() => refused.length).toBe(3);
    expect(orders).toHaveLength(1);
  });

  it('is never written, removed or listed', async () => {
    const denied = (work: (done: (err?: Error | null) => void) => void): Promise<unknown> =>
      new Promise((resolve) => work((err) => resolve(err?.message ?? 'allowed')));
    expect(await denied((done) => sftp.open('/app/x', 'w', done))).toContain('only read');
    expect(await denied((done) => sftp.open('/app/x', 'r+', done))).toContain('only read');
    expect(await denied((done) => sftp.unlink('/app/x', done))).not.toBe('allowed');
    expect(await denied((done) => sftp.readdir('/app', done))).not.toBe('allowed');
    expect(orders).toEqual([]);
  });
});
