import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { freePort } from '../../test/support/free-port.ts';
import { sshPair } from '../../test/support/ssh-pair.ts';
import { createExecDoor, type ExecDoor, type ExecDoorDeps } from './door.ts';

const keys = sshPair();
const unused = (): never => {
  throw new Error('nobody gets that far');
};
const DEPS: ExecDoorDeps = {
  hostKey: keys.private,
  grants: { find: () => undefined, renew: unused },
  runs: { enter: unused, instance: unused },
  log: quietLog(),
};

let door: ExecDoor;
const sockets: Socket[] = [];
beforeEach(() => {
  door = createExecDoor(DEPS);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await door[Symbol.asyncDispose]();
});

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined); // cut off, which is what some of these wait for
  socket.resume();
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** What became of somebody who has a key, but no grant. */
async function knock(port: number): Promise<string> {
  const client = new ssh2.Client();
  const failed = new Promise<Error>((resolve) => client.on('error', resolve));
  client.connect({ host: '127.0.0.1', port, username: 'nobody', privateKey: keys.private });
  const err = await failed;
  client.destroy();
  return err.message;
}

describe('the door behind ps:exec', () => {
  it('turns away whoever has no grant', async () => {
    const port = await freePort();
    expect(await door.listen(port)).toBe(true);
    expect(await knock(port)).toMatch(/authentication methods failed/);
  });

  it('has room for whoever speaks, however many there are who say nothing', async () => {
    const port = await freePort();
    await door.listen(port);
    const silent = await Promise.all(Array.from({ length: 200 }, () => opened(port)));
    expect(await knock(port)).toMatch(/authentication methods failed/);
    await expect.poll(() => silent.filter(({ closed }) => closed).length).toBe(1);
  });

  it('closes on whoever says nothing, or half a line, in time', async () => {
    await door[Symbol.asyncDispose]();
    door = createExecDoor({ ...DEPS, graceMs: 20 });
    const port = await freePort();
    await door.listen(port);
    const [silent, half] = await Promise.all([opened(port), opened(port)]);
    half.write('SSH-2');
    await expect.poll(() => [silent, half].map(({ closed }) => closed)).toEqual([true, true]);
  });

  it('says so when another program has its port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    expect(await door.listen((other.address() as AddressInfo).port)).toBe(false);
    other.close();
  });
});
