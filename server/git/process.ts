import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { gitEnvironment, gitSettings } from '../../lib/hermetic-git.ts';
import type { ProcessLimits } from './limits.ts';

/** The two programs of git that serve a client. */
export type GitProgram = 'receive-pack' | 'upload-pack';

/**
 * How much of the conversation one process has: all of it (SSH), or, where every request stands alone (HTTP), what the
 * repository offers, or one answer to what the client wants of that.
 */
export type GitTurn = 'whole' | 'offer' | 'answer';

/** One git command to be run for a client. */
export interface GitRun {
  readonly program: GitProgram;
  readonly turn: GitTurn;
  /** Path of the bare repository. */
  readonly repository: string;
  readonly protocol: string | undefined;
  /** Where the pre-receive hook asks; only for receive-pack. */
  readonly hook: { readonly socket: string; readonly token: string } | undefined;
}

/** Hidden refs belong to the platform: clients neither see nor write them. */
const HIDDEN_REFS = 'refs/gantry';

/** The one thing a client may choose in git's environment; undefined for what is no version of the protocol. */
export function gitProtocol(value: string | undefined): string | undefined {
  return value !== undefined && /^version=[012]$/.test(value) ? value : undefined;
}

const TURN: Readonly<Record<GitTurn, readonly string[]>> = {
  whole: [],
  offer: ['--stateless-rpc', '--advertise-refs'],
  answer: ['--stateless-rpc'],
};

const HOOKS = join(import.meta.dirname, 'hooks');

const RECEIVE: readonly string[] = [
  `core.hooksPath=${HOOKS}`,
  `transfer.hideRefs=${HIDDEN_REFS}`,
  'transfer.fsckObjects=true',
  'receive.fsckObjects=true',
  // Passed by fsck's own defaults (git 2.39.5), yet a way out of the tree.
  'receive.fsck.gitattributesSymlink=error',
  'receive.fsck.gitmodulesSymlink=error',
  // Untidy but harmless, and common in the history of old repositories.
  'receive.fsck.zeroPaddedFilemode=ignore',
  'receive.fsck.missingSpaceBeforeDate=ignore',
  'receive.fsck.badTimezone=ignore',
  // Always keep the pack as a pack: 200 MB take 2 s instead of 6, and a source can be kept by linking its pack.
  'receive.unpackLimit=1',
  'receive.denyNonFastForwards=false',
  'receive.denyDeletes=false',
  'receive.advertisePushOptions=false',
  'receive.shallowUpdate=false',
  'receive.updateServerInfo=false',
  'receive.autogc=false',
  // Refs are moved by our hook: for git itself one that is where it is to go already is a failure.
  'receive.procReceiveRefs=refs/heads',
  'receive.procReceiveRefs=refs/tags',
  'receive.keepAlive=5',
];

const UPLOAD: readonly string[] = [
  `transfer.hideRefs=${HIDDEN_REFS}`,
  'uploadpack.allowFilter=false',
  'uploadpack.allowTipSHA1InWant=false',
  'uploadpack.allowReachableSHA1InWant=false',
  'uploadpack.allowAnySHA1InWant=false',
  'uploadpack.keepAlive=5',
];

/** The command line and the whole environment of a capped git process; nothing of it comes from the client unchecked. */
export function gitInvocation(
  run: GitRun,
  limits: ProcessLimits,
): { readonly command: string; readonly args: string[]; readonly env: Record<string, string> } {
  const settings =
    run.program === 'receive-pack' ? [...RECEIVE, `receive.maxInputSize=${limits.packBytes}`] : UPLOAD;
  return {
    command: 'prlimit',
    args: [
      `--data=${limits.memoryBytes}`,
      `--cpu=${limits.cpuSeconds}:${limits.cpuSeconds + 5}`,
      `--fsize=${2 * limits.packBytes}`,
      '--core=0',
      '--nofile=256',
      // It speaks with its client and, through a file, with us: it needs no network, and has none.
      'unshare',
      '--net',
      'git',
      ...gitSettings(run.repository, settings),
      run.program,
      ...TURN[run.turn],
      run.repository,
    ],
    env: gitEnvironment({
      ...(run.protocol !== undefined && { GIT_PROTOCOL: run.protocol }),
      ...(run.hook && { GANTRY_PUSH_SOCKET: run.hook.socket, GANTRY_PUSH_TOKEN: run.hook.token }),
    }),
  };
}

export function startGit(run: GitRun, limits: ProcessLimits): ChildProcessWithoutNullStreams {
  const { command, args, env } = gitInvocation(run, limits);
  return spawn(command, args, { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
}
