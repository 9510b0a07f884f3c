import type { AppOptions } from '../../server/ports/app-options.ts';
import { livingApp, type MemoryWorld } from './memory-world.ts';

export function createMemoryAppOptions(world: MemoryWorld): AppOptions {
  const buildpacks = new Map<string, readonly string[]>();
  return {
    buildpacks: (appId) => Promise.resolve(buildpacks.get(appId) ?? []),
    async setBuildpacks(appId, names) {
      if (livingApp(world, appId)) buildpacks.set(appId, [...names]);
      return Promise.resolve();
    },
    features: (appId) => Promise.resolve(world.apps.get(appId)?.features ?? new Map<string, Date>()),
    async setFeature(appId, feature, since) {
      const app = livingApp(world, appId);
      const on = new Map(app?.features);
      if (since === null) on.delete(feature);
      else if (!on.has(feature)) on.set(feature, since);
      if (app) app.features = on;
      return Promise.resolve();
    },
  };
}
