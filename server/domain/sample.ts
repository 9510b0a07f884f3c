/** What an app was doing at a moment, and with what. */
export interface Sample {
  readonly at: Date;
  /** What visitors asked since the sample before, which was so long ago; 0 for the first. */
  readonly seconds: number;
  readonly requests: number;
  /** Of these, those that the app failed to answer. */
  readonly dropped: number;
  /** Requests that are being answered now. */
  readonly sessions: number;
  readonly instances: readonly Taking[];
}

/** What one instance takes of its machine. */
interface Taking {
  readonly instance: string;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly cpuSeconds: number;
}

/** What is counted from the start of something on, by what it is of: the requests of a release. */
export type Counts = ReadonlyMap<string, { readonly requests: number; readonly dropped: number }>;

/** How many more it is than before; what counts less than before has begun anew. */
export function more(before: Counts, now: Counts): { readonly requests: number; readonly dropped: number } {
  let [requests, dropped] = [0, 0];
  for (const [key, is] of now) {
    const was = before.get(key);
    const anew = was === undefined || was.requests > is.requests || was.dropped > is.dropped;
    requests += is.requests - (anew ? 0 : was.requests);
    dropped += is.dropped - (anew ? 0 : was.dropped);
  }
  return { requests, dropped };
}
