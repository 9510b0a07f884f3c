import type { Promotion, PromotionTarget } from '../domain/promotion.ts';
import type { BuiltImage } from '../domain/release.ts';

/** A target that is not decided, and the promotion it is part of. */
export interface PendingTarget {
  readonly target: PromotionTarget;
  readonly promotion: Omit<Promotion, 'targets'>;
}

/** Promotions, and how far they have come. Their rows go with their pipeline. */
export interface Promotions {
  /**
   * Writes it down with its targets, all pending; from then on the image of the source stays. Undefined when the
   * pipeline or the app is gone. Throws `image_collected` when the image is.
   */
  create(
    promotion: {
      readonly id: string;
      readonly pipelineId: string;
      readonly source: Promotion['source'];
      readonly userId: string;
      readonly targets: readonly { readonly id: string; readonly appId: string }[];
    },
    signal: AbortSignal,
  ): Promise<Promotion | undefined>;
  find(id: string, signal: AbortSignal): Promise<Promotion | undefined>;
  /** The ids of all targets that are pending, oldest first; none when this reign is over. */
  waiting(epoch: number, signal: AbortSignal): Promise<readonly string[]>;
  /** Undefined when it is decided, or gone. */
  pending(targetId: string, signal: AbortSignal): Promise<PendingTarget | undefined>;
  /** False when it is decided, gone, or this reign is over. Its release is recorded by `Releases.create`. */
  recordImage(targetId: string, epoch: number, image: BuiltImage, signal: AbortSignal): Promise<boolean>;
  /** False as `recordImage`. */
  settle(
    targetId: string,
    epoch: number,
    outcome: { readonly status: 'succeeded' } | { readonly status: 'failed'; readonly failure: string },
    signal: AbortSignal,
  ): Promise<boolean>;
}
