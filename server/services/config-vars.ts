import { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import type { App } from '../domain/app.ts';
import {
  CONFIG_MAX_BYTES,
  configKey,
  configValue,
  describeChange,
  shadowed,
  type ConfigChange,
} from '../domain/config-vars.ts';
import type { Deployment } from '../domain/deployment.ts';
import { PlatformError } from '../domain/errors.ts';
import type { ConfigVars as Values, Release } from '../domain/release.ts';
import type { Apps } from '../ports/apps.ts';
import type { Releases } from '../ports/releases.ts';
import { reach } from './reach.ts';
import type { Wake } from './wake.ts';

export interface ConfigVars {
  get(actor: Actor, app: string, signal: AbortSignal): Promise<Values>;
  ofRelease(actor: Actor, app: string, release: string, signal: AbortSignal): Promise<Values>;
  /**
   * Makes a release with the changed config and, when something runs, its deployment. A change that changes nothing
   * makes no release. Throws `invalid_params`, `config_too_large`, `deploy_in_progress`, `app_changed`.
   */
  change(
    actor: Actor,
    app: string,
    change: ConfigChange,
    signal: AbortSignal,
  ): Promise<{
    readonly config: Values;
    readonly release: Release | null;
    readonly deployment: Deployment | null;
  }>;
}

interface Deps {
  readonly apps: Apps;
  readonly releases: Releases;
  readonly controller: Wake;
}

export function createConfigVars({ apps, releases, controller }: Deps): ConfigVars {
  return {
    async get(actor, name, signal) {
      const app = await reach(apps, actor, 'secrets', name, signal);
      return releases.configOf((await releases.latest(app.id, signal)).id, signal);
    },

    async ofRelease(actor, name, version, signal) {
      const app = await reach(apps, actor, 'secrets', name, signal);
      const release = await releases.find(app.id, version, signal);
      if (!release) throw PlatformError.of('not_found', { resource: 'release', name: version.slice(0, 100) });
      return releases.configOf(release.id, signal);
    },

    async change(actor, name, change, signal) {
      const app = await reach(apps, actor, 'configure', name, signal);
      return changeConfig({ releases, controller }, { app, change, userId: actor.userId }, signal);
    },
  };
}

/** `ConfigVars.change` for whoever has been asked already whether they may. */
export async function changeConfig(
  { releases, controller }: Pick<Deps, 'releases' | 'controller'>,
  { app, change, userId }: { readonly app: App; readonly change: ConfigChange; readonly userId: string },
  signal: AbortSignal,
): ReturnType<ConfigVars['change']> {
  const base = await releases.latest(app.id, signal);
  refuseBadKeys(change, base.image?.builder ?? null);
  const before = await releases.configOf(base.id, signal);
  const effective = new Map(
    [...change].filter(([key, value]) => (before.get(key)?.reveal() ?? null) !== value),
  );
  if (effective.size === 0) return { config: before, release: null, deployment: null };

  const config = merge(before, effective);
  refuseTooLarge(app.name, config);
  const made = await releases.create(
    app,
    {
      base: base.version,
      description: describeChange(effective),
      image: base.image,
      config,
      commit: base.commit,
      userId,
      buildId: null,
      formation: app.formation,
    },
    signal,
  );
  // Of what was never deployed there is nothing to be brought up to date.
  if (made.deployment !== null) controller.wake(app.id);
  return { config, ...made };
}

/** What is shadowed may still be removed: it may have been set before that was refused. */
export function refuseBadKeys(change: ConfigChange, builder: string | null): void {
  for (const [key, value] of change) {
    const issue =
      configKey.safeParse(key).error?.issues[0] ??
      (value === null ? undefined : configValue.safeParse(value).error?.issues[0]);
    const problem = issue?.message ?? (value === null ? undefined : shadowed(key, builder));
    if (problem !== undefined)
      throw PlatformError.of('invalid_params', {
        field: `Config var ${JSON.stringify(key.slice(0, 60))}`,
        problem,
      });
  }
}

function merge(before: Values, change: ConfigChange): Values {
  const after = new Map(before);
  for (const [key, value] of change) {
    if (value === null) after.delete(key);
    else after.set(key, new Secret(value));
  }
  return after;
}

function refuseTooLarge(app: string, config: Values): void {
  const bytes = [...config].reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value.reveal()),
    0,
  );
  if (bytes > CONFIG_MAX_BYTES) throw PlatformError.of('config_too_large', { app, limit: CONFIG_MAX_BYTES });
}
