import type { Logger } from '../../lib/log.ts';
import { PLATFORM } from '../domain/actor.ts';
import type { App } from '../domain/app.ts';
import { settled, type PushedBuild } from '../domain/build.ts';
import type { Apps } from '../ports/apps.ts';
import type { Builds, LastDeploy } from '../ports/builds.ts';
import type { Repositories } from '../ports/repositories.ts';
import { noteRepositoryBytes } from './repository-bytes.ts';

/** Keeps the promise that a deploy branch equals the last successful deploy, whatever died in between. */
export interface Branches {
  /**
   * Finishes what git could not: moves the branch of every app whose last successful deploy it does not show, then forgets
   * the source of that deploy. Builds whose push is still open are left to git.
   */
  repair(signal: AbortSignal): Promise<void>;
  /**
   * Forgets the sources that nobody needs and nobody forgot, because a server died in between. Only those kept for longer
   * than this: a push under way has kept its source before it is recorded.
   */
  sweep(olderThanMs: number, signal: AbortSignal): Promise<void>;
}

export interface BranchesDeps {
  readonly apps: Apps;
  readonly builds: Builds;
  readonly repositories: Repositories;
  readonly open: ReadonlySet<string>;
  readonly log: Logger;
}

export function createBranches({ apps, builds, repositories, open, log }: BranchesDeps): Branches {
  /** The last build of each app that was seen to, so that a look costs nothing for apps where nothing happened. */
  const done = new Map<string, string>();

  /** The last deploy of an app, once the branch shows it; undefined when it is not our turn. */
  async function point(app: LastDeploy['app'], signal: AbortSignal): Promise<PushedBuild | undefined> {
    const last = await builds.lastDeployed(app.id, signal);
    if (!last || open.has(last.id)) return undefined;
    const { ref, commit } = last.push;
    const now = await repositories.resolve(app.id, ref, signal);
    if (now === commit) return last;
    // Asked again: the branch may be what a newer deploy made it since, and must not go back.
    if ((await builds.lastDeployed(app.id, signal))?.id !== last.id) return undefined;
    const moved = await repositories.move(app.id, ref, commit, now, signal);
    log.info({ app: app.name, ref, commit, moved }, 'the branch was moved to the last successful deploy');
    return moved ? last : undefined;
  }

  /** True while somebody may ask for the source of a build: it is to be built, or the branch is to be moved to it. */
  async function needed(appId: string, buildId: string, signal: AbortSignal): Promise<boolean> {
    const build = await builds.find(buildId, signal);
    if (!build || build.status === 'failed' || build.status === 'superseded') return false;
    if (!settled(build)) return true;
    if (build.push === null) return false; // no branch waits for it
    if ((await builds.lastDeployed(appId, signal))?.id !== buildId) return false;
    return (await repositories.resolve(appId, build.push.ref, signal)) !== build.push.commit;
  }

  async function sweepOne(app: App, olderThanMs: number, signal: AbortSignal): Promise<void> {
    for (const buildId of await repositories.leftovers(app.id, olderThanMs, signal))
      if (!open.has(buildId) && !(await needed(app.id, buildId, signal)))
        await repositories.release(app.id, buildId, signal);
  }

  /** What goes wrong with one app is none of the others' business; a later round tries again. */
  async function confined(
    app: LastDeploy['app'],
    work: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await work();
    } catch (err) {
      if (signal.aborted) throw err;
      log.warn({ err, app: app.name }, 'could not look after the branch of an app; will try again');
    }
  }

  return {
    async repair(signal) {
      const shown: { readonly app: LastDeploy['app']; readonly last: PushedBuild }[] = [];
      for (const { app, buildId } of await builds.lastDeploys(signal)) {
        if (done.get(app.id) === buildId) continue;
        const look = async (): Promise<void> => {
          const last = await point(app, signal);
          if (last) shown.push({ app, last });
        };
        await confined(app, look, signal);
      }
      // Afterwards: no branch waits for that.
      for (const { app, last } of shown) {
        const forget = async (): Promise<void> => {
          await repositories.release(app.id, last.id, signal);
          await noteRepositoryBytes({ apps, repositories }, app.id, signal); // its push could not, if its server died
          done.set(app.id, last.id);
        };
        await confined(app, forget, signal);
      }
    },

    async sweep(olderThanMs, signal) {
      for (const app of await apps.list(PLATFORM, signal))
        await confined(app, () => sweepOne(app, olderThanMs, signal), signal);
    },
  };
}
