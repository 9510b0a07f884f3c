import type { AppSetup } from '../../server/domain/app-setup.ts';
import type { AppSetups } from '../../server/ports/app-setups.ts';
import { livingApp, storable, type MemoryWorld } from './memory-world.ts';

export function createMemoryAppSetups(world: MemoryWorld): AppSetups {
  function write(id: string, epoch: number, data: Partial<AppSetup>): Promise<boolean> {
    const found = world.setups.get(id);
    if (found?.setup.status !== 'pending' || world.epoch !== epoch) return Promise.resolve(false);
    Object.assign(found.setup, { ...data, updatedAt: world.clock.now() });
    return Promise.resolve(true);
  }

  return {
    async find(id) {
      const found = world.setups.get(id)?.setup;
      return Promise.resolve(found && livingApp(world, found.appId) ? structuredClone(found) : undefined);
    },
    async waiting(epoch) {
      if (world.epoch !== epoch) return Promise.resolve([]);
      return [...world.setups.values()]
        .filter(({ setup }) => setup.status === 'pending')
        .map(({ setup }) => setup.id);
    },
    async pending(id) {
      const found = world.setups.get(id);
      return Promise.resolve(found?.setup.status === 'pending' ? structuredClone(found) : undefined);
    },
    recordPrepared: (id, epoch, { prepared, manifestErrors }) =>
      write(id, epoch, structuredClone({ prepared, manifestErrors: manifestErrors.map(storable) })),
    recordRun: (id, epoch, runId) => write(id, epoch, { runId }),
    settle: (id, epoch, { status, failure, manifestErrors, postdeploy, successUrl }) =>
      write(id, epoch, {
        ...{ status, postdeploy, successUrl },
        failure: failure && storable(failure),
        manifestErrors: manifestErrors.map(storable),
      }),
    async needing(runIds) {
      const pending = [...world.setups.values()].filter(({ setup }) => setup.status === 'pending');
      const needed = pending.flatMap(({ setup }) => setup.runId ?? []);
      return Promise.resolve(new Set(needed.filter((id) => runIds.includes(id))));
    },
  };
}
