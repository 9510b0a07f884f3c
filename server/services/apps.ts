import { randomBytes, randomUUID } from 'node:crypto';
import { pause } from '../../lib/deadline.ts';
import type { Actor } from '../domain/actor.ts';
import type { App } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { appName, branch } from '../domain/names.ts';
import { randomAppName } from '../domain/random-name.ts';
import type { Apps as AppStore } from '../ports/apps.ts';
import type { Repositories } from '../ports/repositories.ts';
import { needCreating, needListing, reach } from './reach.ts';
import type { Wake } from './wake.ts';

export interface Apps {
  /** Makes an app with release v1 and an empty repository. Without a name it gets one. Throws `invalid_params`, `name_taken`. */
  create(actor: Actor, input: { readonly name?: string | undefined }, signal: AbortSignal): Promise<App>;
  list(actor: Actor, signal: AbortSignal): Promise<readonly App[]>;
  find(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<App>;
  /** As `find`, for whoever may deploy it. */
  deployable(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<App>;
  /** As `find`, for whoever may operate it: where a change is asked for, before what is wrong with it is told. */
  operable(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<App>;
  /** Sets the one branch that deploys the app; null: `main` or `master`, whichever is deployed first. Throws `invalid_params`. */
  setDeployBranch(actor: Actor, nameOrId: string, branch: string | null, signal: AbortSignal): Promise<App>;
  /** Whether visitors get the maintenance page; instances and deploys go on. Idempotent. */
  setMaintenance(actor: Actor, nameOrId: string, on: boolean, signal: AbortSignal): Promise<App>;
  /** Whether its owner wants certificates to be got for its domains. Idempotent. */
  setAcm(actor: Actor, nameOrId: string, on: boolean, signal: AbortSignal): Promise<App>;
  /**
   * Gives the app another name; when it answers the router knows the app by it, and by the old one no more. Its
   * repository, releases and instances stay what they are. Throws `invalid_params`, `name_taken`.
   */
  rename(actor: Actor, nameOrId: string, name: string, signal: AbortSignal): Promise<App>;
  /** Takes the app out of service at once and frees its name; the controller removes what it leaves behind. */
  destroy(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<App>;
}

export interface AppsDeps {
  readonly store: AppStore;
  readonly repositories: Pick<Repositories, 'ensure'>;
  readonly controller: Wake;
  /** Whether the router has acknowledged that it carries the app of this name. */
  readonly routed: (name: string) => boolean;
}

/** A router that is away must not keep a change from being answered: it is made, and takes effect when it is back. */
const ROUTED_MS = 5_000;
const LOOK_MS = 20;

export function createApps({ store, repositories, controller, routed }: AppsDeps): Apps {
  async function untilRouted(name: string, signal: AbortSignal): Promise<void> {
    for (let waited = 0; waited < ROUTED_MS && !routed(name); waited += LOOK_MS) await pause(LOOK_MS, signal);
  }

  return {
    async create(actor, input, signal) {
      needCreating(actor);
      const name = checkedName(input.name ?? randomAppName(randomBytes(4)));
      const id = randomUUID();
      const app = await store.create({ id, name, ownerId: actor.userId, deployBranch: null }, signal);
      // After the row: a crash in between leaves an app whose repository the first push makes.
      await repositories.ensure(id, signal);
      controller.wake(id);
      return app;
    },

    list(actor, signal) {
      needListing(actor);
      return store.list(actor, signal);
    },

    find: (actor, nameOrId, signal) => reach(store, actor, 'view', nameOrId, signal),

    deployable: (actor, nameOrId, signal) => reach(store, actor, 'deploy', nameOrId, signal),

    operable: (actor, nameOrId, signal) => reach(store, actor, 'operate', nameOrId, signal),

    async setDeployBranch(actor, nameOrId, wanted, signal) {
      const app = await reach(store, actor, 'manage', nameOrId, signal);
      const problem = wanted === null ? undefined : branch.safeParse(wanted).error?.issues[0]?.message;
      if (problem !== undefined) throw PlatformError.of('invalid_params', { field: 'branch', problem });
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
      const name = checkedName(wanted);
      if (name === app.name) return app;
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

function checkedName(wanted: string): string {
  const parsed = appName.safeParse(wanted);
  if (parsed.success) return parsed.data;
  const problem = parsed.error.issues[0]?.message ?? 'is not valid';
  throw PlatformError.of('invalid_params', { field: 'Name', problem });
}
