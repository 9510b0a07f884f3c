import { PassThrough } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import type { Screen, ScreenOutput } from '../ports/console.ts';

/** A window as the client describes it. */
export interface Pty {
  readonly term: string;
  columns: number;
}

/** A client that reads more slowly than this is not reading. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;
/** What is typed ahead of a command that does not read. */
const MAX_TYPED_BYTES = 64 * 1024;
const INTERRUPT = 0x03;

/**
 * A channel as the screen and keyboard of a command. With a pty there is one stream, lines end as a terminal wants
 * them, and Ctrl-C interrupts unless the command reads raw keys: the client's terminal passes every key on. Without one
 * the two streams stay apart and nothing is coloured. `stop` is called for Ctrl-C, and for a client that does not read.
 */
export function createScreen(
  channel: ServerChannel,
  pty: Pty | undefined,
  stop: (why: string) => void,
): Screen {
  const output = (to: Pick<ServerChannel, 'write' | 'writableLength'>): ScreenOutput => ({
    isTTY: pty !== undefined,
    get columns() {
      return pty === undefined || pty.columns <= 0 ? 80 : pty.columns;
    },
    hasColors: () => pty !== undefined && pty.term !== '' && pty.term !== 'dumb',
    write(text) {
      if (to.writableLength > MAX_UNREAD_BYTES) {
        stop('the client does not read what it is sent');
        return;
      }
      to.write(pty === undefined ? text : text.replace(/\r?\n/g, '\r\n'));
    },
  });
  const out = output(channel);
  return {
    input: pty === undefined ? pipedInput(channel) : keyboard(channel, stop),
    output: out,
    errors: pty === undefined ? output(channel.stderr) : out,
    term: pty?.term,
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
    if (!raw && keys.includes(INTERRUPT)) stop('interrupted');
    else if (input.readableLength + keys.length <= MAX_TYPED_BYTES) input.write(keys);
  });
  channel.on('end', () => input.end());
  return Object.assign(input, { isTTY: true, setRawMode: (mode: boolean) => (raw = mode) });
}
