import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import { settled, type Build } from '../domain/build.ts';
import type { Apps } from '../ports/apps.ts';
import type { Builds } from '../ports/builds.ts';
import type { Repositories } from '../ports/repositories.ts';

/** Keeps the promise that a deploy branch equals the last successful deploy, whatever died in between. */
export interface Branches {
  /**
   * Finishes what git could not: moves the branch of every app whose last successful deploy it does not show, and
   * forgets the hidden refs and archives of builds that are over. Builds whose push is still open are left to git.
   */
  repair(signal: AbortSignal): Promise<void>;
}

export interface BranchesDeps {
  readonly apps: Apps;
  readonly builds: Builds;
  readonly repositories: Repositories;
  readonly open: ReadonlySet<string>;
  readonly log: Logger;
}

/** The platform itself: sees every app. */
const PLATFORM: Actor = { userId: 'platform', email: 'platform', admin: true };

/** Instead of a build's id: when it was looked, nothing had been deployed yet. */
const NONE = '';

export function createBranches({ apps, builds, repositories, open, log }: BranchesDeps): Branches {
  /** The last build of each app that was seen to, or NONE, so that a look costs no git process for apps where nothing happened. */
  const done = new Map<string, string>();
  /** Apps whose leftovers of earlier lives of this process are cleared. */
  const cleared = new Set<string>();

  /** What builds left behind that ended while nobody listened: a push that is open cleans up after itself. */
  async function clear(appId: string, signal: AbortSignal): Promise<void> {
    for (const build of await builds.list(appId, signal)) {
      if (settled(build) && build.status !== 'succeeded' && !open.has(build.id))
        await repositories.release(appId, build.id, signal);
    }
    cleared.add(appId);
  }

  /** The last deploy, and those between it and the one seen to before it: their pushes closed too late for a look. */
  async function succeededSince(
    before: string | undefined,
    last: Build,
    signal: AbortSignal,
  ): Promise<readonly Build[]> {
    if (before === undefined) return [last];
    const all = await builds.list(last.appId, signal);
    const end = all.findIndex((build) => build.id === before);
    return all.slice(0, end < 0 ? all.length : end).filter((build) => build.status === 'succeeded');
  }

  async function repairOne(appId: string, name: string, signal: AbortSignal): Promise<void> {
    if (!cleared.has(appId)) await clear(appId, signal);
    const last = await builds.lastDeployed(appId, signal);
    if (!last) done.set(appId, NONE);
    if (!last || done.get(appId) === last.id || open.has(last.id)) return;
    const { ref, commit } = last.push;
    const now = await repositories.resolve(appId, ref, signal);
    if (now !== commit) {
      // Asked again: the branch may be what a newer deploy made it since, and must not go back.
      if ((await builds.lastDeployed(appId, signal))?.id !== last.id) return;
      const moved = await repositories.move(appId, ref, commit, now, signal);
      log.info({ app: name, ref, commit, moved }, 'the branch was moved to the last successful deploy');
      if (!moved) return;
    }
    for (const build of await succeededSince(done.get(appId), last, signal))
      if (!open.has(build.id)) await repositories.release(appId, build.id, signal);
    done.set(appId, last.id);
  }

  return {
    async repair(signal) {
      for (const app of await apps.list(PLATFORM, signal)) {
        try {
          await repairOne(app.id, app.name, signal);
        } catch (err) {
          if (signal.aborted) throw err;
          log.warn({ err, app: app.name }, 'could not look after the branch of an app; will try again');
        }
      }
    },
  };
}
