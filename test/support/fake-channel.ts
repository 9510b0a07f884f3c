import { Duplex, PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';

/** A channel of a client that types when the test does, and the socket below it. */
export interface FakeChannel {
  readonly channel: ServerChannel;
  readonly socket: Socket;
  /** What the client is shown, and what beside it. */
  out(): string;
  err(): string;
  type(keys: string | Buffer): void;
  /** The client has no more to type. */
  hangUp(): void;
  /** From now on what is written stays where it is; calling again lets it go. */
  reads(does: boolean): void;
}

export function createFakeChannel(): FakeChannel {
  const shown: Buffer[] = [];
  let waiting: (() => void)[] = [];
  let reading = true;
  const channel = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      shown.push(chunk);
      if (reading) done();
      else waiting.push(done);
    },
  });
  const stderr = new PassThrough();
  const beside: Buffer[] = [];
  stderr.on('data', (chunk: Buffer) => beside.push(chunk));
  return {
    channel: Object.assign(channel, { stderr }) as unknown as ServerChannel, // has all of it that is used here
    socket: new PassThrough() as unknown as Socket,
    out: () => Buffer.concat(shown).toString(),
    err: () => Buffer.concat(beside).toString(),
    type: (keys) => void channel.push(keys),
    hangUp: () => void channel.push(null),
    reads(does) {
      reading = does;
      const released = waiting;
      if (does) waiting = [];
      if (does) for (const done of released) done();
    },
  };
}
