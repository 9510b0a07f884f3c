import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { forwardInput, forwardSlowly, type GitClient } from './client.ts';
import type { ProcessLimits } from './limits.ts';
import { startGit, type GitRun } from './process.ts';
import type { PushHook } from './push-hook.ts';

/** Two steps of closing: `stop` ends what is only reading, `cut` also what is being pushed. */
interface GitSignals {
  readonly stop: AbortSignal;
  readonly cut: AbortSignal;
}

export interface TransferDeps {
  readonly hook: PushHook;
  readonly limits: ProcessLimits;
  readonly log: Logger;
  readonly signals: GitSignals;
}

/** A git command of somebody who may run it. */
export interface Transfer extends Omit<GitRun, 'hook'> {
  readonly actor: Actor;
  readonly app: string;
  readonly appId: string;
}

/** Once the hook has answered, git only moves files and refs. */
const AFTER_HOOK_MS = 120_000;
/** Output a pushing client may leave unread: from the first on lines are left out, at the second it is cut off. */
const CONGESTED_BYTES = 1024 * 1024;
const STALLED_BYTES = 16 * 1024 * 1024;

/** A fetch, or what either program offers, has no purpose without its client: it ends with it. Output waits for a slow reader. */
export async function read(client: GitClient, transfer: Transfer, deps: TransferDeps): Promise<number> {
  const { stop } = deps.signals;
  const child = startGit({ ...transfer, hook: undefined }, deps.limits);
  const end = (): void => void child.kill('SIGTERM');
  const clock = startClock(deps.limits.wallMs, end);
  client.onGone(end);
  stop.addEventListener('abort', end, { once: true });
  forwardInput(client, child);
  forwardSlowly(child.stdout, client.output, client);
  forwardSlowly(child.stderr, client.errors, client);
  try {
    return clock.refuseLate(await exitOf(child));
  } finally {
    clock.stop();
    stop.removeEventListener('abort', end);
  }
}

/**
 * A push outlives its client: once the pack is here its output is read to the end, by the client or by nobody, and git
 * is not killed for a laptop that was closed. Before that, the end of its input makes git give up and clean up itself.
 */
export async function receive(client: GitClient, transfer: Transfer, deps: TransferDeps): Promise<number> {
  const { limits, signals } = deps;
  const { actor, app, appId, repository } = transfer;
  let over: NodeJS.Timeout | undefined;
  const { token, forget } = deps.hook.expect({
    actor,
    app,
    appId,
    repository,
    onStarted: () => clock.stop(),
    onEnded: () => (over = setTimeout(end, AFTER_HOOK_MS)),
    congested: () => !client.isGone() && client.backlog() > CONGESTED_BYTES,
  });
  const child = startGit({ ...transfer, hook: { socket: deps.hook.socket, token } }, limits);
  const end = (): void => void child.kill('SIGTERM');
  const clock = startClock(limits.wallMs, end);
  signals.cut.addEventListener('abort', end, { once: true });
  forwardInput(client, child);
  const forward = (from: Readable, to: Writable): void => {
    from.on('data', (chunk: Buffer) => {
      if (client.isGone()) return;
      to.write(chunk);
      if (client.backlog() <= STALLED_BYTES) return;
      deps.log.info({ app }, 'a pushing client stopped reading and was cut off');
      client.cut();
    });
  };
  forward(child.stdout, client.output);
  forward(child.stderr, client.errors);
  try {
    return clock.refuseLate(await exitOf(child));
  } finally {
    clock.stop();
    clearTimeout(over);
    signals.cut.removeEventListener('abort', end);
    forget();
  }
}

interface Clock {
  readonly stop: () => void;
  /** Passes an exit code on; throws `git_too_slow` when it is that of a git that was ended for its time. */
  readonly refuseLate: (code: number) => number;
}

/** Calls `end` when the time is over. */
function startClock(ms: number, end: () => void): Clock {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, ms);
  return {
    stop: () => clearTimeout(timer),
    refuseLate(code) {
      if (late && code !== 0) throw PlatformError.of('git_too_slow', { seconds: Math.round(ms / 1000) });
      return code;
    },
  };
}

/** The exit code as a shell would tell it. */
function exitOf(child: ChildProcessWithoutNullStreams): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
}
