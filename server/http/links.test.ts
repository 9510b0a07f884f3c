import type { Request } from 'express';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { createLinks, originOf, type LinkTarget } from './links.ts';

const NOW = new Date('2026-11-21T10:00:00Z');
const HOUR_MS = 3_600_000;
const later = (ms: number): Date => new Date(NOW.getTime() + ms);
const links = createLinks(new Secret('a key for tests'));
const actor = { userId: 'u', email: 'a@b', admin: false, scopes: ['global' as const] };
const LOGS: LinkTarget = { kind: 'logs', actor, app: 'a', lines: 5, tail: true, type: 'web', number: 1 };
const RELEASE: LinkTarget = { kind: 'release', actor, app: 'a', release: 'r' };
const TRANSCRIPT: LinkTarget = { kind: 'transcript', actor, app: 'a', stream: 's' };

describe('a sealed link', () => {
  it.each([
    [LOGS, 1],
    [RELEASE, 24],
    [TRANSCRIPT, 24],
  ])('opens what was sealed, as long as its kind lasts: %o', (target, hours) => {
    const text = links.seal(target, NOW);
    expect(links.open(text, later(hours * HOUR_MS - 1))).toEqual(target);
    expect(links.open(text, later(hours * HOUR_MS))).toBeUndefined();
  });

  it('fits into a path, tells nothing, and is another one each time', () => {
    const [one, two] = [links.seal(LOGS, NOW), links.seal(LOGS, NOW)];
    expect(one).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Buffer.from(one, 'base64url').toString('latin1')).not.toMatch(/logs|a@b|web/);
    expect(one).not.toBe(two);
  });

  it('works after a restart with the same key, and with no other', () => {
    const text = links.seal(TRANSCRIPT, NOW);
    expect(createLinks(new Secret('a key for tests')).open(text, NOW)).toEqual(TRANSCRIPT);
    expect(createLinks(new Secret('another key')).open(text, NOW)).toBeUndefined();
  });

  it('opens nothing when a single bit of it was changed', () => {
    const bytes = Buffer.from(links.seal(TRANSCRIPT, NOW), 'base64url');
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(links.open(changed.toString('base64url'), NOW)).toBeUndefined();
      }),
    );
  });

  it('cannot be made up', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(links.open(text, NOW)).toBeUndefined();
      }),
    );
    for (const bytes of [0, 27, 28, 29, 200]) {
      expect(links.open(Buffer.alloc(bytes).toString('base64url'), NOW)).toBeUndefined();
    }
  });
});

describe('the origin of a link', () => {
  const origin = (headers: Record<string, string>): string =>
    originOf({ headers } as unknown as Request, 'api.localhost');

  it.each([
    ['api.example.com', 'http://api.example.com'],
    ['127.0.0.1:7000', 'http://127.0.0.1:7000'],
    ['[::1]:7000', 'http://[::1]:7000'],
  ])('is that under which the client came: %s', (host, url) => {
    expect(origin({ host })).toBe(url);
    expect(origin({ host, 'x-forwarded-proto': 'https' })).toBe(url.replace('http:', 'https:'));
  });

  it.each(['', 'a b', 'a/b', 'user@a', 'a:x', 'a\r\nb', '[zz]', 'a:123456', 'x'.repeat(254)])(
    'is our own when %j is given',
    (host) => {
      expect(origin({ host, 'x-forwarded-proto': 'gopher' })).toBe('http://api.localhost');
    },
  );
});
