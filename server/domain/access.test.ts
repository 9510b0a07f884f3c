import { describe, expect, it } from 'vitest';
import type { ROLES } from './access.ts';
import { higher, isScope, roleHas, scopesCover, type Permission } from './access.ts';

const APP = '01234567-89ab-4cde-8f01-23456789abcd';
const OTHER = '11234567-89ab-4cde-8f01-23456789abcd';
const PERMISSIONS: readonly Permission[] = ['view', 'secrets', 'deploy', 'operate', 'manage', 'admin'];

describe('a role', () => {
  it('includes those before it, and config vars from the one that may deploy', () => {
    const allowed = (role: (typeof ROLES)[number]) => PERMISSIONS.filter((one) => roleHas(role, one));
    expect(allowed('view')).toEqual(['view']);
    expect(allowed('deploy')).toEqual(['view', 'secrets', 'deploy']);
    expect(allowed('operate')).toEqual(['view', 'secrets', 'deploy', 'operate']);
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
  ])('%s covers no more than its word', (scope, permissions) => {
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
