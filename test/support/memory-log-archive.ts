import { bounded, type KeptLog } from '../../server/domain/kept-log.ts';
import type { LogArchive } from '../../server/ports/log-archive.ts';

export function createMemoryLogArchive(): LogArchive {
  const apps = new Map<string, readonly KeptLog[]>();
  const act = async <T>(signal: AbortSignal, effect: () => T): Promise<T> => {
    await Promise.resolve(); // others may run in between, as with files
    signal.throwIfAborted();
    return effect();
  };
  return {
    keep: (appId, log, signal) =>
      act(signal, () => {
        const others = (apps.get(appId) ?? []).filter(({ instanceId }) => instanceId !== log.instanceId);
        apps.set(appId, bounded([...others, log]));
      }),
    read: (appId, signal) => act(signal, () => apps.get(appId) ?? []),
    forget: (appId, signal) => act(signal, () => void apps.delete(appId)),
  };
}
