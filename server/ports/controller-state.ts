import type { App, Formation } from '../domain/app.ts';
import type { Deployment, Ledger } from '../domain/deployment.ts';
import type { BuiltImage, ConfigVars } from '../domain/release.ts';

/** A deployment with everything needed to run it. */
export interface Rollout {
  readonly deployment: Deployment;
  /** Its release has not been live yet: this is no restart. */
  readonly fresh: boolean;
  readonly image: BuiltImage;
  readonly config: ConfigVars;
  /** What its processes are told about their release, if the owner wants that; absent: nothing. */
  readonly told?: ReleaseFacts;
}

/** A release, as its own processes may know it. */
export interface ReleaseFacts {
  readonly createdAt: Date;
  readonly commit: string | null;
  readonly description: string;
}

/** What one app should be. */
export interface DesiredApp {
  readonly app: Pick<App, 'id' | 'name' | 'network'>;
  /** Its owner has destroyed it: everything it has must go. */
  readonly deleting: boolean;
  readonly formation: Formation;
  readonly maintenance: boolean;
  /** Visitors come back to the instance that answered them first. */
  readonly affinity: boolean;
  /** Hosts of its owner's own, by name, each with the digest of its certificate if it has one. */
  readonly domains: readonly { readonly host: string; readonly certificate: string | null }[];
  /** The last deployment that succeeded. */
  readonly current: Rollout | null;
  /** The oldest undecided deployment that can be read. */
  readonly next: Rollout | null;
  /** An undecided deployment whose records make no sense: it cannot be carried out, nor ever succeed. */
  readonly unreadableNext: { readonly deploymentId: string; readonly problem: string } | null;
  /** Why its records make no sense, or null. What it should be is then unknown: whatever runs of it is left alone. */
  readonly unreadable: string | null;
}

/**
 * The controller's view of the database. Every write carries the epoch of the controller's reign and does nothing
 * (answers false) when a newer one has begun or the deployment was decided elsewhere.
 */
export interface ControllerState {
  /**
   * Begins a reign: the newest starter wins, all older ones are fenced. Its epoch is higher than any before and than
   * `above`, which is the last one that others have heard of: a database restored from a backup knows less than they do.
   */
  takeOver(signal: AbortSignal, above?: number): Promise<number>;
  /** True while no newer reign has begun. */
  reigns(epoch: number, signal: AbortSignal): Promise<boolean>;
  /** Every app there is; one that was never deployed has neither current nor next. */
  desired(signal: AbortSignal): Promise<readonly DesiredApp[]>;
  /** pending → rolling */
  begin(deploymentId: string, epoch: number, signal: AbortSignal): Promise<boolean>;
  /** rolling → succeeded; its release succeeded and current, in one transaction. */
  succeed(deploymentId: string, epoch: number, ledger: Ledger, signal: AbortSignal): Promise<boolean>;
  /** pending or rolling → failed; its release failed, unless that release has been current before (a restart). */
  fail(deploymentId: string, epoch: number, reason: string, signal: AbortSignal): Promise<boolean>;
  /** Removes the last trace of a destroyed app. */
  forget(appId: string, epoch: number, signal: AbortSignal): Promise<boolean>;
}
