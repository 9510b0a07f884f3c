import { abortController } from '../../lib/abort.ts';
import { pause, withDeadline } from '../../lib/deadline.ts';
import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { OpenRepository, Pushes } from '../services/pushes.ts';
import type { GitClient } from './client.ts';
import { GIT_LIMITS, type GitLimits } from './limits.ts';
import type { GitProgram, GitTurn } from './process.ts';
import { createPlaces } from './places.ts';
import { listenForHooks } from './push-hook.ts';
import { read, receive } from './transfer.ts';

/** A git command as its door understood it. */
interface GitCall {
  readonly actor: Actor;
  readonly app: string;
  readonly program: GitProgram;
  readonly turn: GitTurn;
  /** A value that `gitProtocol` let through. */
  readonly protocol: string | undefined;
  /** The actor may do it, and git is about to start. */
  readonly onAllowed?: () => void;
}

/** What every door has git do; there is one of it, so that its limits hold for all doors together. */
export interface GitCommands extends AsyncDisposable {
  /**
   * Runs git for a client, as soon as there is a place for it, and answers its exit code. A fetch ends with its client; a
   * push whose pack is complete does not. Throws `too_many_git_commands`, `restarting`, and what `Pushes.open` throws;
   * then nothing was started; `git_too_slow` when it was ended for its time.
   */
  run(call: GitCall, client: GitClient): Promise<number>;
}

export interface GitCommandsDeps {
  readonly pushes: Pushes;
  /** Path of the unix socket for pre-receive hooks. */
  readonly hookSocket: string;
  readonly log: Logger;
  readonly limits?: Partial<GitLimits>;
}

const OPEN_MS = 30_000;
/** How long pushes get, after their hooks were cut, to tell their clients. */
const FAREWELL_MS = 3_000;
/** Nobody is left to read it. */
const NO_CLIENT = 128;

/**
 * Disposal takes no more commands and ends what runs: fetches at once; pushes are refused, with a sentence that says
 * where to look for the outcome, and get a moment to deliver it. To be closed before the doors, which deliver it.
 */
export async function createGitCommands(deps: GitCommandsDeps): Promise<GitCommands> {
  const { log, pushes } = deps;
  const limits = { ...GIT_LIMITS, ...deps.limits };
  const stop = abortController();
  const cut = abortController();
  const hook = await listenForHooks({ socket: deps.hookSocket, pushes, log }, stop.signal);
  const signals = { stop: stop.signal, cut: cut.signal };
  const transferDeps = { hook, limits: limits.process, log, signals };
  const places = createPlaces(limits);
  const closing = (): boolean => stop.signal.aborted;

  async function settle(ms: number): Promise<void> {
    const never = new AbortController().signal;
    for (const end = Date.now() + ms; places.taken() > 0 && Date.now() < end;) await pause(20, never);
  }

  return {
    async run(call, client) {
      const { actor, app, program, turn, protocol } = call;
      if (closing()) throw PlatformError.of('restarting', {});
      const place = places.take(actor.userId, client);
      const leave = typeof place === 'function' ? place : await place;
      if (!leave) return NO_CLIENT;
      let repository: OpenRepository | undefined;
      try {
        const access = program === 'receive-pack' ? 'write' : 'read';
        repository = await withDeadline(OPEN_MS, stop.signal, (inner) =>
          pushes.open(actor, app, access, inner),
        );
        const { appId, path } = repository;
        // It may have left while we asked, and would never say so again.
        if (client.isGone()) return NO_CLIENT;
        call.onAllowed?.();
        const transfer = { actor, app, appId, program, turn, protocol, repository: path };
        if (program === 'receive-pack' && turn !== 'offer')
          return await receive(client, transfer, transferDeps);
        const code = await read(client, transfer, transferDeps);
        if (code !== 0 && closing()) throw PlatformError.of('restarting', {});
        return code;
      } finally {
        repository?.leave();
        leave();
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort(PlatformError.of('restarting', {}));
      places.close(PlatformError.of('restarting', {}));
      await hook[Symbol.asyncDispose]();
      await settle(FAREWELL_MS);
      cut.abort(new Error('the platform is ending'));
      await settle(FAREWELL_MS);
    },
  };
}
