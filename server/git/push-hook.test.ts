import { describe, expect, it } from 'vitest';
import { refusalOf } from './push-hook.ts';

const update = (ref: string) => ({ ref, from: null, to: 'a'.repeat(40) });

describe('refusalOf [S-GIT-07] [S-INJ-03]', () => {
  it.each([
    'refs/heads/main',
    'refs/heads/feature/#123-grüße',
    'refs/heads/dependabot/npm_and_yarn/@types/node-20',
    'refs/tags/v1.0.0',
    `refs/heads/${'x'.repeat(244)}`,
  ])('has nothing against %s', (ref) => {
    expect(refusalOf([update(ref)])).toBeUndefined();
  });

  it.each([
    'refs/heads/--upload-pack=x',
    'refs/heads/-x',
    'refs/heads/a/-x',
    'refs/heads/a..b',
    'refs/heads/a@{1}',
    'refs/heads/a.lock',
    'refs/heads/a.lock/b',
    'refs/heads/.a',
    'refs/heads/a//b',
    'refs/heads/a b',
    'refs/heads/a\nb',
    'refs/heads/a\u001bb',
    'refs/heads/',
    'refs/notes/x',
    'refs/gantry/builds/x',
    'HEAD',
    '__proto__',
    `refs/heads/${'x'.repeat(245)}`,
  ])('refuses %j', (ref) => {
    expect(refusalOf([update('refs/heads/main'), update(ref)])).toContain('is not a branch or tag name');
  });

  it('refuses more than a hundred refs at once', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => update(`refs/heads/b${i}`));
    expect(refusalOf(many.slice(0, 100))).toBeUndefined();
    expect(refusalOf(many)).toBe('it changes 10000 refs; at most 100 may change in one push');
  });
});
