import type { Actor } from '../domain/actor.ts';
import type { App } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { FEATURES, findFeature, type Feature } from '../domain/features.ts';
import type { AppOptions as AppOptionsStore } from '../ports/app-options.ts';
import type { Apps } from '../ports/apps.ts';
import type { Clock } from '../ports/clock.ts';
import { checked } from './builds.ts';
import { reach } from './reach.ts';
import type { Wake } from './wake.ts';

/** A feature of an app, and since when it is on; null: it is off. */
export interface AppFeature {
  readonly app: App;
  readonly feature: Feature;
  readonly since: Date | null;
}

/** What the owner of an app has chosen about how it is built and run. */
export interface AppOptions {
  /** The buildpacks chosen, in order; none: whichever applies. */
  buildpacks(actor: Actor, app: string, signal: AbortSignal): Promise<readonly string[]>;
  /** From the next build on. Names that the platform does not have are kept; that build then fails early. Throws `invalid_params`. */
  setBuildpacks(
    actor: Actor,
    app: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  features(actor: Actor, app: string, signal: AbortSignal): Promise<readonly AppFeature[]>;
  feature(actor: Actor, app: string, name: string, signal: AbortSignal): Promise<AppFeature>;
  /** Idempotent. Throws `not_found`, `feature_fixed`. */
  setFeature(actor: Actor, app: string, name: string, on: boolean, signal: AbortSignal): Promise<AppFeature>;
}

export function createAppOptions({
  apps,
  store,
  clock,
  controller,
}: {
  readonly apps: Apps;
  readonly store: AppOptionsStore;
  readonly clock: Clock;
  readonly controller: Wake;
}): AppOptions {
  const known = (name: string): Feature => {
    const feature = findFeature(name);
    if (!feature) throw PlatformError.of('not_found', { resource: 'feature', name: name.slice(0, 100) });
    return feature;
  };
  const shape = (app: App, feature: Feature, on: ReadonlyMap<string, Date>): AppFeature => ({
    ...{ app, feature },
    since: feature.always === null ? (on.get(feature.name) ?? null) : app.createdAt,
  });

  return {
    async buildpacks(actor, name, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return store.buildpacks(app.id, signal);
    },

    async setBuildpacks(actor, name, names, signal) {
      const app = await reach(apps, actor, 'deploy', name, signal);
      await store.setBuildpacks(app.id, checked(names), signal);
      return store.buildpacks(app.id, signal);
    },

    async features(actor, name, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      const on = await store.features(app.id, signal);
      return FEATURES.map((feature) => shape(app, feature, on));
    },

    async feature(actor, name, wanted, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return shape(app, known(wanted), await store.features(app.id, signal));
    },

    async setFeature(actor, name, wanted, on, signal) {
      const app = await reach(apps, actor, 'operate', name, signal);
      const feature = known(wanted);
      if (feature.always !== null && !on)
        throw PlatformError.of('feature_fixed', { feature: feature.name, why: feature.always });
      if (feature.always === null) {
        await store.setFeature(app.id, feature.name, on ? clock.now() : null, signal);
        controller.wake(app.id); // the router has to hear of some of them
      }
      return shape(app, feature, await store.features(app.id, signal));
    },
  };
}
