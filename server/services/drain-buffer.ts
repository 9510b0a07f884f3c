import type { LogLine } from '../ports/engine.ts';

/** Lines that wait for a receiver. */
export interface DrainBuffer {
  /** Never waits: when it is full the oldest line goes, and is counted. */
  push(line: LogLine): void;
  /** The oldest lines, which leave it; how many were lost before them is said in a line of its own, first. */
  take(most: number): readonly LogLine[];
  /** Resolves when there is something to take; rejects when the signal aborts. */
  filled(signal: AbortSignal): Promise<void>;
}

/** As many as Heroku's. */
export const DRAIN_BUFFER_LINES = 1_024;

export function createDrainBuffer(most: number = DRAIN_BUFFER_LINES): DrainBuffer {
  let lines: LogLine[] = [];
  let dropped: { count: number; readonly since: Date } | undefined;
  let rouse = (): void => undefined;
  return {
    push(line) {
      lines.push(line);
      if (lines.length > most) {
        const [oldest] = lines.splice(0, 1);
        if (dropped) dropped.count += 1;
        else dropped = { count: 1, since: oldest?.at ?? line.at };
      }
      rouse();
    },
    take(count) {
      const notice = dropped && [overflow(dropped)];
      dropped = undefined;
      const taken = lines.slice(0, count - (notice?.length ?? 0));
      lines = lines.slice(taken.length);
      return [...(notice ?? []), ...taken];
    },
    filled: (signal) =>
      new Promise((resolve, reject) => {
        const leave = (end: () => void): void => {
          signal.removeEventListener('abort', abort);
          rouse = () => undefined;
          end();
        };
        const abort = (): void => leave(() => reject(signal.reason as Error));
        if (signal.aborted) reject(signal.reason as Error);
        else if (lines.length > 0) resolve();
        else {
          signal.addEventListener('abort', abort, { once: true });
          rouse = () => leave(resolve);
        }
      }),
  };
}

function overflow({ count, since }: { readonly count: number; readonly since: Date }): LogLine {
  const when = since.toISOString().replace('Z', '+00:00');
  const text = `Error L10 (output buffer overflow): ${count} messages dropped since ${when}.`;
  return { at: since, source: 'gantry', instance: 'logplex', text };
}
