import type { Role, TeamRole } from './access.ts';

export interface Person {
  readonly id: string;
  readonly email: string;
}

/** Directory who have apps together. */
export interface Team {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A team, and what somebody is in it; null: nothing. */
export interface SeenTeam extends Team {
  readonly role: TeamRole | null;
}

export interface TeamMember {
  readonly id: string;
  readonly user: Person;
  readonly role: TeamRole;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Somebody who may do something with an app that is not theirs. */
export interface Collaborator {
  readonly id: string;
  readonly user: Person;
  readonly role: Role;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** An app that its owner offers to somebody else. */
export interface AppTransfer {
  readonly id: string;
  readonly app: { readonly id: string; readonly name: string };
  readonly owner: Person;
  readonly recipient: Person;
  readonly state: 'pending' | 'accepted' | 'declined';
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
