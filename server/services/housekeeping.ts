import { abortController } from '../../lib/abort.ts';
import { withDeadline } from '../../lib/deadline.ts';
import type { Logger } from '../../lib/log.ts';
import { PLATFORM } from '../domain/actor.ts';
import type { App } from '../domain/app.ts';
import type { Apps } from '../ports/apps.ts';
import type { Repositories } from '../ports/repositories.ts';
import { noteRepositoryBytes } from './repository-bytes.ts';

/** Clears repositories of what failed and forced pushes have left, never while a push relies on it. */
export interface Housekeeping {
  /**
   * Until the answer is called nothing is cleared of this repository; a clearing under way gives way first. For a push, from
   * before it sees the branches to its end: it may build on what no ref holds by the time that it arrives.
   */
  hold(appId: string): Promise<() => void>;
  /** Clears the repositories of all apps, one after another, each within a limit of time. */
  clear(signal: AbortSignal): Promise<void>;
}

export interface HousekeepingDeps {
  readonly apps: Apps;
  readonly repositories: Repositories;
  readonly log: Logger;
}

/** What is younger stays: another server, which is about to end, may be in the middle of a push of its own. */
const YOUNG_MS = 10 * 60_000;
/** Of one repository; what takes longer than this takes it in vain. */
export const CLEAR_MS = 10 * 60_000;

export function createHousekeeping({ apps, repositories, log }: HousekeepingDeps): Housekeeping {
  /** App id → how many pushes hold its repository. */
  const holds = new Map<string, number>();
  /** Those that are being cleared: how to have them give way, and when they have. */
  const clearing = new Map<string, { readonly giveWay: () => void; readonly ended: Promise<void> }>();

  async function clearOne(app: App, signal: AbortSignal): Promise<void> {
    const own = abortController();
    const stop = (): void => own.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const work = clearWithin(app, own.signal);
      const ended = work.catch(() => undefined);
      clearing.set(app.id, { giveWay: () => own.abort(new Error('a push came')), ended });
      await work;
    } catch (err) {
      if (signal.aborted) throw err;
      if (own.signal.aborted) log.debug({ app: app.name }, 'a repository will be cleared after a push');
      else log.warn({ err, app: app.name }, 'could not clear the repository of an app; will try again');
    } finally {
      clearing.delete(app.id);
      signal.removeEventListener('abort', stop);
    }
  }

  async function clearWithin(app: App, signal: AbortSignal): Promise<void> {
    const cleared = await withDeadline(CLEAR_MS, signal, (inner) =>
      repositories.clear(app.id, YOUNG_MS, inner),
    );
    if (cleared) await noteRepositoryBytes({ apps, repositories }, app.id, signal);
  }

  return {
    async hold(appId) {
      holds.set(appId, (holds.get(appId) ?? 0) + 1);
      const running = clearing.get(appId);
      running?.giveWay();
      await running?.ended;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (holds.get(appId) ?? 0) - 1;
        if (left > 0) holds.set(appId, left);
        else holds.delete(appId);
      };
    },

    async clear(signal) {
      for (const app of await apps.list(PLATFORM, signal)) {
        signal.throwIfAborted();
        if (!holds.has(app.id)) await clearOne(app, signal);
      }
    },
  };
}
