/** Notices inside one process that something changed: only hints, so every reader also looks by itself now and then. */
export interface Bulletin {
  post(topic: string): void;
  /** A mark to take before looking, so that a notice between looking and waiting is not missed. */
  mark(topic: string): number;
  /** Resolves at the first notice after `mark`, or after `ms` milliseconds; rejects when the signal aborts. */
  after(topic: string, mark: number, ms: number, signal: AbortSignal): Promise<void>;
}

export function createBulletin(): Bulletin {
  const counts = new Map<string, number>();
  const waiting = new Map<string, Set<() => void>>();
  return {
    post(topic) {
      const readers = waiting.get(topic);
      // Only topics with a reader are counted: a mark is taken by a reader, and a map of every topic ever would grow for ever.
      if (!readers) return;
      counts.set(topic, (counts.get(topic) ?? 0) + 1);
      for (const wake of [...readers]) wake();
    },
    mark(topic) {
      if (!waiting.has(topic)) waiting.set(topic, new Set());
      return counts.get(topic) ?? 0;
    },
    async after(topic, mark, ms, signal) {
      signal.throwIfAborted();
      if ((counts.get(topic) ?? 0) > mark) return;
      const readers = waiting.get(topic) ?? new Set();
      waiting.set(topic, readers);
      await new Promise<void>((resolve, reject) => {
        const leave = (end: () => void): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', abort);
          readers.delete(wake);
          if (readers.size === 0) {
            waiting.delete(topic);
            counts.delete(topic);
          }
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
