import type { Actor } from '../domain/actor.ts';
import type { App, Formation } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Release } from '../domain/release.ts';
import type { Apps } from '../ports/apps.ts';
import type { Releases } from '../ports/releases.ts';
import { reach } from './reach.ts';
import type { Wake } from './wake.ts';

interface FormationEntry {
  readonly type: string;
  readonly quantity: number;
  readonly command: string;
}

/** `ps:scale web=3` sets, `web+1` and `web-1` change by. */
type ScaleChange = { readonly set: number } | { readonly by: number };

export interface Formations {
  /** One entry per process type of the newest release that did not fail. */
  list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly FormationEntry[]>;
  /** Changes desired counts at once; the controller follows. Throws `process_type_not_found`, `invalid_params`, `app_changed`. */
  scale(
    actor: Actor,
    app: string,
    changes: ReadonlyMap<string, ScaleChange>,
    signal: AbortSignal,
  ): Promise<readonly FormationEntry[]>;
}

/** Instances of one type: what one backend of the router holds, and plenty for one host. */
const MOST = 64;

export function createFormations({
  apps,
  releases,
  controller,
}: {
  apps: Apps;
  releases: Releases;
  controller: Wake;
}): Formations {
  return {
    async list(actor, name, signal) {
      const app = await reach(apps, actor, 'view', name, signal);
      return entries(app, await releases.latest(app.id, signal));
    },

    async scale(actor, name, changes, signal) {
      // A change computed anew from what is there is as good the second time, so a lost race is simply run again.
      for (let races = 0; ; races += 1) {
        const app = await reach(apps, actor, 'operate', name, signal);
        const release = await releases.latest(app.id, signal);
        const formation = scaled(app, release, changes);
        if (await apps.setFormation(app, formation, signal)) {
          controller.wake(app.id);
          return entries({ ...app, formation }, release);
        }
        if (races === RACES) throw PlatformError.of('app_changed', { app: app.name });
      }
    },
  };
}

const RACES = 5;

function scaled(app: App, release: Release, changes: ReadonlyMap<string, ScaleChange>): Formation {
  const known = Object.keys(release.image?.processes ?? {});
  const formation = new Map(app.formation);
  for (const [type, change] of changes) {
    if (!known.includes(type))
      throw PlatformError.of('process_type_not_found', { type: type.slice(0, 60), known });
    const count = 'set' in change ? change.set : (formation.get(type) ?? 0) + change.by;
    if (count < 0 || count > MOST) {
      throw PlatformError.of('invalid_params', {
        field: `Quantity of ${type}`,
        problem: `must be between 0 and ${MOST}`,
      });
    }
    formation.set(type, count);
  }
  return formation;
}

function entries(app: App, release: Release): FormationEntry[] {
  return Object.entries(release.image?.processes ?? {}).map(([type, process]) => ({
    type,
    quantity: app.formation.get(type) ?? 0,
    command: process.command,
  }));
}
