import { randomBytes, randomUUID } from 'node:crypto';
import { pause } from '../../lib/deadline.ts';
import type { Actor } from '../domain/actor.ts';
import { branchName, type App, type SeenApp } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { branch, newAppName } from '../domain/names.ts';
import { randomAppName } from '../domain/random-name.ts';
import type { SeenTeam } from '../domain/team.ts';
import type { NewSetup } from '../ports/app-setups.ts';
import type { Apps as AppStore } from '../ports/apps.ts';
import type { Repositories } from '../ports/repositories.ts';
import type { Teams } from '../ports/membership.ts';
import { needCreating, reach, seenApps } from './reach.ts';
import { reachTeam } from './teams.ts';
import type { Wake } from './wake.ts';

export interface Apps {
  /**
   * Makes an app with release v1 and an empty repository, in a team when one is named. Without a name it gets one.
   * Throws `invalid_params`, `name_taken`, `forbidden_team`.
   */
  create(actor: Actor, input: NewApp, signal: AbortSignal): Promise<SeenApp>;
  list(actor: Actor, signal: AbortSignal): Promise<readonly SeenApp[]>;
  find(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenApp>;
  /** As `find`, for whoever may deploy it. */
  deployable(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenApp>;
  /** As `find`, for whoever may operate it: where a change is asked for, before what is wrong with it is told. */
  operable(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenApp>;
  /** Sets the one branch that deploys the app; null: `main` or `master`, whichever is deployed first. Throws `invalid_params`. */
  setDeployBranch(actor: Actor, nameOrId: string, branch: string | null, signal: AbortSignal): Promise<App>;
  /** Whether visitors get the maintenance page; instances and deploys go on. Idempotent. */
  setMaintenance(actor: Actor, nameOrId: string, on: boolean, signal: AbortSignal): Promise<SeenApp>;
  /** Whether its owner wants certificates to be got for its domains. Idempotent. */
  setAcm(actor: Actor, nameOrId: string, on: boolean, signal: AbortSignal): Promise<SeenApp>;
  /**
   * Gives the app another name; when it answers the router knows the app by it, and by the old one no more. Its
   * repository, releases and instances stay what they are. Throws `invalid_params`, `name_taken`.
   */
  rename(actor: Actor, nameOrId: string, name: string, signal: AbortSignal): Promise<SeenApp>;
  /** Takes the app out of service at once and frees its name; the controller removes what it leaves behind. */
  destroy(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenApp>;
}

interface NewApp {
  readonly name?: string | undefined;
  readonly team?: string | undefined;
  readonly locked?: boolean | undefined;
  /** It is to be made of a source. */
  readonly setup?: NewSetup | undefined;
}

export interface AppsDeps {
  readonly store: AppStore;
  readonly teams: Pick<Teams, 'find'>;
  readonly repositories: Pick<Repositories, 'ensure' | 'clash'>;
  readonly controller: Wake;
  /** Whether the router has acknowledged that it carries the app of this name. */
  readonly routed: (name: string) => boolean;
}

/** A router that is away must not keep a change from being answered: it is made, and takes effect when it is back. */
const ROUTED_MS = 5_000;
const LOOK_MS = 20;

export function createApps({ store, teams, repositories, controller, routed }: AppsDeps): Apps {
  async function untilRouted(name: string, signal: AbortSignal): Promise<void> {
    for (let waited = 0; waited < ROUTED_MS && !routed(name); waited += LOOK_MS) await pause(LOOK_MS, signal);
  }

  return {
    async create(actor, input, signal) {
      needCreating(actor);
      const team = await teamFor(teams, actor, input, signal);
      const name = checkedName(input.name ?? randomAppName(randomBytes(4)));
      const id = randomUUID();
      const app = await store.create(
        {
          ...{ id, name, ownerId: actor.userId, deployBranch: null },
          ...(team && { team: { id: team.id, locked: input.locked === true } }),
          ...(input.setup && { setup: input.setup }),
        },
        signal,
      );
      // After the row: a crash in between leaves an app whose repository the first push makes.
      await repositories.ensure(id, signal);
      controller.wake(id);
      const collaborator = team ? ('manage' as const) : null;
      return { ...app, standing: { owner: !team, team: team?.role ?? null, collaborator } };
    },

    list: (actor, signal) => seenApps(store, actor, signal),

    find: (actor, nameOrId, signal) => reach(store, actor, 'view', nameOrId, signal),

    deployable: (actor, nameOrId, signal) => reach(store, actor, 'deploy', nameOrId, signal),

    operable: (actor, nameOrId, signal) => reach(store, actor, 'operate', nameOrId, signal),

    async setDeployBranch(actor, nameOrId, wanted, signal) {
      const app = await reach(store, actor, 'manage', nameOrId, signal);
      if (wanted !== null) await checkBranch(repositories, app, wanted, signal);
      if (!(await store.setDeployBranch(app, wanted, signal)))
        throw PlatformError.of('app_changed', { app: app.name });
      return { ...app, deployBranch: wanted };
    },

    async setMaintenance(actor, nameOrId, on, signal) {
      const app = await reach(store, actor, 'operate', nameOrId, signal);
      if (app.maintenance === on) return app;
      if (!(await store.setFlags(app, { maintenance: on }, signal)))
        throw PlatformError.of('app_changed', { app: app.name });
      controller.wake(app.id);
      return { ...app, maintenance: on };
    },

    async setAcm(actor, nameOrId, on, signal) {
      const app = await reach(store, actor, 'operate', nameOrId, signal);
      if (app.acm === on) return app;
      if (!(await store.setFlags(app, { acm: on }, signal)))
        throw PlatformError.of('app_changed', { app: app.name });
      return { ...app, acm: on };
    },

    async rename(actor, nameOrId, wanted, signal) {
      const app = await reach(store, actor, 'manage', nameOrId, signal);
      if (wanted === app.name) return app;
      const name = checkedName(wanted);
      if (!(await store.rename(app, name, signal))) throw PlatformError.of('app_changed', { app: app.name });
      controller.wake(app.id);
      await untilRouted(name, signal);
      return { ...app, name, revision: app.revision + 1 };
    },

    async destroy(actor, nameOrId, signal) {
      const app = await reach(store, actor, 'admin', nameOrId, signal);
      if (!(await store.markDeleted(app, signal))) throw PlatformError.of('app_changed', { app: app.name });
      controller.wake(app.id);
      return app;
    },
  };
}

/** Throws `invalid_params` for what git takes for no branch, or cannot keep beside those that it has of the app. */
async function checkBranch(
  repositories: AppsDeps['repositories'],
  { id, name }: App,
  wanted: string,
  signal: AbortSignal,
): Promise<void> {
  const refuse = (problem: string): Error => PlatformError.of('invalid_params', { field: 'branch', problem });
  const problem = branch.safeParse(wanted).error?.issues[0]?.message;
  if (problem !== undefined) throw refuse(problem);
  const clash = await repositories.clash(id, `refs/heads/${wanted}`, signal);
  if (clash !== null)
    throw refuse(
      `cannot be ${wanted} beside ${branchName(clash)}, which ${name} has from an earlier deploy; choose another name`,
    );
}

function checkedName(wanted: string): string {
  const parsed = newAppName.safeParse(wanted);
  if (parsed.success) return parsed.data;
  const problem = parsed.error.issues[0]?.message ?? 'is not valid';
  throw PlatformError.of('invalid_params', { field: 'Name', problem });
}

/** The team that an app is to belong to, if any. */
async function teamFor(
  teams: AppsDeps['teams'],
  actor: Actor,
  { team, locked }: NewApp,
  signal: AbortSignal,
): Promise<SeenTeam | undefined> {
  if (team !== undefined) return reachTeam(teams, actor, 'contribute', team, signal);
  if (locked !== true) return undefined;
  throw PlatformError.of('invalid_params', { field: 'locked', problem: 'is of apps of teams only' });
}
