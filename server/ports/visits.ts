import type { Visit } from '../domain/visit.ts';
import type { LogLine } from './engine.ts';

/** How far the visits of the router have been read. */
export type VisitMark = { readonly run: string; readonly seq: number };

/** What visitors asked of apps and got, as the router tells it. */
export interface VisitSource {
  /**
   * Those after the mark, once there are some, or none after a while. What is not after it has been kept, and is told no
   * more; with null as much of the past as the router remembers. Throws `router_away`.
   */
  visits(
    after: VisitMark | null,
    signal: AbortSignal,
  ): Promise<{
    readonly mark: VisitMark;
    readonly visits: readonly Visit[];
    /** Visits that the router had no room for, by app. */
    readonly lost: readonly { readonly app: string; readonly count: number; readonly since: Date }[];
  }>;
}

/** The last lines of the router about each app. Bounded: the oldest go first. */
export interface RouterLines {
  /** Adds lines, in their order, after those that are there. Of an app that was forgotten nothing is kept any more. */
  add(appId: string, lines: readonly LogLine[], signal: AbortSignal): Promise<void>;
  /** All that is kept, oldest first, at most `KEPT.lines`. */
  read(appId: string, signal: AbortSignal): Promise<readonly LogLine[]>;
  forget(appId: string, signal: AbortSignal): Promise<void>;
}
