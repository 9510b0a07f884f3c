import { randomUUID } from 'node:crypto';
import type { Actor } from '../domain/actor.ts';
import type { App, SeenApp } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import type { AppTransfer, Person } from '../domain/team.ts';
import type { Apps } from '../ports/apps.ts';
import type { Directory, Teams, Transfers as TransferStore } from '../ports/membership.ts';
import { isSelf, personOf } from './directory.ts';
import { needGlobal, reach } from './reach.ts';
import { reachTeam } from './teams.ts';

/** To whom apps belong. Rights given to others stay with the app; who owned it stays a collaborator. */
export interface Transfers {
  /**
   * Offers an app to somebody, who has it once they accept. An app of a team goes at once to one of its members.
   * Throws `user_unknown`, `invalid_params`.
   */
  offer(
    actor: Actor,
    order: { readonly app: string; readonly recipient: string },
    signal: AbortSignal,
  ): Promise<AppTransfer>;
  /** Those the caller made or got, newest first. */
  list(actor: Actor, signal: AbortSignal): Promise<readonly AppTransfer[]>;
  find(actor: Actor, id: string, signal: AbortSignal): Promise<AppTransfer>;
  /** By whom it was offered to. Throws `forbidden_transfer`, `transfer_over`. */
  answer(actor: Actor, id: string, state: 'accepted' | 'declined', signal: AbortSignal): Promise<AppTransfer>;
  /** Takes an offer back; also declines one. */
  withdraw(actor: Actor, id: string, signal: AbortSignal): Promise<AppTransfer>;
  /**
   * Gives an app at once: to a team the caller may put apps into; an app of a team also to its members.
   * Throws `invalid_params`, `app_changed`.
   */
  give(actor: Actor, app: string, owner: string, signal: AbortSignal): Promise<SeenApp>;
  /** Whether members of its team may join an app by themselves. Throws `invalid_params`, `app_changed`. */
  lock(actor: Actor, app: string, locked: boolean, signal: AbortSignal): Promise<SeenApp>;
}

export interface TransfersDeps {
  readonly apps: Apps;
  readonly teams: Teams;
  readonly directory: Directory;
  readonly store: TransferStore;
}

export function createTransfers({ apps, teams, directory, store }: TransfersDeps): Transfers {
  async function find(actor: Actor, id: string, signal: AbortSignal): Promise<AppTransfer> {
    const found = (await store.list(actor.userId, signal)).find((one) => one.id === id);
    if (!found) throw PlatformError.of('not_found', { resource: 'app_transfer', name: id.slice(0, 100) });
    return found;
  }

  const giving = createGiving({ apps, teams, directory });

  return {
    async offer(actor, { app: name, recipient }, signal) {
      const app = await reach(apps, actor, 'give', name, signal);
      const to = await personOf(directory, actor, recipient, signal);
      if (app.team === null && to.id === app.owner.id)
        throw PlatformError.of('invalid_params', { field: to.email, problem: `owns ${app.name} already` });
      if (app.team === null) {
        const offer = { id: randomUUID(), appId: app.id, ownerId: app.owner.id, recipientId: to.id };
        return store.create(offer, signal);
      }
      await giving.toPerson(actor, app, to, signal);
      const at = app.updatedAt;
      const { id, email } = { id: actor.userId, email: actor.email };
      return {
        ...{ id: randomUUID(), app: { id: app.id, name: app.name }, owner: { id, email }, recipient: to },
        ...{ state: 'accepted', createdAt: at, updatedAt: at },
      };
    },

    async list(actor, signal) {
      needGlobal(actor, 'looking at offers of apps');
      return store.list(actor.userId, signal);
    },

    async find(actor, id, signal) {
      needGlobal(actor, 'looking at offers of apps');
      return find(actor, id, signal);
    },

    async answer(actor, id, state, signal) {
      needGlobal(actor, 'answering offers of apps');
      const offer = await find(actor, id, signal);
      if (offer.recipient.id !== actor.userId)
        throw PlatformError.of('forbidden_transfer', {
          app: offer.app.name,
          recipient: offer.recipient.email,
        });
      if (!(await store.answer(id, state, signal)))
        throw PlatformError.of('transfer_over', { app: offer.app.name });
      return { ...offer, state };
    },

    async withdraw(actor, id, signal) {
      needGlobal(actor, 'taking back offers of apps');
      const offer = await find(actor, id, signal);
      await store.remove(id, signal);
      return offer;
    },

    give: (actor, app, owner, signal) => giving.give(actor, app, owner, signal),
    lock: (actor, app, locked, signal) => giving.lock(actor, app, locked, signal),
  };
}

/** What moves an app at once. */
function createGiving({ apps, teams, directory }: Pick<TransfersDeps, 'apps' | 'teams' | 'directory'>) {
  async function move(app: App, userId: string, teamId: string | null, signal: AbortSignal): Promise<void> {
    if (!(await apps.give(app, { userId, teamId }, signal)))
      throw PlatformError.of('app_changed', { app: app.name });
  }

  /** An app of a team goes to a person at once, if they are of the team or may do as they please anyway. */
  async function toPerson(actor: Actor, app: App, to: Person, signal: AbortSignal): Promise<void> {
    const members = app.team === null ? [] : await teams.members(app.team.id, signal);
    if (!actor.admin && !members.some(({ user }) => user.id === to.id)) {
      const problem =
        app.team === null
          ? `must accept: offer them ${app.name}`
          : `must be a member of team ${app.team.name}`;
      throw PlatformError.of('invalid_params', { field: to.email, problem });
    }
    await move(app, to.id, null, signal);
  }

  return {
    toPerson,

    async give(actor: Actor, name: string, owner: string, signal: AbortSignal): Promise<SeenApp> {
      const app = await reach(apps, actor, 'give', name, signal);
      if (isSelf(actor, owner) || owner.includes('@')) {
        await toPerson(actor, app, await personOf(directory, actor, owner, signal), signal);
      } else {
        const team = await reachTeam(teams, actor, 'contribute', owner, signal);
        if (team.id !== app.team?.id) await move(app, actor.userId, team.id, signal);
      }
      const now = await apps.findFor(actor, app.id, signal);
      if (!now) throw PlatformError.of('app_changed', { app: app.name });
      return now;
    },

    async lock(actor: Actor, name: string, locked: boolean, signal: AbortSignal): Promise<SeenApp> {
      const app = await reach(apps, actor, 'share', name, signal);
      if (app.team === null) {
        const problem = 'is of apps of teams only; nobody joins this app by themselves';
        throw PlatformError.of('invalid_params', { field: 'locked', problem });
      }
      if (app.locked !== locked && !(await apps.setLocked(app, locked, signal)))
        throw PlatformError.of('app_changed', { app: app.name });
      return { ...app, locked };
    },
  };
}
