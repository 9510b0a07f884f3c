import type { App, Formation } from '../domain/app.ts';
import type { Deployment } from '../domain/deployment.ts';
import type { BuiltImage, ConfigVars, Release } from '../domain/release.ts';

export interface ReleaseDraft {
  /** The newest release that did not fail when this one was composed; compare-and-set. */
  readonly base: number;
  readonly description: string;
  readonly image: BuiltImage | null;
  readonly config: ConfigVars;
  readonly commit: string | null;
  readonly userId: string;
  readonly buildId: string | null;
  /** The target of a promotion that it is made for, whose image was just copied. */
  readonly promotion?: string;
  /** Takes effect with the release. */
  readonly formation: Formation;
}

export interface Releases {
  /** Newest first. */
  list(appId: string, signal: AbortSignal): Promise<readonly Release[]>;
  /** By version, `v12`, or id. */
  find(appId: string, versionOrId: string, signal: AbortSignal): Promise<Release | undefined>;
  /** The newest release that did not fail (pending or succeeded): what the next one is composed from. */
  latest(appId: string, signal: AbortSignal): Promise<Release>;
  configOf(releaseId: string, signal: AbortSignal): Promise<ConfigVars>;
  /**
   * Makes the next release and, when it has an image, its pending deployment, in one transaction.
   * A release without image is succeeded and current at once. Throws `app_changed` when `base` is no longer the newest,
   * `image_collected` when the image is not there any more (what a build has just made, or a promotion has copied, is),
   * `deploy_in_progress` while another deployment is undecided, `build_superseded` when its build is no longer `building`, `app_changed` when its
   * promotion is not pending any more. A build, and a target of a promotion, makes one release: asked again for the same one,
   * it answers what it made before.
   */
  create(
    app: App,
    draft: ReleaseDraft,
    signal: AbortSignal,
  ): Promise<{ readonly release: Release; readonly deployment: Deployment | null }>;
  /** A deployment of the current release again: a rolling restart. Undefined when nothing is deployed. Throws `deploy_in_progress`. */
  redeploy(app: App, signal: AbortSignal): Promise<Deployment | undefined>;
  findDeployment(id: string, signal: AbortSignal): Promise<Deployment | undefined>;
  /** The newest deployment of a release; undefined when it has none. */
  deploymentOf(releaseId: string, signal: AbortSignal): Promise<Deployment | undefined>;
  /** The deployments of an app that are pending or rolling. */
  undecided(appId: string, signal: AbortSignal): Promise<readonly Deployment[]>;
}
