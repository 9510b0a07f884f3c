import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** The other end of a running git command, whatever door it came through. */
export interface GitClient {
  /** What it sends. Ends when the client has said all it has to say, or has left. */
  readonly input: Readable;
  readonly output: Writable;
  /** What git says beside its answer. */
  readonly errors: Writable;
  isGone(): boolean;
  onGone(act: () => void): void;
  /** Bytes that were written and have not left. */
  backlog(): number;
  /** The stream whose `drain` a writer to this one has to wait for, if any. */
  full(written: Writable): Writable | undefined;
  /** Ends the connection at once. */
  cut(): void;
}

/** What a door has of a client. */
export interface Connection {
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
  /** The connection itself, in which what is written may queue once more. */
  readonly socket: Writable;
  /** Bytes that were written and have not left. */
  readonly backlog: () => number;
}

/**
 * Sees the client leave by its stream or by the connection under it: the stream alone does not tell when the connection
 * breaks while input that was sent is still unread. `release` when nothing runs for it any more.
 */
export function watchClient(connection: Connection): GitClient & { readonly release: () => void } {
  const { input, output, errors, socket, backlog } = connection;
  const left = new AbortController();
  const leave = (): void => left.abort();
  const ends: readonly EventEmitter[] = [output, socket];
  for (const end of ends) end.once('close', leave);
  if (socket.destroyed) leave();
  return {
    input,
    output,
    errors,
    isGone: () => left.signal.aborted,
    onGone: (act) => {
      if (left.signal.aborted) act();
      else left.signal.addEventListener('abort', act, { once: true });
    },
    backlog,
    full: (written) => [written, socket].find((stream) => stream.writableNeedDrain),
    cut: () => void socket.destroy(),
    release: () => {
      for (const end of ends) end.off('close', leave);
    },
  };
}

/** What the client sends goes to git. When the client leaves, git still gets what had arrived, then the end of its input. */
export function forwardInput(client: GitClient, child: ChildProcessWithoutNullStreams): void {
  child.stdin.on('error', () => client.input.resume()); // git ended before it read everything; its exit code tells
  client.input.pipe(child.stdin);
}

/** As pipe, but it also waits for the socket: a client with a huge window would make the stream above it queue without bound. */
export function forwardSlowly(from: Readable, to: Writable, client: GitClient): void {
  const goOn = (): void => void from.resume();
  from.on('data', (chunk: Buffer) => {
    if (client.isGone()) return;
    to.write(chunk);
    const full = client.full(to);
    if (!full) return;
    from.pause();
    full.once('drain', goOn);
  });
  client.onGone(goOn);
}
