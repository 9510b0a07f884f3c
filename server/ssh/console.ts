import type { Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';
import { abortController } from '../../lib/abort.ts';
import type { Logger } from '../../lib/log.ts';
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
  /** Hands over what hears the signals that the client sends. */
  readonly onSignal: (hear: (name: string) => void) => void;
}

export interface ConsoleDeps {
  readonly console: Console;
  readonly log: Logger;
  /** Commands that one key may run at a time. */
  readonly commandsPerKey: number;
  /** Aborts when the door closes. */
  readonly signal: AbortSignal;
}

/** A longer one can be told so up to 35,000 bytes, where ssh2 ends the connection (RFC 4253, 6.1: no packet need be longer). */
const LONGEST_LINE = 32 * 1024;
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
      if (call.line.length > LONGEST_LINE) {
        tell(
          'The command is longer than 32 KB; split it, or use the gantry command, which has no such limit.',
        );
        return USAGE;
      }
      taken.set(fingerprint, now + 1);
      try {
        return await runOn(call, deps);
      } catch (err) {
        deps.log.error({ err }, 'a command over ssh failed because of a bug');
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

async function runOn(call: ConsoleCall, deps: ConsoleDeps): Promise<number> {
  const { channel, socket, login, line, pty } = call;
  const stopped = abortController();
  const stop = (why: string): void => stopped.abort(new Error(why));
  const leave = (): void => stop('the client has left');
  const close = (): void => stop('the door is closing');
  // Known: a client of a shared connection (ControlMaster) that dies while its process reads nothing is not noticed here,
  // as the connection stays and the channel neither ends nor closes (OpenSSH 9.2). The run ends after an hour of silence.
  const ends = [channel, socket];
  for (const end of ends) end.once('close', leave);
  deps.signal.addEventListener('abort', close, { once: true });
  try {
    const screen = createScreen({ channel, socket, pty, gone: stopped.signal, stop });
    call.onSignal((name) => screen.hear(name));
    const code = await deps.console.run(login, line, screen, stopped.signal);
    return stopped.signal.aborted ? INTERRUPTED : code;
  } finally {
    for (const end of ends) end.off('close', leave);
    deps.signal.removeEventListener('abort', close);
  }
}
