import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { ServerChannel, Session } from 'ssh2';
import { withDeadline } from '../../lib/deadline.ts';
import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import type { Pushes } from '../services/pushes.ts';
import { allowedGitProtocol, parseGitCommand, type GitCommand } from './command.ts';
import { startGit } from './git-process.ts';
import type { GitLimits } from './limits.ts';
import { sentenceOf, type PushHook } from './push-hook.ts';

export interface SessionDeps {
  readonly actor: Actor;
  readonly socket: Socket;
  readonly pushes: Pushes;
  readonly hook: PushHook;
  readonly limits: GitLimits;
  readonly log: Logger;
  /** Takes a place for a git process, or says that none is free; the answer gives the place back. */
  readonly takePlace: () => (() => void) | undefined;
}

/** Two steps of closing: `stop` ends what is only reading, `cut` also what is being pushed. */
export interface SessionSignals {
  readonly stop: AbortSignal;
  readonly cut: AbortSignal;
}

const OPEN_MS = 30_000;
/** Once the hook has answered, git only moves files and refs. */
const AFTER_HOOK_MS = 120_000;
/** Output a pushing client may leave unread: from the first on lines are left out, at the second it is cut off. */
const CONGESTED_BYTES = 1024 * 1024;
const STALLED_BYTES = 16 * 1024 * 1024;

/** Serves one SSH session: git and nothing else. Requests without a listener here are refused by the library. */
export function serveSession(session: Session, deps: SessionDeps, signals: SessionSignals): void {
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
    serveGit(channel, { git, protocol }, deps, signals).catch((err: unknown) => {
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
  wanted: { readonly git: GitCommand; readonly protocol: string | undefined },
  deps: SessionDeps,
  signals: SessionSignals,
): Promise<void> {
  const { git, protocol } = wanted;
  const leavePlace = deps.takePlace();
  if (!leavePlace) {
    refuse(channel, 'Too many git commands are running at once; wait for one to finish and retry.');
    return;
  }
  const client = watchClient(channel, deps.socket);
  try {
    const repository = await withDeadline(OPEN_MS, signals.stop, (inner) =>
      deps.pushes.open(deps.actor, git.app, git.access, inner),
    );
    // It may have left while we asked, and would never say so again.
    if (client.isGone()) return;
    const call = { program: git.program, app: git.app, repository: repository.path, protocol };
    const code =
      git.program === 'receive-pack'
        ? await receivePack(client, { ...call, appId: repository.appId }, deps, signals)
        : await uploadPack(client, call, deps, signals);
    finish(channel, code);
  } finally {
    client.release();
    leavePlace();
  }
}

interface Call {
  readonly program: 'receive-pack' | 'upload-pack';
  readonly app: string;
  readonly repository: string;
  readonly protocol: string | undefined;
}

/** A fetch has no purpose without its client: it ends with it. Output waits for a slow reader. */
async function uploadPack(
  client: Client,
  call: Call,
  deps: SessionDeps,
  signals: SessionSignals,
): Promise<number> {
  const child = startGit({ ...call, hook: undefined }, deps.limits);
  const end = (): void => void child.kill('SIGTERM');
  const timer = setTimeout(end, deps.limits.wallMs);
  client.onGone(end);
  signals.stop.addEventListener('abort', end, { once: true });
  forwardInput(client.channel, child);
  forwardSlowly(child.stdout, client.channel, client);
  forwardSlowly(child.stderr, client.channel.stderr, client);
  try {
    return await exitOf(child);
  } finally {
    clearTimeout(timer);
    signals.stop.removeEventListener('abort', end);
  }
}

/**
 * A push outlives its client: once the pack is here its output is read to the end, by the client or by nobody, and git
 * is not killed for a laptop that was closed. Before that, the end of its input makes git give up and clean up itself.
 */
async function receivePack(
  client: Client,
  call: Call & { readonly appId: string },
  deps: SessionDeps,
  signals: SessionSignals,
): Promise<number> {
  const { actor, limits } = deps;
  let timer: NodeJS.Timeout | undefined;
  const { token, forget } = deps.hook.expect({
    actor,
    app: call.app,
    appId: call.appId,
    repository: call.repository,
    onStarted: () => clearTimeout(timer),
    onEnded: () => (timer = setTimeout(end, AFTER_HOOK_MS)),
    congested: () => !client.isGone() && client.backlog() > CONGESTED_BYTES,
  });
  const child = startGit({ ...call, hook: { socket: deps.hook.socket, token } }, limits);
  const end = (): void => void child.kill('SIGTERM');
  timer = setTimeout(end, limits.wallMs);
  signals.cut.addEventListener('abort', end, { once: true });
  forwardInput(client.channel, child);
  const forward = (from: Readable, to: Writable): void => {
    from.on('data', (chunk: Buffer) => {
      if (client.isGone()) return;
      to.write(chunk);
      if (client.backlog() <= STALLED_BYTES) return;
      deps.log.info({ app: call.app }, 'a pushing client stopped reading and was cut off');
      client.socket.destroy();
    });
  };
  forward(child.stdout, client.channel);
  forward(child.stderr, client.channel.stderr);
  try {
    return await exitOf(child);
  } finally {
    clearTimeout(timer);
    signals.cut.removeEventListener('abort', end);
    forget();
  }
}

/** The other end of a running command. */
interface Client {
  readonly channel: ServerChannel;
  readonly socket: Socket;
  isGone(): boolean;
  onGone(act: () => void): void;
  /** Bytes that were written and have not left. */
  backlog(): number;
  release(): void;
}

/**
 * Sees the client leave by the channel or by the socket: the channel alone does not tell when the connection breaks
 * while input it sent is still unread.
 */
function watchClient(channel: ServerChannel, socket: Socket): Client {
  const left = new AbortController();
  const leave = (): void => left.abort();
  channel.once('close', leave);
  socket.once('close', leave);
  if (socket.destroyed) leave();
  return {
    channel,
    socket,
    isGone: () => left.signal.aborted,
    onGone: (act) => {
      if (left.signal.aborted) act();
      else left.signal.addEventListener('abort', act, { once: true });
    },
    backlog: () => channel.writableLength + socket.writableLength,
    release: () => void socket.off('close', leave),
  };
}

/** What the client sends goes to git. When the client leaves, git still gets what had arrived, then the end of its input. */
function forwardInput(channel: ServerChannel, child: ChildProcessWithoutNullStreams): void {
  child.stdin.on('error', () => channel.resume()); // git ended before it read everything; its exit code tells
  channel.pipe(child.stdin);
}

/** As pipe, but it also waits for the socket: the library would queue without bound for a client with a huge window. */
function forwardSlowly(from: Readable, to: Writable, client: Client): void {
  const goOn = (): void => void from.resume();
  from.on('data', (chunk: Buffer) => {
    if (client.isGone()) return;
    to.write(chunk);
    const full = [to, client.socket].find((stream) => stream.writableNeedDrain);
    if (!full) return;
    from.pause();
    full.once('drain', goOn);
  });
  client.onGone(goOn);
}

/** The exit code as a shell would tell it. */
function exitOf(child: ChildProcessWithoutNullStreams): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
}
