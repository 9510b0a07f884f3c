import type { Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';
import { abortController } from '../../lib/abort.ts';
import type { Logger } from '../../lib/log.ts';
import { words, WordsError } from '../../lib/words.ts';
import type { Console } from '../ports/console.ts';
import type { Login } from './authenticate.ts';
import { createScreen, type Pty } from './screen.ts';

export interface ConsoleSeats {
  /** Runs the command line on the channel and answers its exit code; what went wrong has been told there. */
  serve(call: ConsoleCall): Promise<number>;
}

interface ConsoleCall {
  readonly login: Login;
  /** As it was sent; empty for a login without a command. */
  readonly line: string;
  readonly channel: ServerChannel;
  readonly socket: Socket;
  readonly pty: Pty | undefined;
  /** Hands over what interrupts the command: a signal that the client sends. */
  readonly onInterrupt: (interrupt: () => void) => void;
}

export interface ConsoleDeps {
  readonly console: Console;
  readonly log: Logger;
  /** Commands that one key may run at a time. */
  readonly commandsPerKey: number;
  /** Aborts when the door closes. */
  readonly signal: AbortSignal;
}

const LONGEST_LINE = 64 * 1024;
/** What shells answer for these two. */
const INTERRUPTED = 130;
const REFUSED = 1;
const USAGE = 2;

/** The platform's commands for those who have logged in. */
export function createConsoleSeats(deps: ConsoleDeps): ConsoleSeats {
  const taken = new Map<string, number>();

  return {
    async serve(call) {
      const { channel, login } = call;
      const tell = (sentence: string): void => void channel.stderr.write(` !     ${sentence}\r\n`);
      const { fingerprint } = login;
      const now = taken.get(fingerprint) ?? 0;
      if (now >= deps.commandsPerKey) {
        tell(`This key runs ${now} commands already; wait for one of them to end.`);
        return REFUSED;
      }
      const argv = split(call.line);
      if (typeof argv === 'string') {
        tell(argv);
        return USAGE;
      }
      taken.set(fingerprint, now + 1);
      try {
        return await runOn(call, argv, deps);
      } catch (err) {
        deps.log.error({ err, command: argv[0] }, 'a command over ssh failed because of a bug');
        tell('The command failed because of a bug in the platform; its log says more.');
        return REFUSED;
      } finally {
        const left = (taken.get(fingerprint) ?? 1) - 1;
        if (left === 0) taken.delete(fingerprint);
        else taken.set(fingerprint, left);
      }
    },
  };
}

async function runOn(call: ConsoleCall, argv: readonly string[], deps: ConsoleDeps): Promise<number> {
  const { channel, socket, login, pty } = call;
  const stopped = abortController();
  const stop = (why: string): void => stopped.abort(new Error(why));
  const leave = (): void => stop('the client has left');
  const close = (): void => stop('the door is closing');
  const ends = [channel, socket];
  for (const end of ends) end.once('close', leave);
  deps.signal.addEventListener('abort', close, { once: true });
  call.onInterrupt(() => stop('interrupted'));
  try {
    const screen = createScreen(channel, pty, stop);
    const code = await deps.console.run(login, argv, screen, stopped.signal);
    return stopped.signal.aborted ? INTERRUPTED : code;
  } finally {
    for (const end of ends) end.off('close', leave);
    deps.signal.removeEventListener('abort', close);
  }
}

/** The words of a line, or why there are none. */
function split(line: string): string[] | string {
  if (line.length > LONGEST_LINE) return 'The command is longer than 64 KB.';
  try {
    return words(line);
  } catch (err) {
    if (err instanceof WordsError) return err.message;
    throw err;
  }
}
