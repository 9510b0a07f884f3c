import type { KeptLog } from '../domain/kept-log.ts';

/** The last lines of the instances of each app that are gone. Bounded per app: the oldest lines make room (`bounded`). */
export interface LogArchive {
  /**
   * Keeps a log in the place of what was kept of the same instance, so that keeping it twice does no harm. After a
   * death in the middle it is there whole or not at all.
   */
  keep(appId: string, log: KeptLog, signal: AbortSignal): Promise<void>;
  /** All that is kept of an app, in no particular order; nothing for an app that nobody knows. */
  read(appId: string, signal: AbortSignal): Promise<readonly KeptLog[]>;
  /** Removes all that is kept of an app. */
  forget(appId: string, signal: AbortSignal): Promise<void>;
}
