import type { ImageHistory } from '../domain/image-use.ts';

/** Which images are needed, as the database knows. */
export interface ImageUse {
  /** Of every app that is not destroyed, in one moment. */
  histories(signal: AbortSignal): Promise<readonly ImageHistory[]>;
  /**
   * Marks the images of an app that need not stay as collected, before anything is deleted: no release can be made of
   * them from then on. Answers what is left; null when the app is gone, a build may be pushing, or this reign is over.
   */
  retire(appId: string, keep: number, epoch: number, signal: AbortSignal): Promise<ImageHistory | null>;
}
