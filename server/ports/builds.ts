import type { Build, Push, PushedBuild, Upload } from '../domain/build.ts';
import type { BuiltImage } from '../domain/release.ts';

export interface Builds {
  /**
   * Records a source as a queued build and, in the same transaction, marks every older unsettled build of the app superseded
   * (with this failure sentence), along with its undecided deployment and pending release (failed).
   * A build whose deployment has already succeeded is left to settle. Asked again for the same id, it answers what it recorded.
   */
  submit(build: NewBuild, supersede: string, signal: AbortSignal): Promise<Build>;
  find(id: string, signal: AbortSignal): Promise<Build | undefined>;
  list(appId: string, signal: AbortSignal): Promise<readonly Build[]>;
  /** Apps that have a queued build, or one that is `building` under this epoch or an older one: a worker may have left it behind. */
  waiting(epoch: number, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Takes the app's waiting build (queued → building, attempt + 1, stamped with the epoch); undefined when there is none.
   * One caller per app and epoch at a time: a build that is `building` under this very epoch is answered again (and not
   * counted as an attempt), because whoever claimed it never heard so, or has left it.
   */
  claim(appId: string, epoch: number, signal: AbortSignal): Promise<Build | undefined>;
  /** False when the build is no longer `building` under this epoch (superseded, or taken over). */
  recordImage(id: string, epoch: number, image: BuiltImage, signal: AbortSignal): Promise<boolean>;
  recordRelease(id: string, epoch: number, releaseId: string, signal: AbortSignal): Promise<boolean>;
  settle(
    id: string,
    epoch: number,
    outcome: { readonly status: 'succeeded' } | { readonly status: 'failed'; readonly failure: string },
    signal: AbortSignal,
  ): Promise<boolean>;
  /**
   * Ends a build as superseded with this sentence, along with its undecided deployment and pending release. False when
   * it is settled, or its deployment has succeeded and it is about to be.
   */
  cancel(id: string, reason: string, signal: AbortSignal): Promise<boolean>;
  /** The last successful push of the app: where its branch must be, whatever came without git since. */
  lastDeployed(appId: string, signal: AbortSignal): Promise<PushedBuild | undefined>;
  /** Of every living app that has been pushed to with success, which build `lastDeployed` would answer now. */
  lastDeploys(signal: AbortSignal): Promise<readonly LastDeploy[]>;
}

export interface LastDeploy {
  readonly app: { readonly id: string; readonly name: string };
  readonly buildId: string;
}

/** A source to be built: pushed, or sent as an archive. */
export type NewBuild = {
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
  readonly buildpacks?: readonly string[] | null;
} & ({ readonly push: Push; readonly upload?: null } | { readonly push: null; readonly upload: Upload });
