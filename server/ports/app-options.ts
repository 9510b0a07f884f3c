/** What the owner of an app has chosen about how it is built and run. Apps that chose nothing have empty ones. */
export interface AppOptions {
  /** The buildpacks chosen, in order; empty: whichever applies. */
  buildpacks(appId: string, signal: AbortSignal): Promise<readonly string[]>;
  setBuildpacks(appId: string, names: readonly string[], signal: AbortSignal): Promise<void>;
  /** The features that are on, each since when. */
  features(appId: string, signal: AbortSignal): Promise<ReadonlyMap<string, Date>>;
  /** Switches one on (since a moment; one that is on already keeps its own) or off (null). */
  setFeature(appId: string, feature: string, since: Date | null, signal: AbortSignal): Promise<void>;
}
