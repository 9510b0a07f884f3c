import { randomUUID } from 'node:crypto';
import { scopesCover } from '../domain/access.ts';
import type { Actor } from '../domain/actor.ts';
import type { SeenApp } from '../domain/app.ts';
import type { AppSetup, SetupOrder } from '../domain/app-setup.ts';
import type { Build } from '../domain/build.ts';
import { PlatformError } from '../domain/errors.ts';
import type { AppSetups as AppSetupStore } from '../ports/app-setups.ts';
import type { Apps as AppStore } from '../ports/apps.ts';
import type { Builds } from '../ports/builds.ts';
import type { Egress } from '../ports/egress.ts';
import type { Apps } from './apps.ts';
import { checked } from './builds.ts';
import { refuseBadKeys } from './config-vars.ts';
import { needCreating, needListing, reach } from './reach.ts';
import { checkSourceUrl } from './source-address.ts';

interface SetupWish extends SetupOrder {
  readonly name?: string | undefined;
  readonly team?: string | undefined;
  readonly locked?: boolean | undefined;
  readonly checksum: string | null;
  readonly version: string | null;
}

/** A setup, the app it makes, and the build once it has begun. */
interface SeenSetup {
  readonly setup: AppSetup;
  readonly app: Pick<SeenApp, 'id' | 'name'>;
  readonly build: Build | null;
}

/** An app from a source alone: its app.json says how it is configured, built, scaled and begun. */
export interface AppSetups {
  /**
   * Makes the app at once, and begins what app.json asks for. Throws `invalid_params`, `egress_refused`,
   * `name_taken`, `forbidden_team`, and `scope_too_small` also when config vars are given and the token may not set any.
   */
  create(actor: Actor, wish: SetupWish, signal: AbortSignal): Promise<SeenSetup>;
  /** Of an app the caller may view, or one that they began and that failed before there was anything of its app. */
  find(actor: Actor, id: string, signal: AbortSignal): Promise<SeenSetup>;
}

export interface AppSetupsDeps {
  readonly apps: Pick<Apps, 'create'>;
  readonly appStore: Pick<AppStore, 'findFor'>;
  readonly builds: Pick<Builds, 'find'>;
  readonly store: Pick<AppSetupStore, 'find'>;
  readonly egress: Pick<Egress, 'check'>;
}

function withoutApp(actor: Actor, setup: AppSetup, name: string, missing: Error): SeenSetup {
  if (setup.userId !== actor.userId || !scopesCover(actor.scopes, 'view', setup.appId)) throw missing;
  return { setup, app: { id: setup.appId, name }, build: null };
}

export function createAppSetups({ apps, appStore, builds, store, egress }: AppSetupsDeps): AppSetups {
  return {
    async create(actor, wish, signal) {
      needCreating(actor);
      const { name, team, locked, checksum, version, source, env } = wish;
      if (env.size > 0 && !scopesCover(actor.scopes, 'configure', ''))
        throw PlatformError.of('scope_too_small', { what: 'setting config vars' });
      if ('url' in source) checkSourceUrl(egress, source.url);
      refuseBadKeys(env, null);
      const buildpacks = wish.buildpacks && checked(wish.buildpacks);
      const setup = {
        ...{ id: randomUUID(), userId: actor.userId, buildId: randomUUID() },
        source: { checksum, version },
        order: { source, env, buildpacks },
      };
      const app = await apps.create(actor, { name, team, locked, setup }, signal);
      const made = await store.find(setup.id, signal);
      if (!made) throw PlatformError.of('not_found', { resource: 'app', name: app.name });
      return { setup: made, app, build: null };
    },

    async find(actor, id, signal) {
      needListing(actor);
      const missing = PlatformError.of('not_found', { resource: 'app_setup', name: id.slice(0, 100) });
      const setup = await store.find(id, signal);
      if (!setup) throw missing;
      if (setup.formerApp !== null) return withoutApp(actor, setup, setup.formerApp, missing);
      const app = await reach(appStore, actor, 'view', setup.appId, signal).catch((err: unknown) => {
        if (!PlatformError.is(err, 'not_found')) throw err;
      });
      if (app) return { setup, app, build: (await builds.find(setup.buildId, signal)) ?? null };
      // It may have failed between the two looks, and taken its app along.
      const now = await store.find(id, signal);
      if (!now || now.formerApp === null) throw missing;
      return withoutApp(actor, now, now.formerApp, missing);
    },
  };
}
