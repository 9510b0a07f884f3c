import { settled } from '../domain/build.ts';
import type { Builds } from '../ports/builds.ts';
import type { Repositories } from '../ports/repositories.ts';

/** Source archives outlive the process that wrote them, and sometimes the app they were pushed to. */
export interface Sources {
  /** Removes the archives, older than `olderThanMs`, of builds that will not be worked on any more; answers how many. */
  tidy(olderThanMs: number, signal: AbortSignal): Promise<number>;
}

export function createSources({
  builds,
  repositories,
}: {
  readonly builds: Pick<Builds, 'find'>;
  readonly repositories: Pick<Repositories, 'archives' | 'discard'>;
}): Sources {
  return {
    async tidy(olderThanMs, signal) {
      let removed = 0;
      for (const id of await repositories.archives(olderThanMs, signal)) {
        // None: its push was cut before the build was written down, or its app is gone.
        const build = await builds.find(id, signal);
        if (build && !settled(build)) continue;
        await repositories.discard(id, signal);
        removed += 1;
      }
      return removed;
    },
  };
}
