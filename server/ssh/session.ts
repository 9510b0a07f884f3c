import type { Socket } from 'node:net';
import type { Connection, ServerChannel, Session } from 'ssh2';
import type { Logger } from '../../lib/log.ts';
import { watchClient } from '../git/client.ts';
import type { GitCommands } from '../git/commands.ts';
import { sentenceOf } from '../git/push-hook.ts';
import type { Login } from './authenticate.ts';
import { allowedGitProtocol, parseGitCommand, type GitCommand } from './command.ts';
import type { ConsoleSeats } from './console.ts';
import { createPty, type Pty } from './screen.ts';

export interface SessionDeps {
  readonly login: Login;
  readonly socket: Socket;
  readonly git: GitCommands;
  readonly console: ConsoleSeats;
  readonly log: Logger;
  /** A command has begun; the answer says that it has ended. */
  readonly begin: () => () => void;
}

/** What git's clients send; none of it is a command of ours. */
const GIT = /^git[- ](?:receive-pack|upload-pack|upload-archive|lfs\S*)(?:\s|$)|^git-lfs/;

/** Serves one SSH session: git, and the platform's commands. Requests without a listener here are refused by the library. */
export function serveSession(session: Session, deps: SessionDeps): void {
  let protocol: string | undefined;
  let pty: Pty | undefined;
  let hear: ((signal: string) => void) | undefined;
  session.on('env', (accept, reject, { key, val }) => {
    const allowed = allowedGitProtocol(key, val);
    if (allowed !== undefined) protocol = allowed;
    reply(allowed === undefined ? reject : accept);
  });
  session.on('pty', (accept, _reject, { term, cols, rows }) => {
    pty = createPty(term, { columns: cols, rows });
    reply(accept);
  });
  session.on('window-change', (accept, _reject, { cols, rows }) => {
    pty?.resize({ columns: cols, rows });
    reply(accept);
  });
  session.on('signal', (accept, _reject, { name }) => {
    hear?.(`SIG${name}`);
    reply(accept);
  });
  const serveConsole = (channel: ServerChannel, line: string): void => {
    const end = deps.begin();
    const { login, socket } = deps;
    const onSignal = (act: (name: string) => void): void => void (hear = act);
    const ended = (code: number): void => {
      finish(channel, code);
      end();
    };
    deps.console.serve({ login, line, channel, socket, pty, onSignal }).then(ended, (err: unknown) => {
      deps.log.error({ err }, 'serving a command over ssh failed');
      ended(1);
    });
  };
  session.on('shell', (accept) => {
    const channel = accept();
    channel.on('error', () => undefined); // the client left; what runs sees it as `close`
    serveConsole(channel, '');
  });
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    channel.on('error', () => undefined); // the client left; what runs sees it as `close`
    const git = parseGitCommand(command);
    if (!git) {
      if (GIT.test(command))
        refuse(channel, 'Of git, this door runs only push, fetch and clone of <app>.git.');
      else serveConsole(channel, command);
      return;
    }
    serveGit(channel, { git, protocol }, deps).catch((err: unknown) => {
      refuse(channel, sentenceOf(err, deps.log.child({ app: git.app })));
    });
  });
}

/** Answers whatever a client asks for with this sentence, a failure, and the end of the connection. */
export function turnAway(client: Connection, sentence: string): void {
  client.on('session', (accept) => {
    const session = accept();
    session.on('pty', (agree) => reply(agree));
    for (const request of ['exec', 'shell'] as const)
      session.on(request, (agree: () => ServerChannel) => {
        const channel = agree();
        channel.on('error', () => undefined); // the client left
        channel.once('close', () => client.end());
        refuse(channel, sentence);
      });
  });
}

/** Replies are missing, whatever the types say, when the client wants none. */
function reply(answer: (() => unknown) | undefined): void {
  answer?.();
}

function refuse(channel: ServerChannel, sentence: string): void {
  channel.stderr.write(` !     ${sentence}\n`);
  finish(channel, 1);
}

function finish(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}

async function serveGit(
  channel: ServerChannel,
  { git, protocol }: { readonly git: GitCommand; readonly protocol: string | undefined },
  { login, socket, begin, git: commands }: SessionDeps,
): Promise<void> {
  const end = begin();
  const client = watchClient({
    input: channel,
    output: channel,
    errors: channel.stderr,
    socket,
    backlog: () => channel.writableLength + socket.writableLength,
  });
  try {
    finish(channel, await commands.run({ ...git, actor: login.actor, turn: 'whole', protocol }, client));
  } finally {
    client.release();
    end();
  }
}
