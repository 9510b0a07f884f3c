import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { createFarewells, disconnectPacket } from './farewell.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Both ends of a connection. */
async function pair(): Promise<{ ours: Socket; theirs: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  const theirs = connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1');
  const [ours] = (await once(server, 'connection')) as [Socket];
  return { ours, theirs };
}

async function heard(theirs: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  theirs.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(theirs, 'close');
  return Buffer.concat(chunks);
}

describe('the message with which the door ends a connection', () => {
  it.each(['', 'a', 'Come back later.', 'x'.repeat(23), 'später'])(
    'is a whole packet that says %j',
    (text) => {
      const packet = disconnectPacket(text);
      const padding = packet.readUInt8(4);
      expect(packet.length % 8).toBe(0);
      expect(packet.length).toBe(4 + packet.readUInt32BE(0));
      expect(padding).toBeGreaterThanOrEqual(4);
      const payload = packet.subarray(5, packet.length - padding);
      expect(payload.readUInt8(0)).toBe(1);
      expect(payload.readUInt32BE(1)).toBe(12);
      const length = payload.readUInt32BE(5);
      expect(payload.subarray(9, 9 + length).toString()).toBe(text);
      expect(payload.subarray(9 + length)).toEqual(Buffer.alloc(4));
    },
  );

  it('reaches a client that has been talking all the while, and nobody listens to it any more', async () => {
    const { ours, theirs } = await pair();
    using farewells = createFarewells();
    let listened = 0;
    ours.on('data', () => (listened += 1));
    theirs.write('SSH-2.0-client\r\n');
    await once(ours, 'data');
    theirs.write(Buffer.alloc(20_000));
    farewells.say(ours, 'Come back later.', 'greeted');
    const said = (await heard(theirs)).toString('latin1');
    expect(said).toContain('Come back later.');
    expect(said).not.toContain('SSH-2.0');
    expect(listened).toBe(1);
  });

  it('comes after our first line where that has not been sent yet', async () => {
    const { ours, theirs } = await pair();
    using farewells = createFarewells();
    farewells.say(ours, 'Come back later.', 'new');
    expect((await heard(theirs)).toString('latin1')).toMatch(/^SSH-2\.0-Gantry\r\n[^]*Come back later\./);
  });

  it('is not waited for by an end of all of it, nor told to one that has left', async () => {
    const { ours, theirs } = await pair();
    theirs.on('error', () => undefined).pause(); // it neither reads nor closes
    const farewells = createFarewells();
    farewells.say(ours, 'Come back later.', 'new');
    farewells[Symbol.dispose]();
    expect(ours.destroyed).toBe(true);
    farewells.say(ours, 'Come back later.', 'new');
    theirs.destroy();
  });
});
