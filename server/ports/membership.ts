import type { Role, TeamRole } from '../domain/access.ts';
import type { App } from '../domain/app.ts';
import type { AppTransfer, Collaborator, Person, SeenTeam, Team, TeamMember } from '../domain/team.ts';

/** Who there is. */
export interface Directory {
  /** By id or e-mail address, whatever its case. */
  find(idOrEmail: string, signal: AbortSignal): Promise<(Person & { readonly createdAt: Date }) | undefined>;
  /** True when both are in one team, or both may do something with one living app. */
  share(userId: string, otherId: string, signal: AbortSignal): Promise<boolean>;
}

/** Those who may do something with an app besides its owner or its team. */
export interface Collaborators {
  /** By e-mail address. */
  list(appId: string, signal: AbortSignal): Promise<readonly Collaborator[]>;
  /** Makes or changes one. */
  put(appId: string, userId: string, role: Role, signal: AbortSignal): Promise<Collaborator>;
  /** False when there was none. */
  remove(appId: string, userId: string, signal: AbortSignal): Promise<boolean>;
}

export interface Teams {
  /** Makes the team with this administrator. Throws `name_taken`. */
  create(
    team: { readonly id: string; readonly name: string },
    adminId: string,
    signal: AbortSignal,
  ): Promise<Team>;
  /** By name or id, with what this user is in it. */
  find(userId: string, nameOrId: string, signal: AbortSignal): Promise<SeenTeam | undefined>;
  /** Those this user is in, or all of them, by name. */
  list(userId: string, which: 'own' | 'all', signal: AbortSignal): Promise<readonly SeenTeam[]>;
  /** Throws `name_taken`. */
  rename(teamId: string, name: string, signal: AbortSignal): Promise<void>;
  /** False when living apps belong to it. */
  remove(teamId: string, signal: AbortSignal): Promise<boolean>;
  /** By e-mail address. */
  members(teamId: string, signal: AbortSignal): Promise<readonly TeamMember[]>;
  /** Makes or changes one; undefined, and nothing changes, when no administrator would be left. */
  putMember(
    teamId: string,
    userId: string,
    role: TeamRole,
    signal: AbortSignal,
  ): Promise<TeamMember | undefined>;
  /** With their rights on the apps of the team. False, and nothing changes, when no administrator would be left. */
  removeMember(teamId: string, userId: string, signal: AbortSignal): Promise<boolean>;
}

/** Offers to take an app over. */
export interface Transfers {
  create(
    offer: {
      readonly id: string;
      readonly appId: string;
      readonly ownerId: string;
      readonly recipientId: string;
    },
    signal: AbortSignal,
  ): Promise<AppTransfer>;
  /** Those this user made or got, of living apps, newest first. */
  list(userId: string, signal: AbortSignal): Promise<readonly AppTransfer[]>;
  /** Answers a pending offer; accepting moves the app, as `Apps.give` does. False when it was answered before, or the app is no longer the offerer's. */
  answer(id: string, state: 'accepted' | 'declined', signal: AbortSignal): Promise<boolean>;
  remove(id: string, signal: AbortSignal): Promise<void>;
}

/** To whom an app is given. */
export interface NewOwner {
  readonly userId: string;
  readonly teamId: string | null;
}

/** What of an app's belonging may change. Each is false when the row changed since it was read. */
export interface Belonging {
  setLocked(app: App, locked: boolean, signal: AbortSignal): Promise<boolean>;
  /** Gives the app away: who owned it stays its collaborator; offers of it are void. */
  give(app: App, to: NewOwner, signal: AbortSignal): Promise<boolean>;
}
