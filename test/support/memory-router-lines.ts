import { KEPT } from '../../server/domain/kept-log.ts';
import type { LogLine } from '../../server/ports/engine.ts';
import type { RouterLines } from '../../server/ports/visits.ts';

export function createMemoryRouterLines(): RouterLines {
  const apps = new Map<string, readonly LogLine[]>();
  const forgotten = new Set<string>();
  const act = async <T>(signal: AbortSignal, effect: () => T): Promise<T> => {
    await Promise.resolve(); // others may run in between, as with files
    signal.throwIfAborted();
    return effect();
  };
  return {
    add: (appId, lines, signal) =>
      act(signal, () => {
        if (!forgotten.has(appId)) apps.set(appId, [...(apps.get(appId) ?? []), ...lines].slice(-KEPT.lines));
      }),
    read: (appId, signal) => act(signal, () => apps.get(appId) ?? []),
    forget: (appId, signal) =>
      act(signal, () => {
        forgotten.add(appId);
        apps.delete(appId);
      }),
  };
}
