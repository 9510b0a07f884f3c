import type { ReleaseStatus } from './release.ts';

/** What refers to the images of an app. An image is named `repository@digest`. */
export interface ImageHistory {
  readonly appId: string;
  /** Newest first: the releases whose image is there. */
  readonly releases: readonly { readonly image: string; readonly status: ReleaseStatus }[];
  /** Of the deployment that succeeded last, of those that are undecided, and what is being promoted from here. */
  readonly deployed: readonly string[];
  /**
   * Of builds that are not settled, and of promotions to the app; null for one that has not said yet what it made, or
   * copied.
   */
  readonly building: readonly (string | null)[];
  /** These tell histories apart between which a build, or a promotion to the app, has come and gone. */
  readonly lastBuild: number | null;
  readonly promotions: number;
}

/**
 * The images that stay: what runs, what is about to, what was just built, and the newest `keep` that have run, to roll
 * back to. Images are counted, not releases: five changes of config must not use up what one can go back to. Releases
 * that are pending do not count: when they fail, what they pushed out would be gone for nothing.
 */
export function keptImages(history: ImageHistory, keep: number): ReadonlySet<string> {
  const ran = new Set(history.releases.filter((one) => one.status === 'succeeded').map((one) => one.image));
  const built = history.building.filter((image) => image !== null);
  return new Set([...[...ran].slice(0, keep), ...history.deployed, ...built]);
}

/** The images of releases that do not stay. */
export function outdatedImages(history: ImageHistory, keep: number): readonly string[] {
  const kept = keptImages(history, keep);
  return [...new Set(history.releases.map((one) => one.image))].filter((image) => !kept.has(image));
}

/** A build that has not said what it made may be pushing any image at this moment, an old one included. */
export function isBuilding({ building }: ImageHistory): boolean {
  return building.includes(null);
}
