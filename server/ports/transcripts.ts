/**
 * What a person sees of a build or a deployment, stored as it is streamed: whoever comes back sees the rest,
 * whoever leaves stops nothing. A stream is named by the id of its build or deployment.
 */
export interface Transcripts {
  append(stream: string, lines: readonly string[], signal: AbortSignal): Promise<void>;
  /** Lines after position `after` (0: from the start), oldest first, at most 1000. */
  read(
    stream: string,
    after: number,
    signal: AbortSignal,
  ): Promise<readonly { readonly position: number; readonly text: string }[]>;
}
