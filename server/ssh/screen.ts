import { once } from 'node:events';
import type { Socket } from 'node:net';
import { PassThrough, type Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import type { Screen, ScreenEnds, ScreenOutput } from '../ports/console.ts';

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A window as the client describes it. */
export interface Pty {
  readonly term: string;
  readonly size: () => Size;
  readonly resize: (size: Size) => void;
  /** Calls when the size has changed; answers how to stop that. */
  readonly onResize: (tell: () => void) => () => void;
}

export interface ScreenDeps {
  readonly channel: ServerChannel;
  /** The connection below the channel, in which what is written may queue once more. */
  readonly socket: Socket;
  /** Undefined where the client asked for no terminal. */
  readonly pty: Pty | undefined;
  /** Aborts when nobody looks any longer. */
  readonly gone: AbortSignal;
  /** Called for Ctrl-C, for a signal that nobody else wants, and for a client that does not read. */
  readonly stop: (why: string) => void;
}

/** A client that reads more slowly than this is not reading. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;
/** What is typed ahead of a command that does not read. */
const MAX_TYPED_BYTES = 64 * 1024;
const INTERRUPT = 0x03;
/** What a terminal has that does not say. */
const USUAL: Size = { columns: 80, rows: 24 };
const LARGEST = 9_999;
/** Of the signals of a client those that end a command which does not understand them. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL'];

export function createPty(term: string, size: Size): Pty {
  const listeners = new Set<() => void>();
  let now = within(size);
  return {
    term: /^[A-Za-z0-9+._-]{1,64}$/.test(term) ? term : 'dumb',
    size: () => now,
    resize(next) {
      now = within(next);
      for (const tell of listeners) tell();
    },
    onResize(tell) {
      listeners.add(tell);
      return () => void listeners.delete(tell);
    },
  };
}

function within({ columns, rows }: Size): Size {
  const good = (n: number, usual: number): number => (n > 0 ? Math.min(Math.trunc(n), LARGEST) : usual);
  return { columns: good(columns, USUAL.columns), rows: good(rows, USUAL.rows) };
}

/**
 * A channel as the screen and keyboard of a command. With a pty there is one stream, lines end as a terminal wants
 * them, and Ctrl-C interrupts unless the command reads raw keys: the client's terminal passes every key on. Without one
 * the two streams stay apart and nothing is coloured.
 */
export function createScreen(deps: ScreenDeps): Screen & {
  /** A signal that the client sends: for the process that has the screen, else for the command. */
  readonly hear: (signal: string) => void;
} {
  const { channel, pty, stop } = deps;
  const input = pty === undefined ? pipedInput(channel) : keyboard(channel, stop);
  const output = (to: Pick<ServerChannel, 'write' | 'writableLength'>): ScreenOutput => ({
    isTTY: pty !== undefined,
    get columns() {
      return pty?.size().columns ?? USUAL.columns;
    },
    hasColors: () => pty !== undefined && pty.term !== 'dumb',
    write(text) {
      if (to.writableLength > MAX_UNREAD_BYTES) {
        stop('the client does not read what it is sent');
        return;
      }
      to.write(pty === undefined ? text : text.replace(/\r?\n/g, '\r\n'));
    },
  });
  const out = output(channel);
  const listeners = new Set<(name: string) => void>();
  return {
    input,
    output: out,
    errors: pty === undefined ? output(channel.stderr) : out,
    term: pty?.term,
    ends: endsOf(deps, input, listeners),
    hear(signal) {
      if (listeners.size > 0) for (const tell of listeners) tell(signal);
      else if (ENDING.includes(signal)) stop('interrupted');
    },
  };
}

function endsOf(
  { channel, socket, pty, gone }: ScreenDeps,
  input: Screen['input'],
  listeners: Set<(name: string) => void>,
): ScreenEnds {
  const write = async (to: Writable, bytes: Buffer): Promise<void> => {
    if (gone.aborted) return;
    to.write(bytes);
    // The socket too: a client with a huge window would make it queue without bound.
    for (const stream of [to, socket])
      if (stream.writableNeedDrain) await once(stream, 'drain', { signal: gone }).catch(() => undefined);
  };
  return {
    live: pty !== undefined,
    input,
    out: (bytes) => write(channel, bytes),
    err: (bytes) => write(channel.stderr, bytes),
    size: () => pty?.size(),
    onResize: (tell) => pty?.onResize(tell) ?? (() => undefined),
    onSignal(tell) {
      listeners.add(tell);
      return () => void listeners.delete(tell);
    },
    raw() {
      input.setRawMode(true);
      return () => void input.setRawMode(false);
    },
  };
}

function pipedInput(channel: ServerChannel): Screen['input'] {
  const input = new PassThrough();
  channel.pipe(input);
  return Object.assign(input, { isTTY: false, setRawMode: () => undefined });
}

function keyboard(channel: ServerChannel, stop: (why: string) => void): Screen['input'] {
  const input = new PassThrough();
  let raw = false;
  channel.on('data', (keys: Buffer) => {
    if (!raw && keys.includes(INTERRUPT)) {
      stop('interrupted');
    } else if (raw) {
      if (input.write(keys)) return;
      channel.pause();
      input.once('drain', () => channel.resume());
    } else if (input.readableLength + keys.length <= MAX_TYPED_BYTES) {
      input.write(keys);
    }
  });
  channel.on('end', () => input.end());
  return Object.assign(input, { isTTY: true, setRawMode: (mode: boolean) => (raw = mode) });
}
