/** Notices inside one process that something changed: only hints, so every reader also looks by itself now and then. */
export interface Bulletin {
  post(topic: string): void;
  /** A mark to take before looking, so that a notice between looking and waiting is not missed. */
  mark(topic: string): number;
  /** Resolves at the first notice after `mark`, or after `ms` milliseconds; rejects when the signal aborts. */
  after(topic: string, mark: number, ms: number, signal: AbortSignal): Promise<void>;
}

/** Topics whose last notice is remembered; between a reader's look and its wait hardly more are posted. */
const REMEMBERED = 1_000;

export function createBulletin(): Bulletin {
  let notices = 0;
  /** When each topic was last posted, counted in notices; the latest last. */
  const latest = new Map<string, number>();
  const waiting = new Map<string, Set<() => void>>();
  return {
    post(topic) {
      notices += 1;
      latest.delete(topic);
      latest.set(topic, notices);
      for (const [oldest] of latest) {
        if (latest.size <= REMEMBERED) break;
        latest.delete(oldest);
      }
      for (const wake of [...(waiting.get(topic) ?? [])]) wake();
    },
    // A count of all notices: whoever takes a mark leaves nothing behind.
    mark: () => notices,
    async after(topic, mark, ms, signal) {
      signal.throwIfAborted();
      if ((latest.get(topic) ?? 0) > mark) return;
      const readers = waiting.get(topic) ?? new Set();
      waiting.set(topic, readers);
      await new Promise<void>((resolve, reject) => {
        const leave = (end: () => void): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', abort);
          readers.delete(wake);
          if (readers.size === 0) waiting.delete(topic);
          end();
        };
        const wake = (): void => leave(resolve);
        const abort = (): void => leave(() => reject(signal.reason as Error));
        const timer = setTimeout(wake, ms);
        readers.add(wake);
        signal.addEventListener('abort', abort, { once: true });
      });
    },
  };
}
