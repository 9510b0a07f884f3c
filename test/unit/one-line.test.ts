import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterAll(() => door[Symbol.asyncDispose]());

const PLACES: readonly (readonly [string, string, string, (text: string) => object])[] = [
  [
    'the URL of a drain',
    'POST',
    '/apps/demo/log-drains',
    (text) => ({ url: `https://logs.example.com/${text}` }),
  ],
  [
    ...(['the URL of a webhook', 'POST', '/apps/demo/webhooks'] as const),
    (text) => ({ url: `https://example.com/${text}`, include: ['api:release'], level: 'notify' }),
  ],
  [
    ...(['the description of a release', 'POST', '/apps/demo/releases'] as const),
    (description) => ({ slug: '5c1b8a3e-8d1f-4c0e-9a57-0d3c8b1c9f00', description }),
  ],
  ['the name of an account', 'PATCH', '/account', (name) => ({ name })],
  ['the description of a token', 'POST', '/oauth/authorizations', (description) => ({ description })],
  ['what logs in with a browser', 'POST', '/auth', (description) => ({ description })],
];

describe.each(PLACES)('%s', (_place, method, path, body) => {
  it.each([
    '\u001b]52;c;AAAA\u0007',
    'a\u0007',
    'a\r\nb',
    'a\nb',
    'a\u009bb',
    'a\u202eb',
    'a\u2028b',
    'a\u2066b',
  ])('holds no control character: %j', async (text) => {
    const answer = await door.call(method, path, { body: body(text) });
    expect(answer).toMatchObject({ status: 422, body: { id: 'invalid_params' } });
    expect(answer.text).toMatch(
      /"(?:url|description|name) must be one line of text without control characters\."/,
    );
  });

  it('may be in any language', async () => {
    const answer = await door.call(method, path, { body: body('Größe-日本-👩\u200d💻') });
    expect(answer.text).not.toContain('one line');
  });
});
