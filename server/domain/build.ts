import type { BuiltImage } from './release.ts';

/** One attempt to turn a pushed source into an image and then into a live release. */
export interface Build {
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
  readonly status: BuildStatus;
  /** What was pushed: the branch moves from `from` to `commit` only if the deploy succeeds. */
  readonly push: Push;
  /** How many times a worker has taken it; a build whose worker died is taken once more. */
  readonly attempt: number;
  /** The reason in one sentence, once failed or superseded. */
  readonly failure: string | null;
  readonly image: BuiltImage | null;
  readonly releaseId: string | null;
  /** The deployment its release was made with; restarts of that release are not the build's. */
  readonly deploymentId: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** `building` covers the rollout of its release too: a build succeeds when its release is live. */
export type BuildStatus = 'queued' | 'building' | 'succeeded' | 'failed' | 'superseded';

export interface Push {
  /** Full ref, `refs/heads/<branch>`. */
  readonly ref: string;
  readonly commit: string;
  /** The id the branch had when the push was sent; null for a new branch. */
  readonly from: string | null;
}

/** True once nothing more will happen to the build. */
export function settled(build: Pick<Build, 'status'>): boolean {
  return build.status !== 'queued' && build.status !== 'building';
}

/** A build whose worker died is tried this many times in all. */
export const BUILD_ATTEMPTS = 2;
