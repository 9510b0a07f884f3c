import type { Instance } from './instance.ts';

/** The process type whose command is run once for each new release, before anything of it is started. */
export const RELEASE_COMMAND = 'release';
/** As at Heroku. */
const LIMIT_MS = 60 * 60_000;
/** Words that cannot be had so long after the end are not waited for. */
const WORDS_MS = 60_000;
/** 128 and SIGKILL. */
const KILLED = 137;

/** How far the release command of a deployment is. */
export type ReleasePhase =
  | { readonly is: 'over' }
  /** `instance` null: it has not been started, or is to be started again. */
  | { readonly is: 'running'; readonly instance: string | null }
  /** That of an earlier deployment has not ended yet: two would change the same things at once. */
  | { readonly is: 'waiting' }
  | { readonly is: 'failed'; readonly reason: string };

/**
 * The command must have ended well before anything of its release is started. What it prints is relayed to the end before
 * that counts, as far as it can be, so that nobody is told of a failure before its words.
 */
export function releasePhase(
  { instances, nowMs }: { readonly instances: readonly Instance[]; readonly nowMs: number },
  next: { readonly seq: number; readonly hasCommand: boolean; readonly relayed: boolean },
): ReleasePhase {
  if (!next.hasCommand) return { is: 'over' };
  const found = commandOf(instances, next.seq);
  if (!found || found.state === 'created') {
    const other = instances.some((one) => one.type === RELEASE_COMMAND && one !== found && isAlive(one));
    return other ? { is: 'waiting' } : { is: 'running', instance: null };
  }
  return found.state === 'crashed' ? ended(found, nowMs, next) : running(found, nowMs);
}

function running({ id, startedAt }: Instance, nowMs: number): ReleasePhase {
  const ranMs = nowMs - (startedAt?.getTime() ?? nowMs);
  if (ranMs <= LIMIT_MS) return { is: 'running', instance: id };
  return { is: 'failed', reason: `the release command did not end within ${LIMIT_MS / 60_000} minutes` };
}

function ended(found: Instance, nowMs: number, { relayed }: { readonly relayed: boolean }): ReleasePhase {
  const toldBy = (found.endedAt?.getTime() ?? nowMs) + WORDS_MS;
  if (!relayed && nowMs <= toldBy) return { is: 'running', instance: found.id };
  return found.exit?.code === 0 ? { is: 'over' } : { is: 'failed', reason: reasonOf(found) };
}

/** The one run of the command of a deployment, in whatever state. */
export function commandOf(instances: readonly Instance[], seq: number): Instance | undefined {
  return instances.find((one) => one.seq === seq && one.type === RELEASE_COMMAND);
}

function isAlive({ state }: Instance): boolean {
  return state === 'starting' || state === 'ready' || state === 'stopping';
}

function reasonOf({ exit }: Instance): string {
  const memory = 'because it used more memory than it may';
  if (exit?.outOfMemory) return `the release command was killed ${memory}`;
  if (exit?.code === KILLED)
    return `the release command was killed (status ${KILLED}), most likely ${memory}`;
  return `the release command exited with status ${exit?.code ?? 'unknown'}`;
}
