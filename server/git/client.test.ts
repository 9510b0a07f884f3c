import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { forwardInput, forwardSlowly, watchClient } from './client.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Takes one piece, and no more until it is told to. */
function slow() {
  const taken: string[] = [];
  let released: (() => void) | undefined;
  const stream = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk.toString());
      released = done;
    },
  });
  const read = (): void => {
    const done = released;
    released = undefined;
    done?.();
  };
  return { stream, taken, read };
}

function createRig(streams: { readonly output?: Writable; readonly socket?: Writable } = {}) {
  const { output = new PassThrough(), socket = new PassThrough() } = streams;
  const [input, errors] = [new PassThrough(), new PassThrough()];
  const client = watchClient({ input, output, errors, socket, backlog: () => 42 });
  return { input, output, errors, socket, client };
}

describe('a client of git', () => {
  it.each(['output', 'socket'] as const)(
    'has left when its %s is closed, and whoever asked is told once',
    async (end) => {
      const rig = createRig();
      let told = 0;
      rig.client.onGone(() => void (told += 1));
      expect(rig.client.isGone()).toBe(false);
      rig[end].destroy();
      await turn();
      rig.socket.destroy();
      await turn();
      expect([rig.client.isGone(), told]).toEqual([true, 1]);
      rig.client.onGone(() => void (told += 1));
      expect(told, 'also who asks too late').toBe(2);
    },
  );

  it('has not left because it has no more to say', async () => {
    const { input, client } = createRig();
    input.end();
    input.resume();
    await turn();
    expect(client.isGone()).toBe(false);
  });

  it('may have left before it was looked at', () => {
    const socket = new PassThrough();
    socket.destroy();
    expect(createRig({ socket }).client.isGone()).toBe(true);
  });

  it('is watched no longer once nothing runs for it', async () => {
    const { output, socket, client } = createRig();
    client.release();
    output.destroy();
    socket.destroy();
    await turn();
    expect(client.isGone()).toBe(false);
    expect([output.listenerCount('close'), socket.listenerCount('close')]).toEqual([0, 0]);
  });

  it('is full when the stream or the connection below it is, and is cut off by the connection', () => {
    const { output, socket, client } = createRig({ socket: slow().stream });
    expect([client.full(output), client.backlog()]).toEqual([undefined, 42]);
    socket.write('x');
    expect(client.full(output)).toBe(socket);
    const narrow = slow().stream;
    narrow.write('x');
    expect(createRig({ output: narrow }).client.full(narrow)).toBe(narrow);
    client.cut();
    expect(socket.destroyed).toBe(true);
  });
});

describe('what a client sends', () => {
  it('goes to git, and is read on when git has ended before it read everything', async () => {
    const { input, client } = createRig();
    const stdin = new PassThrough();
    forwardInput(client, { stdin } as unknown as ChildProcessWithoutNullStreams); // all of it that is used here
    input.write('pack');
    await turn();
    expect(String(stdin.read())).toBe('pack');
    stdin.destroy(new Error('EPIPE'));
    await turn();
    const ended = new Promise((resolve) => input.once('end', resolve));
    input.end('x'.repeat(100_000));
    await ended;
    expect(input.readableEnded).toBe(true);
  });
});

describe('what git says', () => {
  it('waits for a client that reads slowly, and arrives whole', async () => {
    const { stream, taken, read } = slow();
    const { client } = createRig({ output: stream });
    const from = new PassThrough({ highWaterMark: 2 });
    forwardSlowly(from, stream, client);
    const all = ['a', 'b', 'c', 'd'];
    for (const piece of all) {
      from.write(piece);
      await turn();
    }
    expect(from.isPaused()).toBe(true);
    expect(taken).toEqual(['a']);
    for (let nth = 0; nth < 10; nth += 1) {
      read();
      await turn();
    }
    expect(taken.join('')).toBe('abcd');
  });

  it('arrives at once at a client that reads', async () => {
    const output = new PassThrough();
    const { client } = createRig({ output });
    const from = new PassThrough();
    forwardSlowly(from, output, client);
    for (const piece of ['a', 'b']) from.write(piece);
    await turn();
    expect([from.isPaused(), String(output.read())]).toEqual([false, 'ab']);
  });

  it('is not written any more once the connection is gone, though the stream above it is still there', async () => {
    const output = new PassThrough();
    const { socket, client } = createRig({ output });
    const from = new PassThrough();
    forwardSlowly(from, output, client);
    socket.destroy();
    await turn();
    from.write('a');
    await turn();
    expect([output.writableLength, output.read()]).toEqual([0, null]);
  });

  it('waits for the connection too', async () => {
    const below = slow();
    const { output, client } = createRig({ socket: below.stream });
    const from = new PassThrough();
    forwardSlowly(from, output, client);
    below.stream.write('x');
    from.write('a');
    await turn();
    expect(from.isPaused()).toBe(true);
    below.read();
    await turn();
    expect(from.isPaused()).toBe(false);
  });

  it('is read to its end and dropped once the client has left, so that git is not held up', async () => {
    const { stream, taken } = slow();
    const { client } = createRig({ output: stream });
    const from = new PassThrough({ highWaterMark: 2 });
    const ended = new Promise((resolve) => from.once('end', resolve));
    forwardSlowly(from, stream, client);
    from.write('a');
    await turn();
    expect(from.isPaused()).toBe(true);
    stream.destroy();
    await turn();
    for (const piece of ['b', 'c']) from.write(piece);
    from.end();
    await ended;
    expect(taken).toEqual(['a']);
  });
});
