import type { Socket } from 'node:net';
import type { ServerChannel, Session } from 'ssh2';
import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import { watchClient } from '../git/client.ts';
import type { GitCommands } from '../git/commands.ts';
import { sentenceOf } from '../git/push-hook.ts';
import { allowedGitProtocol, parseGitCommand, type GitCommand } from './command.ts';

export interface SessionDeps {
  readonly actor: Actor;
  readonly socket: Socket;
  readonly git: GitCommands;
  readonly log: Logger;
  /** A command has begun; the answer says that it has ended. */
  readonly begin: () => () => void;
}

/** Serves one SSH session: git and nothing else. Requests without a listener here are refused by the library. */
export function serveSession(session: Session, deps: SessionDeps): void {
  let protocol: string | undefined;
  session.on('env', (accept, reject, { key, val }) => {
    const allowed = allowedGitProtocol(key, val);
    if (allowed !== undefined) protocol = allowed;
    reply(allowed === undefined ? reject : accept);
  });
  session.on('shell', (accept) => {
    const channel = accept();
    channel.write(
      `Hi ${deps.actor.email}! You are logged in, but this door speaks only git: push, fetch, clone.\r\n`,
    );
    finish(channel, 1);
  });
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    channel.on('error', () => undefined); // the client left; what runs sees it as `close`
    const git = parseGitCommand(command);
    if (!git) {
      refuse(channel, 'This door runs only git push, fetch and clone of <app>.git.');
      return;
    }
    serveGit(channel, { git, protocol }, deps).catch((err: unknown) => {
      refuse(channel, sentenceOf(err, deps.log.child({ app: git.app })));
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
  { actor, socket, begin, git: commands }: SessionDeps,
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
    finish(channel, await commands.run({ ...git, actor, turn: 'whole', protocol }, client));
  } finally {
    client.release();
    end();
  }
}
