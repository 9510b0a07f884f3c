import type { AppSetup } from '../../server/domain/app-setup.ts';
import type { AppSetups } from '../../server/ports/app-setups.ts';
import { deploymentsOf, livingApp, storable, type MemoryWorld } from './memory-world.ts';

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
      const there = found && (found.formerApp !== null || livingApp(world, found.appId));
      return Promise.resolve(there ? structuredClone(found) : undefined);
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
    async settle(id, epoch, { status, failure, manifestErrors, postdeploy, successUrl }) {
      const written = await write(id, epoch, {
        ...{ status, postdeploy, successUrl },
        failure: failure && storable(failure),
        manifestErrors: manifestErrors.map(storable),
      });
      if (written && status === 'failed') takeAppAlong(world, id);
      return written;
    },
    async needing(runIds) {
      const pending = [...world.setups.values()].filter(({ setup }) => setup.status === 'pending');
      const needed = pending.flatMap(({ setup }) => setup.runId ?? []);
      return Promise.resolve(new Set(needed.filter((id) => runIds.includes(id))));
    },
  };
}

function takeAppAlong(world: MemoryWorld, id: string): void {
  const setup = world.setups.get(id)?.setup;
  const app = setup && livingApp(world, setup.appId);
  const begun = app && [...world.builds.values(), ...deploymentsOf(world, app.id)];
  if (!app || begun?.some(({ appId }) => appId === app.id) === true) return;
  Object.assign(setup, { formerApp: app.name });
  Object.assign(app, { deletedAt: world.clock.now(), revision: app.revision + 1 });
  for (const [key, domain] of world.domains) if (domain.appId === app.id) world.domains.delete(key);
}
