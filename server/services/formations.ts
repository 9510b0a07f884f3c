import type { Actor } from '../domain/actor.ts';
import { instancesOf, MOST_INSTANCES, type App, type Formation } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { staysUp, type Release } from '../domain/release.ts';
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
  /** One entry per process type that stays up, of the newest release that did not fail. */
  list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly FormationEntry[]>;
  /**
   * Changes desired counts at once; the controller follows. Throws `process_type_not_found`, `invalid_params`,
   * `too_many_instances`, `release_command_not_scalable`, `app_changed`.
   */
  scale(
    actor: Actor,
    app: string,
    changes: ReadonlyMap<string, ScaleChange>,
    signal: AbortSignal,
  ): Promise<readonly FormationEntry[]>;
}

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
const A_MILLION = 1_000_000;

function scaled(app: App, release: Release, changes: ReadonlyMap<string, ScaleChange>): Formation {
  const types = Object.keys(release.image?.processes ?? {});
  const formation = new Map(app.formation);
  for (const [type, change] of changes) {
    if (types.includes(type) && !staysUp(type)) refuseInstances(app, change);
    else formation.set(type, counted(type, change, { formation, known: types.filter(staysUp) }));
  }
  const wanted = instancesOf(formation);
  // Whoever has more, from before there was a limit, may still take some away.
  if (wanted > MOST_INSTANCES && wanted > instancesOf(app.formation))
    throw PlatformError.of('too_many_instances', {
      app: app.name,
      wanted: sayable(wanted),
      limit: MOST_INSTANCES,
    });
  return formation;
}

/** The release command is listed with 0 instances: whoever sends the list back changes nothing. */
function refuseInstances(app: App, change: ScaleChange): void {
  if ('set' in change && change.set === 0) return;
  throw PlatformError.of('release_command_not_scalable', { app: app.name });
}

function counted(
  type: string,
  change: ScaleChange,
  { formation, known }: { readonly formation: Formation; readonly known: readonly string[] },
): number {
  if (!known.includes(type))
    throw PlatformError.of('process_type_not_found', { type: type.slice(0, 60), known });
  const count = 'set' in change ? change.set : (formation.get(type) ?? 0) + change.by;
  if (count >= 0) return count;
  throw PlatformError.of('invalid_params', {
    field: `Quantity of ${type}`,
    problem: `must be between 0 and ${MOST_INSTANCES}`,
  });
}

/** The door cuts what is absurd, which is not to be told as if it had been asked for. */
function sayable(count: number): number | string {
  return count < A_MILLION ? count : 'a million or more';
}

/** The release command among them, of which there is never an instance: clients look here whether there is one. */
function entries(app: App, release: Release): FormationEntry[] {
  return Object.entries(release.image?.processes ?? {}).map(([type, { command }]) => ({
    type,
    quantity: staysUp(type) ? (app.formation.get(type) ?? 0) : 0,
    command,
  }));
}
