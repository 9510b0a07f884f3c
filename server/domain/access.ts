import type { Actor, Scope } from './actor.ts';

/**
 * What a person may do with an app or a team, each role including those before it. The owner of an app, the
 * administrators of its team and those of the platform are `admin`.
 */
export const ROLES = ['view', 'deploy', 'operate', 'manage', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a person is in a team, in the Platform API's words. A `collaborator` sees only the apps they collaborate on. */
export const TEAM_ROLES = ['admin', 'member', 'viewer', 'collaborator'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

/** What a person is to an app. */
export interface Standing {
  /** It belongs to them, and to no team. */
  readonly owner: boolean;
  /** Their role in the team the app belongs to. */
  readonly team: TeamRole | null;
  /** Their role as a collaborator. */
  readonly collaborator: Role | null;
}

/**
 * What is asked of an app: a role, to read its config vars, to change them, which shows them as well, to run a command
 * of one's own where they are, to say what others may do with it, or to give it to somebody else.
 */
export type Permission = Role | 'secrets' | 'configure' | 'run' | 'share' | 'give';

/** The least role that has a permission. Whoever may deploy code can make it print its environment. */
const LEAST: Readonly<Record<Permission, Role>> = {
  view: 'view',
  secrets: 'deploy',
  deploy: 'deploy',
  operate: 'operate',
  configure: 'operate',
  run: 'operate',
  manage: 'manage',
  share: 'manage',
  admin: 'admin',
  give: 'admin',
};

export function isScope(text: string): text is Scope {
  return /^(?:global|identity|(?:read|write)(?:-protected)?|deploy:[0-9a-f-]{36})$/.test(text);
}

/** The app that a scope asked for names, by name or id: `deploy:hello`. */
export function appOfScope(text: string): string | undefined {
  return /^deploy:([A-Za-z0-9-]{1,100})$/.exec(text)?.[1];
}

export function roleHas(role: Role, permission: Permission): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(LEAST[permission]);
}

/** What a person may do with an app; null: not even know that it is there. */
export function roleOf(
  { owner, team, collaborator }: Standing,
  { admin }: Pick<Actor, 'admin'>,
): Role | null {
  if (admin || owner || team === 'admin') return 'admin';
  return higher(collaborator, team === 'member' || team === 'viewer' ? 'view' : null);
}

/** Whether somebody may make themselves a collaborator: a member of the team, of an app that is not locked. */
export function mayJoin({ team }: Standing, { locked }: { readonly locked: boolean }): boolean {
  return team === 'member' && !locked;
}

/** What a collaborator may do for whom nothing was said: everything but to hand out rights, or to give the app away. */
export const USUAL_ROLE: Role = 'operate';

/** The permissions of the wire that a role includes. */
export function permissionsOf(role: Role): readonly Role[] {
  return ROLES.slice(0, Math.min(ROLES.indexOf(role), ROLES.indexOf('manage')) + 1);
}

/** The role that has these permissions of the wire; undefined when one of them is none. */
export function roleFor(permissions: readonly string[]): Role | undefined {
  const known = permissions.map((one) => ROLES.find((role) => role === one && role !== 'admin'));
  if (known.length === 0 || known.includes(undefined)) return undefined;
  return known.reduce<Role | null>((best, one) => higher(best, one ?? null), null) ?? undefined;
}

/** The higher of two roles; null is none. */
export function higher(a: Role | null, b: Role | null): Role | null {
  if (a === null || b === null) return a ?? b;
  return ROLES.indexOf(a) >= ROLES.indexOf(b) ? a : b;
}

/** Whether a credential is good for this on this app, whatever its owner's role is. */
export function scopesCover(scopes: readonly Scope[], permission: Permission, appId: string): boolean {
  return scopes.some((scope) => {
    if (scope === 'global') return true;
    if (scope === `deploy:${appId}`) return permission === 'view' || permission === 'deploy';
    return FOR_APPS[scope]?.(permission) ?? false;
  });
}

/** Whether a credential is good for making an app of one's own. */
export function scopesCoverCreating(scopes: readonly Scope[]): boolean {
  return scopes.some((scope) => ['global', 'write', 'write-protected'].includes(scope));
}

/** Whether a credential is good for listing apps: without it a list is not shorter, but refused. */
export function scopesCoverListing(scopes: readonly Scope[]): boolean {
  return scopes.some((scope) => scope !== 'identity');
}

/** Whether a credential is good for everything its owner may do: keys, tokens, the account itself. */
export function isGlobal({ scopes }: Pick<Actor, 'scopes'>): boolean {
  return scopes.includes('global');
}

/**
 * Whether a credential is good for giving things away, and rights on them. Not one that is kept from config vars: who
 * got the rights would read them.
 */
export function scopesCoverGiving(scopes: readonly Scope[]): boolean {
  return scopes.some((scope) => ['global', 'write-protected'].includes(scope));
}

/** Whether a credential is good for looking at teams and at those one shares something with. */
export function scopesCoverPeople(scopes: readonly Scope[]): boolean {
  return scopes.some((scope) => scope === 'global' || scope in FOR_APPS);
}

const FOR_APPS: Readonly<Record<string, (permission: Permission) => boolean>> = {
  read: (permission) => permission === 'view',
  'read-protected': (permission) => permission === 'view' || permission === 'secrets',
  // Code that it deploys can still tell what it finds; but that is a release, which everybody sees. Rights that it gave
  // would be good for what it is kept from, and outlive it.
  write: (permission) => !['secrets', 'configure', 'run', 'share', 'give'].includes(permission),
  'write-protected': () => true,
};
