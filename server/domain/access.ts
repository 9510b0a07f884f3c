import type { Actor, Scope } from './actor.ts';

/**
 * What a person may do with an app or a team, each role including those before it. The owner of an app, the
 * administrators of its team and those of the platform are `admin`.
 */
export const ROLES = ['view', 'deploy', 'operate', 'manage', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What is asked of an app: a role, or to read its config vars. */
export type Permission = Role | 'secrets';

/** The least role that has a permission. Whoever may deploy code can make it print its environment. */
const LEAST: Readonly<Record<Permission, Role>> = {
  view: 'view',
  secrets: 'deploy',
  deploy: 'deploy',
  operate: 'operate',
  manage: 'manage',
  admin: 'admin',
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

const FOR_APPS: Readonly<Record<string, (permission: Permission) => boolean>> = {
  read: (permission) => permission === 'view',
  'read-protected': (permission) => permission === 'view' || permission === 'secrets',
  write: (permission) => permission !== 'secrets',
  'write-protected': () => true,
};
