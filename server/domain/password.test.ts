import { describe, expect, it } from 'vitest';
import { parseEmail, passwordProblem } from './password.ts';

describe('a new password [S-API-07]', () => {
  it.each(['', 'short', 'elevenchars', 'x'.repeat(257), 'passwordpassword', 'password1234!', '123456789012'])(
    'is not %j',
    (text) => {
      expect(passwordProblem(text, 'ann@example.com')).toMatch(/^(?:must|is)/);
    },
  );

  it.each(['abababababab', 'qwertyuiopas', 'Ann@Example.com', 'I am ann@example.com'])(
    'is not %j, which others would guess',
    (text) => {
      expect(passwordProblem(text, 'ann@example.com')).toMatch(/guess/);
    },
  );

  it.each(['wide river, three stones', 'пять больших котов', 'K7$kq!0-pzX2'])('may be %j', (text) => {
    expect(passwordProblem(text, 'ann@example.com')).toBeUndefined();
  });
});

describe('an email address', () => {
  it('is kept in small letters', () => {
    expect(parseEmail(' Ann+ci@Example.COM ')).toBe('ann+ci@example.com');
    expect(parseEmail('admin@localhost')).toBe('admin@localhost');
  });

  it.each(['', 'ann', '@x', 'a@', 'a@b@c', 'a b@c', 'a@-b', 'a\n@b.c', `${'a'.repeat(65)}@b.c`, 'a@b#1234'])(
    'is not %j',
    (text) => {
      expect(parseEmail(text)).toBeUndefined();
    },
  );
});
