import type { PartStatus } from './part.ts';

/** The latest status of every part, and a way to wait for it to become what one wants. */
export interface Board {
  post(status: PartStatus): void;
  of(name: string): PartStatus | undefined;
  all(): readonly PartStatus[];
  readonly isReady: (name: string) => boolean;
  /** Resolves as soon as `settled` is true; it is asked now and after every change. */
  until(settled: () => boolean, signal: AbortSignal): Promise<void>;
}

export function createBoard(): Board {
  const latest = new Map<string, PartStatus>();
  const waiting = new Set<() => void>();
  return {
    post(status) {
      latest.set(status.name, status);
      for (const look of waiting) look();
    },
    of: (name) => latest.get(name),
    all: () => [...latest.values()],
    isReady: (name) => latest.get(name)?.state === 'ready',
    until: (settled, signal) =>
      new Promise((resolve, reject) => {
        const leave = (): void => {
          waiting.delete(look);
          signal.removeEventListener('abort', giveUp);
        };
        const giveUp = (): void => {
          leave();
          reject(signal.reason as Error);
        };
        const look = (): void => {
          if (!settled()) return;
          leave();
          resolve();
        };
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.add(look);
        if (signal.aborted) giveUp();
        else look();
      }),
  };
}
