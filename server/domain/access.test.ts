import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  higher,
  isScope,
  mayJoin,
  permissionsOf,
  roleFor,
  roleHas,
  roleOf,
  ROLES,
  scopesCover,
  TEAM_ROLES,
  type Permission,
} from './access.ts';

const APP = '01234567-89ab-4cde-8f01-23456789abcd';
const OTHER = '11234567-89ab-4cde-8f01-23456789abcd';
const PERMISSIONS: readonly Permission[] = [
  ...([
    'view',
    'secrets',
    'deploy',
    'operate',
    'configure',
    'run',
    'manage',
    'share',
    'admin',
    'give',
  ] as const),
];

describe('a role', () => {
  it('includes those before it, and config vars from the one that may deploy', () => {
    const allowed = (role: (typeof ROLES)[number]) => PERMISSIONS.filter((one) => roleHas(role, one));
    expect(allowed('view')).toEqual(['view']);
    expect(allowed('deploy')).toEqual(['view', 'secrets', 'deploy']);
    expect(allowed('operate')).toEqual(['view', 'secrets', 'deploy', 'operate', 'configure', 'run']);
    expect(allowed('manage')).not.toContain('give');
    expect(allowed('manage')).toContain('share');
    expect(allowed('admin')).toEqual(PERMISSIONS);
  });

  it('is the higher of two', () => {
    expect(higher('view', 'manage')).toBe('manage');
    expect(higher(null, 'view')).toBe('view');
    expect(higher('deploy', null)).toBe('deploy');
    expect(higher(null, null)).toBeNull();
  });
});

describe('a scope', () => {
  it.each([
    ['global', PERMISSIONS],
    ['identity', []],
    ['read', ['view']],
    ['read-protected', ['view', 'secrets']],
    ['write', ['view', 'deploy', 'operate', 'manage', 'admin']],
    ['write-protected', PERMISSIONS],
    [`deploy:${APP}`, ['view', 'deploy']],
    [`deploy:${OTHER}`, []],
  ])('%s covers no more than its word [S-API-05]', (scope, permissions) => {
    if (!isScope(scope)) throw new Error('not a scope');
    expect(PERMISSIONS.filter((one) => scopesCover([scope], one, APP))).toEqual(permissions);
  });

  it('is one of the known words', () => {
    for (const text of ['', 'Global', 'deploy', 'deploy:', 'deploy:../x', '__proto__', 'read write'])
      expect(isScope(text)).toBe(false);
  });

  it('covers nothing when there is none', () => {
    expect(PERMISSIONS.filter((one) => scopesCover([], one, APP))).toEqual([]);
  });
});

const standing = fc.record({
  owner: fc.boolean(),
  team: fc.constantFrom(null, ...TEAM_ROLES),
  collaborator: fc.constantFrom(null, ...ROLES),
});
const rank = (role: (typeof ROLES)[number] | null): number => (role === null ? -1 : ROLES.indexOf(role));

describe('what a person may do with an app', () => {
  it('is everything for its owner, its team’s administrators and those of the platform, and never more than one of them says', () => {
    fc.assert(
      fc.property(standing, fc.boolean(), (one, admin) => {
        const role = roleOf(one, { admin });
        if (admin || one.owner || one.team === 'admin') expect(role).toBe('admin');
        else {
          const inTeam = one.team === 'member' || one.team === 'viewer' ? 'view' : null;
          expect(rank(role)).toBe(Math.max(rank(one.collaborator), rank(inTeam)));
        }
      }),
    );
  });

  it('does not shrink by becoming a collaborator, nor by joining its team', () => {
    fc.assert(
      fc.property(standing, standing, (one, other) => {
        const nobody = { admin: false };
        const before = rank(roleOf(one, nobody));
        expect(
          rank(roleOf({ ...one, collaborator: higher(one.collaborator, other.collaborator) }, nobody)),
        ).toBeGreaterThanOrEqual(before);
        if (one.team === null)
          expect(rank(roleOf({ ...one, team: other.team }, nobody))).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  it('is nothing at all for somebody who is nothing to it', () => {
    const stranger = { owner: false, team: null, collaborator: null };
    expect(roleOf(stranger, { admin: false })).toBeNull();
    expect(roleOf({ ...stranger, team: 'collaborator' }, { admin: false })).toBeNull();
  });

  it('lets members of a team join its apps, unless they are locked', () => {
    for (const team of [null, ...TEAM_ROLES]) {
      const one = { owner: false, team, collaborator: null };
      expect(mayJoin(one, { locked: false })).toBe(team === 'member');
      expect(mayJoin(one, { locked: true })).toBe(false);
    }
  });
});

describe('the permissions of the wire', () => {
  it('are a role, and back, but never admin', () => {
    for (const role of ROLES.filter((one) => one !== 'admin'))
      expect(roleFor(permissionsOf(role))).toBe(role);
    expect(permissionsOf('admin')).toEqual(['view', 'deploy', 'operate', 'manage']);
    for (const wrong of [[], ['admin'], ['view', 'root'], ['__proto__'], ['View']])
      expect(roleFor(wrong)).toBeUndefined();
    expect(roleFor(['deploy'])).toBe('deploy');
  });
});
