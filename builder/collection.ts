import { DeadlineError, withDeadline } from '../lib/deadline.ts';
import type { CollectionOrder, Collected, RegistryMoment, Swept } from './contract.ts';
import type { Pushes } from './pushes.ts';
import type { RegistryDisk } from './registry-disk.ts';
import type { StackLayers } from './stack-layers.ts';
import type { RegistryImages } from './registry-images.ts';

/**
 * Takes out of the registry what nobody needs. Who needs what is for the caller to know; what is certain here is that
 * nothing goes that a build has pushed, or may be about to push, since the caller looked.
 */
export interface Collection {
  /** To be asked for before looking what is needed. */
  moment(): Promise<RegistryMoment>;
  /** Deletes all images of a repository but those to keep; null when a build has come in between. */
  collect(order: CollectionOrder, signal: AbortSignal): Promise<Collected | null>;
  /** Frees the disk of what was deleted; null when pushes took too long. A registry that is not ours frees its own. */
  sweep(signal: AbortSignal): Promise<Swept | null>;
}

export interface CollectionDeps {
  readonly pushes: Pushes;
  readonly images: RegistryImages;
  /** Null: somebody else's registry. */
  readonly disk: RegistryDisk | null;
  readonly layers: Pick<StackLayers, 'forget'>;
}

/** Pushes under way are waited for so long; those that come meanwhile wait behind. */
const PATIENCE_MS = 10_000;
/** Pushes wait no longer than this for a sweep; what it has not freed then, the next one does. */
const SWEEP_MS = 120_000;

export function createCollection({ pushes, images, disk, layers }: CollectionDeps): Collection {
  return {
    async moment() {
      // The name first: what is built for afterwards counts as touched, whether it is in the list or not.
      const moment = pushes.moment();
      return { moment, repositories: (await disk?.repositories()) ?? [] };
    },
    async collect({ repository, token, keep, moment }, signal) {
      if (pushes.touched(repository, moment)) return null;
      const kept = new Set(keep);
      const found = await images.list(repository, token, signal);
      const unwanted = [...found].filter((digest) => !kept.has(digest));
      if (unwanted.length === 0) return { removed: 0 };
      const done = await pushes.hold(async () => {
        if (pushes.touched(repository, moment)) return null;
        let removed = 0;
        for (const digest of unwanted)
          removed += (await images.remove(repository, digest, token, signal)) ? 1 : 0;
        return { removed };
      }, PATIENCE_MS);
      return done ?? null;
    },
    async sweep(signal) {
      if (disk === null) return { layers: 0 };
      const work = async (): Promise<Swept> => ({
        layers: await withDeadline(SWEEP_MS, signal, (inner) =>
          disk.sweep((repository) => pushes.busy(repository), inner),
        ),
      });
      try {
        return (await pushes.hold(work, PATIENCE_MS)) ?? null;
      } catch (err) {
        if (err instanceof DeadlineError) return null;
        throw err;
      } finally {
        layers.forget();
      }
    },
  };
}
