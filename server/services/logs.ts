import type { Actor } from '../domain/actor.ts';
import type { Apps } from '../ports/apps.ts';
import type { AppLogs, LogLine } from '../ports/engine.ts';
import { reach } from './reach.ts';

interface LogQuery {
  readonly lines: number;
  readonly follow: boolean;
  readonly type?: string | undefined;
  readonly number?: number | undefined;
}

export interface Logs {
  /** What the app's instances printed, oldest first; with `follow`, goes on until the signal aborts. */
  read(actor: Actor, app: string, query: LogQuery, signal: AbortSignal): Promise<AsyncIterable<LogLine>>;
}

export function createLogs({ apps, logs }: { apps: Apps; logs: AppLogs }): Logs {
  return {
    async read(actor, name, { type, number, ...query }, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return logs.read(
        {
          appId: app.id,
          ...query,
          ...(type !== undefined && { type }),
          ...(number !== undefined && { number }),
        },
        signal,
      );
    },
  };
}
