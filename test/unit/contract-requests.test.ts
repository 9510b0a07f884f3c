import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as requests from '../../server/contract/requests.ts';

describe('a quantity', () => {
  const read = (quantity: unknown) => requests.updateFormation.safeParse({ quantity }).data?.quantity;

  it('is a number, or a change when it has a sign', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9999 }), (count) => {
        expect(read(count)).toEqual({ set: count });
        expect(read(String(count))).toEqual({ set: count });
        expect(read(`+${count}`)).toEqual({ by: count });
        expect(read(`-${count}`)).toEqual({ by: count === 0 ? -0 : -count });
      }),
    );
  });

  it('is at most a million, however many digits it has', () => {
    for (const digits of [7, 16, 400]) {
      expect(read('9'.repeat(digits))).toEqual({ set: 1_000_000 });
      expect(read(`+${'9'.repeat(digits)}`)).toEqual({ by: 1_000_000 });
      expect(read(`-${'9'.repeat(digits)}`)).toEqual({ by: -1_000_000 });
    }
  });

  it.each([-1, 1.5, '++1', '1+', '', ' 1', '1e3', '0x1', null, {}, true])('is not %j', (value) => {
    expect(read(value)).toBeUndefined();
  });
});

describe('an identity', () => {
  it.each(['demo', 'v12', '5c1b8a3e-8d1f-4c0e-9a57-0d3c8b1c9f00', 'web.1', '~', 'a@b.c'])(
    'may be %s',
    (text) => {
      expect(requests.identity.parse(text)).toBe(text);
    },
  );

  it.each(['', 'a b', 'a/b', 'a\0', 'ü', 'a\n', '%41', 'x'.repeat(101)])('cannot be %j', (text) => {
    expect(requests.identity.safeParse(text).success).toBe(false);
  });
});

describe('a rollback', () => {
  it.each([
    [3, '3'],
    ['v3', 'v3'],
    [null, null],
  ])('goes to %j', (release, read) => {
    expect(requests.createRelease.parse({ release })).toEqual({ release: read });
  });

  it.each([0, -1, 1.5, '', '../x', {}, undefined])('does not go to %j', (release) => {
    expect(requests.createRelease.safeParse({ release }).success).toBe(false);
  });
});

describe('a log session', () => {
  it('has a hundred lines and ends, unless it is said otherwise', () => {
    expect(requests.createLogSession.parse({})).toMatchObject({ lines: 100, tail: false });
    expect(requests.createLogSession.parse({ lines: '5', tail: true })).toMatchObject({
      lines: 5,
      tail: true,
    });
  });

  it.each([{ lines: 1.5 }, { lines: -1 }, { lines: 'x' }, { tail: 'yes' }, { colour: 'red' }])(
    'is not %j',
    (body) => {
      expect(requests.createLogSession.safeParse(body).success).toBe(false);
    },
  );
});

describe('fields', () => {
  it('that the Platform API knows and that change nothing are ignored', () => {
    const known = { name: 'x', feature_flags: [], generation: 'cedar', locked: true, personal: false };
    expect(requests.createApp.safeParse(known).success).toBe(true);
  });

  it('that nobody knows are refused, but for the confirmation, where clients send what they like [S-INJ-09]', () => {
    for (const schema of [requests.createApp, requests.updateApp, requests.updateFormation])
      expect(schema.safeParse({ colour: 'red' }).success).toBe(false);
    expect(requests.destroyApp.parse({ colour: 'red', confirm: 'x' }).confirm).toBe('x');
  });
});
