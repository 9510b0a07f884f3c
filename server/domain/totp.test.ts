import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchingStep, otpauthUrl, toBase32, totpCode, totpStep } from './totp.ts';

/** The key of RFC 6238's own examples, whose last six digits these are. */
const KEY = toBase32(Buffer.from('12345678901234567890'));

describe('a one-time code [S-API-07]', () => {
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at second %i is %s, as the standard says', (second, code) => {
    const now = new Date(second * 1000);
    expect(totpCode(KEY, totpStep(now))).toBe(code);
    expect(matchingStep(KEY, code, now)).toBe(totpStep(now));
  });

  it('may be one step early or late, and no more', () => {
    const now = new Date(1_000_000_000_000);
    const step = totpStep(now);
    for (const drift of [-1, 0, 1])
      expect(matchingStep(KEY, totpCode(KEY, step + drift), now)).toBe(step + drift);
    for (const drift of [-2, 2]) expect(matchingStep(KEY, totpCode(KEY, step + drift), now)).toBeUndefined();
  });

  it.each(['', '12345', '1234567', 'abcdef', '２８７０８２', '-28708', '28708.'])('is not %j', (text) => {
    expect(matchingStep(KEY, text, new Date(59_000))).toBeUndefined();
  });

  it('may be typed with a space in it', () => {
    expect(matchingStep(KEY, '287 082', new Date(59_000))).toBe(1);
  });
});

it('writes keys as authenticator apps read them', () => {
  expect(KEY).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  expect(otpauthUrl(KEY, 'a b@x.test', 'Gantry (x)')).toMatch(
    /^otpauth:\/\/totp\/Gantry%20\(x\):a%20b%40x\.test\?secret=GEZD/,
  );
});

it('makes other codes of other keys', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.nat(), (bytes, step) => {
      expect(totpCode(toBase32(bytes), step)).toMatch(/^\d{6}$/);
    }),
  );
});
