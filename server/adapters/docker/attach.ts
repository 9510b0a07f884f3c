import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Attachment, Printed } from '../../ports/runs.ts';
import { createFrameReader } from './frames.ts';

/** A process that does not read is given this much; then whoever writes to it waits. */
const INPUT_BYTES = 64 * 1024;

export type Control = Pick<Attachment, 'resize' | 'signal' | 'exitCode'>;

/**
 * The two ends of a process behind a connection that the engine has handed over. Without a terminal the engine sends
 * frames, which tell output from errors; with one it sends bytes. `close` cuts the connection.
 */
export function attachmentOf(stream: Duplex, tty: boolean, close: () => void, control: Control): Attachment {
  let closed = false;
  stream.once('close', () => (closed = true));
  return {
    ...control,
    output: read(stream, tty),
    async write(bytes) {
      if (closed || stream.writableEnded) return;
      stream.write(bytes);
      if (stream.writableLength <= INPUT_BYTES) return;
      const stop = new AbortController();
      await Promise.race([
        once(stream, 'drain', { signal: stop.signal }),
        once(stream, 'close', { signal: stop.signal }),
      ]).catch(() => undefined); // it ended: what is left to write, nobody reads
      stop.abort();
    },
    end() {
      if (!closed && !stream.writableEnded) stream.end();
    },
    [Symbol.asyncDispose]() {
      close();
      stream.destroy();
      return Promise.resolve();
    },
  };
}

async function* read(stream: Duplex, tty: boolean): AsyncGenerator<Printed, void, undefined> {
  const frames = createFrameReader();
  try {
    // Its input may still be wanted when its output has ended.
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (tty) yield { stream: 'out', bytes: chunk };
      else for (const frame of frames(chunk)) yield { stream: frame.stream, bytes: frame.payload };
    }
  } catch (err) {
    // The engine's end of the connection is gone, or ours: either way nothing more is printed here.
    if (!stream.destroyed) throw err;
  }
}
