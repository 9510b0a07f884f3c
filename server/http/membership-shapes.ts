import { permissionsOf, ROLES, type Role } from '../domain/access.ts';
import type {
  AppTransferResource,
  CollaboratorResource,
  PermissionResource,
  TeamFeatureResource,
  TeamInvitationResource,
  TeamMemberResource,
  TeamResource,
  UserResource,
} from '../contract/resources.ts';
import type { App } from '../domain/app.ts';
import type { AppTransfer, Person, SeenTeam, TeamMember } from '../domain/team.ts';
import type { Access } from '../services/collaborators.ts';
import { uuidOf, wireTime } from './shapes.ts';

const ABOUT: Readonly<Record<Role, string>> = {
  view: 'See the app, its releases, processes and logs',
  deploy: 'Push code, roll back, and read config vars',
  operate: 'Change config vars, scale, restart, manage domains and drains',
  manage: 'Decide who may do what, and lock the app',
  admin: 'Destroy the app or give it away',
};

const shapePermission = (name: Role): PermissionResource => ({ name, description: ABOUT[name] });

/** Everything that can be permitted to a collaborator. */
export function shapePermissions(): PermissionResource[] {
  return ROLES.filter((role) => role !== 'admin').map(shapePermission);
}

export function shapeUser({ id, email }: Person): UserResource {
  return { id, email, name: null };
}

export function shapeAccess(access: Access, app: App): CollaboratorResource {
  return {
    // The owner is a collaborator on the wire only.
    id: access.owner ? uuidOf(`collaborator:${app.id}:${access.user.id}`) : access.id,
    app: { id: app.id, name: app.name },
    user: { id: access.user.id, email: access.user.email, federated: false },
    role: roleOf(access),
    permissions: access.owner ? [] : permissionsOf(access.role).map(shapePermission),
    created_at: wireTime(access.createdAt),
    updated_at: wireTime(access.updatedAt),
  };
}

/**
 * Clients put the administrators of a team beside the collaborators of its apps, and leave out of those whoever is called
 * `admin` here: who is both would be listed twice.
 */
function roleOf({ owner, byTeam }: Access): string {
  if (owner) return 'owner';
  return byTeam ? 'admin' : 'collaborator';
}

export function shapeTeam(team: SeenTeam): TeamResource {
  return {
    id: team.id,
    name: team.name,
    role: team.role,
    type: 'team',
    default: false,
    credit_card_collections: false,
    enterprise_account: null,
    identity_provider: null,
    membership_limit: null,
    provisioned_licenses: false,
    created_at: wireTime(team.createdAt),
    updated_at: wireTime(team.updatedAt),
  };
}

export function shapeMember(member: TeamMember): TeamMemberResource {
  return {
    id: member.id,
    email: member.user.email,
    role: member.role,
    user: shapeUser(member.user),
    federated: false,
    identity_provider: null,
    two_factor_authentication: false,
    created_at: wireTime(member.createdAt),
    updated_at: wireTime(member.updatedAt),
  };
}

/** What was asked with an invitation and has happened already. */
export function shapeInvitation(member: TeamMember, team: SeenTeam, by: Person): TeamInvitationResource {
  return {
    id: member.id,
    invited_by: shapeUser(by),
    team: { id: team.id, name: team.name },
    role: member.role,
    user: shapeUser(member.user),
    created_at: wireTime(member.createdAt),
    updated_at: wireTime(member.updatedAt),
  };
}

/**
 * What clients ask before they do something: whether people must accept before they are members (here they are at once),
 * and whether a right on an app can be less than everything. Without the latter they ask for everything.
 */
const TEAM_FEATURES = [
  {
    name: 'team-invite-acceptance',
    enabled: false,
    display_name: 'Accepting invitations',
    description: 'Whoever is added to a team has to accept first',
  },
  {
    name: 'org-access-controls',
    enabled: true,
    display_name: 'Rights on apps',
    description: 'Collaborators of an app of the team have the permissions they are given, and no others',
  },
] as const;

export function shapeFeatures(team: SeenTeam): TeamFeatureResource[] {
  return TEAM_FEATURES.map((feature) => ({
    id: uuidOf(`feature:${feature.name}`),
    ...feature,
    ...{ doc_url: '', feedback_email: '', state: 'general' },
    created_at: wireTime(team.createdAt),
    updated_at: wireTime(team.createdAt),
  }));
}

export function shapeTransfer(transfer: AppTransfer): AppTransferResource {
  return {
    id: transfer.id,
    app: { id: transfer.app.id, name: transfer.app.name },
    owner: { id: transfer.owner.id, email: transfer.owner.email },
    recipient: { id: transfer.recipient.id, email: transfer.recipient.email },
    state: transfer.state,
    created_at: wireTime(transfer.createdAt),
    updated_at: wireTime(transfer.updatedAt),
  };
}
