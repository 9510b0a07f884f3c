/**
 * What a person sees of a build or a deployment, stored as it is streamed: whoever comes back sees the rest,
 * whoever leaves stops nothing. A stream is named by the id of its build or deployment.
 */
export interface Transcripts {
  /** A line end within a line begins another one. */
  append(stream: string, lines: readonly string[], signal: AbortSignal): Promise<void>;
  /** The pages after position `after` (0: from the start), oldest first, as many as are good to hold at once. */
  read(stream: string, after: number, signal: AbortSignal): Promise<readonly TranscriptPage[]>;
  /**
   * Takes away what was said of builds and of deployments that are over, but of the newest `keep` of each app; the
   * deployment of a build whose transcript is kept is kept with it. Answers of how many, some dozens at a time: to be
   * asked again until it is none.
   */
  prune(keep: number, signal: AbortSignal): Promise<number>;
  /** Whether what was said of any of these was taken away. */
  pruned(streams: readonly string[], signal: AbortSignal): Promise<boolean>;
}

/** Lines that stand together. Positions order the pages of all streams. */
interface TranscriptPage {
  readonly position: number;
  readonly lines: readonly string[];
}
