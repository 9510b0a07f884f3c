import type { AppOptions } from '../../server/ports/app-options.ts';
import { livingApp, type MemoryWorld } from './memory-world.ts';

export function createMemoryAppOptions(world: MemoryWorld): AppOptions {
  const buildpacks = new Map<string, readonly string[]>();
  const features = new Map<string, ReadonlyMap<string, Date>>();
  return {
    buildpacks: (appId) => Promise.resolve(buildpacks.get(appId) ?? []),
    async setBuildpacks(appId, names) {
      if (livingApp(world, appId)) buildpacks.set(appId, [...names]);
      return Promise.resolve();
    },
    features: (appId) => Promise.resolve(features.get(appId) ?? new Map<string, Date>()),
    async setFeature(appId, feature, since) {
      const on = new Map(features.get(appId));
      if (since === null) on.delete(feature);
      else if (!on.has(feature)) on.set(feature, since);
      if (livingApp(world, appId)) features.set(appId, on);
      return Promise.resolve();
    },
  };
}
