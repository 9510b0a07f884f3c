import type { BuiltImage } from './release.ts';

/** One attempt to turn a source into an image and then into a live release. */
export interface Build {
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
  readonly status: BuildStatus;
  /** What was pushed: the branch moves from `from` to `commit` only if the deploy succeeds. Null: it came otherwise. */
  readonly push: Push | null;
  /** What was sent without git; null for a push. */
  readonly upload: Upload | null;
  /** The buildpacks asked for with this build, in order; null: those of the app. */
  readonly buildpacks: readonly string[] | null;
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

/** A source that came as an archive: no branch knows of it. */
export interface Upload {
  /** SHA-256 of the archive that was sent, in hexadecimal. */
  readonly checksum: string;
  /** What the sender calls it, such as a commit id; for people. */
  readonly version: string | null;
  readonly description: string | null;
}

export type PushedBuild = Build & { readonly push: Push };

/** The id of a build's source: its commit, or what it is as bytes. */
function sourceId({ push, upload }: Pick<Build, 'push' | 'upload'>): string {
  return push?.commit ?? upload?.checksum ?? '';
}

/** What the build is told of its source: a commit's id where there is one. */
export function sourceVersion(build: Pick<Build, 'push' | 'upload'>): string {
  const version = build.upload?.version ?? '';
  return /^[0-9a-f]{7,64}$/.test(version) ? version : sourceId(build);
}

/** The commit that a release is of; null when its source was not said to be one. */
export function commitOf({ push, upload }: Pick<Build, 'push' | 'upload'>): string | null {
  const version = upload?.version ?? '';
  return push?.commit ?? (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(version) ? version : null);
}

/** What people call a build's source: `1a2b3c4d`, or the version its sender gave it. */
export function sourceName(build: Pick<Build, 'push' | 'upload'>): string {
  const version = build.upload?.version ?? null;
  if (version === null || /^[0-9a-f]{40,64}$/.test(version)) return (version ?? sourceId(build)).slice(0, 8);
  return version.length > 40 ? `${version.slice(0, 39)}…` : version;
}

/** True once nothing more will happen to the build. */
export function settled(build: Pick<Build, 'status'>): boolean {
  return build.status !== 'queued' && build.status !== 'building';
}

/** What so many of the newest builds of an app have printed is kept, and as many of its deployments. */
export const KEPT_TRANSCRIPTS = 20;

/** A build whose worker died is tried this many times in all. */
export const BUILD_ATTEMPTS = 2;
