import { DRAIN_TAKEN, type Drain } from '../../server/domain/drain.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { Drains } from '../../server/ports/drains.ts';
import { livingApp, type MemoryWorld } from './memory-world.ts';

export function createMemoryDrains(world: MemoryWorld): Drains {
  const rows: { readonly drain: Drain; readonly canonical: string }[] = [];
  const of = (appId: string) => rows.filter(({ drain }) => drain.appId === appId);
  const act = async <T>(effect: () => T): Promise<T> => {
    await Promise.resolve();
    return effect();
  };
  return {
    add: ({ id, appId, token, url, canonical }, most) =>
      act(() => {
        if (!livingApp(world, appId)) throw PlatformError.of('not_found', { resource: 'app', name: appId });
        if (of(appId).some((row) => row.canonical === canonical.reveal()))
          throw PlatformError.of('invalid_params', DRAIN_TAKEN);
        if (of(appId).length >= most) throw PlatformError.of('too_many_drains', { limit: most });
        const now = world.clock.now();
        const drain = { id, appId, token, url, createdAt: now, updatedAt: now };
        rows.push({ drain, canonical: canonical.reveal() });
        return drain;
      }),
    list: (appId) => act(() => of(appId).map(({ drain }) => drain)),
    find: (appId, by) =>
      act(
        () =>
          of(appId).find(({ drain, canonical }) =>
            'id' in by
              ? drain.id === by.id
              : 'token' in by
                ? drain.token === by.token
                : canonical === by.canonical.reveal(),
          )?.drain,
      ),
    remove: ({ id, appId }) =>
      act(() => {
        const index = rows.findIndex(({ drain }) => drain.id === id && drain.appId === appId);
        if (index >= 0) rows.splice(index, 1);
        return index >= 0;
      }),
    all: () => act(() => rows.filter(({ drain }) => livingApp(world, drain.appId)).map(({ drain }) => drain)),
  };
}
