import type { Happening, Note } from '../domain/happening.ts';

/** What happened, in the order in which it became true. Bounded: old ones are removed. */
export interface Happenings {
  /** Adds what no table knows. */
  note(notes: readonly Note[], signal: AbortSignal): Promise<void>;
  /**
   * Gives what was committed since its place in the order, and makes the deliveries that webhooks get of it, in one
   * transaction; answers how many. Safe to call from several processes at once.
   */
  publish(signal: AbortSignal): Promise<number>;
  /** Up to where they are published, and up to where old ones are gone. */
  mark(signal: AbortSignal): Promise<{ readonly published: number; readonly pruned: number }>;
  /** What was published after `after`, oldest first, at most `limit`; of one app, or of all. */
  read(
    query: { readonly after: number; readonly limit: number; readonly appId?: string },
    signal: AbortSignal,
  ): Promise<readonly Happening[]>;
  /** The last `limit` of an app, oldest first. */
  last(appId: string, limit: number, signal: AbortSignal): Promise<readonly Happening[]>;
  /** Removes what is older than `olderThanMs`, and the oldest of more than `most`. */
  prune(limits: { readonly olderThanMs: number; readonly most: number }, signal: AbortSignal): Promise<void>;
}
