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
  /** Deletes all images of a repository but those to keep; null when a build has come in between. Pushes pass meanwhile. */
  collect(order: CollectionOrder, signal: AbortSignal): Promise<Collected | null>;
  /**
   * Frees the disk of what was deleted, in holds between which pushes pass; null when they took too long, or there was too
   * much. A registry that is not ours frees its own.
   */
  sweep(signal: AbortSignal): Promise<Swept | null>;
}

export interface CollectionDeps {
  readonly pushes: Pushes;
  readonly images: Pick<RegistryImages, 'list' | 'remove'>;
  /** Null: somebody else's registry. */
  readonly disk: RegistryDisk | null;
  readonly layers: Pick<StackLayers, 'forget'>;
  readonly nowMs?: () => number;
  readonly sweepHoldsMs?: readonly number[];
}

/** Pushes under way are waited for so long; those that come meanwhile wait behind. */
const PATIENCE_MS = 10_000;
/** Pushes wait about so long for images to be deleted; then those that wait go first, and the rest is deleted after them. */
const COLLECT_HOLD_MS = 2_000;
/**
 * Pushes wait no longer than this for one hold of a sweep, and pass before the next. What was freed stays freed, but each
 * begins with looking at everything: where that alone takes long, only a longer one gets anywhere.
 */
const SWEEP_HOLDS_MS = [10_000, 20_000, 40_000, 60_000];

export function createCollection({
  pushes,
  images,
  disk,
  layers,
  nowMs = () => performance.now(),
  sweepHoldsMs = SWEEP_HOLDS_MS,
}: CollectionDeps): Collection {
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
      let removed = 0;
      const removeSome = async (): Promise<boolean> => {
        if (pushes.touched(repository, moment)) return false;
        const until = nowMs() + COLLECT_HOLD_MS;
        for (let digest = unwanted.shift(); digest !== undefined; digest = unwanted.shift()) {
          removed += (await images.remove(repository, digest, token, signal)) ? 1 : 0;
          if (nowMs() >= until) break;
        }
        return true;
      };
      while (unwanted.length > 0) if (!(await pushes.hold(removeSome, PATIENCE_MS))) return null;
      return { removed };
    },
    async sweep(signal) {
      if (disk === null) return { layers: 0 };
      const sweep = (ms: number) => async (): Promise<Swept | 'unfinished'> => {
        const some = (inner: AbortSignal) => disk.sweep((repository) => pushes.busy(repository), inner);
        try {
          return { layers: await withDeadline(ms, signal, some) };
        } catch (err) {
          if (err instanceof DeadlineError) return 'unfinished';
          throw err;
        }
      };
      try {
        for (const ms of sweepHoldsMs) {
          const swept = await pushes.hold(sweep(ms), PATIENCE_MS);
          if (swept !== 'unfinished') return swept ?? null;
        }
        return null;
      } finally {
        layers.forget();
      }
    },
  };
}
