import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { begunLogin } from '../../server/contract/identity-resources.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';
import { createFastPasswords } from '../support/memory-people.ts';
import { patient } from '../support/services-rig.ts';

const PASSWORD = 'wide river, three stones';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  const user = door.world.memory.users.get(door.world.other.userId);
  if (user) user.password = await createFastPasswords().hash(new Secret(PASSWORD), patient);
});
afterEach(() => door[Symbol.asyncDispose]());

type Headers = Readonly<Record<string, string>>;

async function begin(description: string, headers: Headers = {}) {
  const answer = await door.call('POST', '/auth', { token: null, body: { description }, headers });
  expect(answer.status, answer.text).toBe(201);
  return begunLogin.parse(answer.body);
}

const get = (path: string, headers: Headers = {}) => door.call('GET', path, { token: null, headers });
const post = (path: string, fields: Headers, headers: Headers = {}) =>
  door.call('POST', path, {
    token: null,
    body: new URLSearchParams(fields).toString(),
    headers: { origin: door.url, 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });

/** What a page is made of: whatever is written into it, these stay the same. */
const tagsOf = (html: string): readonly string[] => html.match(/<[^>]*>/g) ?? [];

const VECTORS = [
  ...['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<svg/onload=alert(1)>', '<b onclick=x>'],
  ...[
    '</p><script>',
    '</dd></dl><form action=//evil.example>',
    '</style><script>',
    '</title><script>',
    '<!--',
  ],
  ...['-->', ']]>', '<base href=//evil.example>', '<meta http-equiv=refresh content=0>', '<iframe src=//e>'],
  ...['javascript:alert(1)', '{{7*7}}', '${7*7}', '<%= 7 %>', '&lt;script&gt;', '&#60;script&#62;', '<', '>'],
];
const WRAPS: readonly ((vector: string) => string)[] = [
  (vector) => vector,
  (vector) => `"${vector}`,
  (vector) => `'${vector}`,
  (vector) => `" autofocus onfocus=x ${vector}`,
  (vector) => `' style='x' ${vector}`,
  (vector) => vector.toUpperCase(),
  (vector) => `\`${vector}\``,
  (vector) => `%3C${vector}\\u003c`,
  (vector) => `＜${vector}＞`,
  (vector) => vector.replaceAll('<', '<<'),
];
const PAYLOADS = VECTORS.flatMap((vector) => WRAPS.map((wrap) => wrap(vector)));

describe('the pages of a login [S-API-10]', () => {
  it(`stay what they are under ${PAYLOADS.length} names that are markup, and addresses that are`, async () => {
    const plain = await get((await begin('laptop')).browser_url);
    const tags = tagsOf(plain.text);
    expect(tags.length).toBeGreaterThan(20);
    for (const payload of PAYLOADS) {
      const { browser_url } = await begin(payload, {
        'x-forwarded-for': payload.replace(/[^\x20-\x7e]/g, ''),
      });
      const page = await get(browser_url);
      expect(tagsOf(page.text), payload).toEqual(tags);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    }
  });

  it('say what was typed wrongly without saying it again', async () => {
    const { browser_url } = await begin('laptop');
    const wrong = { action: 'sign-in', password: 'wrong' };
    const plain = await post(browser_url, { ...wrong, email: 'nobody@example.com' });
    expect(plain.status).toBe(401);
    for (const payload of PAYLOADS.slice(0, 5)) {
      const page = await post(browser_url, { ...wrong, email: payload, code: payload.slice(0, 50) });
      expect(page.status).toBe(401);
      expect(tagsOf(page.text), payload).toEqual(tagsOf(plain.text));
    }
  });

  it('and every other answer are of a type that no browser runs, whatever is asked for', async () => {
    door.world.deployed('demo');
    for (const path of [
      '/<script>',
      '/apps/<script>alert(1)<',
      '/apps?x=<script>',
      '/auth/browser/<script>',
      '/schema',
    ]) {
      const answer = await door.call('GET', path.replaceAll('<', '%3C').replaceAll('>', '%3E'));
      const type = String(answer.headers['content-type']);
      if (type.startsWith('text/html')) expect(answer.text).not.toMatch(/<script|alert\(1\)/);
      else expect(type).toMatch(/^application\/(?:[a-z+.]*)json/);
      expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
      expect(answer.headers['content-security-policy']).toMatch(
        /^default-src 'none';.*frame-ancestors 'none'/,
      );
    }
  });
});

describe('where a page leads [S-API-11]', () => {
  const EVIL = 'https://evil.example/';
  const WISHES = { next: EVIL, redirect: EVIL, redirect_uri: EVIL, return_to: '//evil.example', url: EVIL };

  it('is to itself, whatever the call asks for', async () => {
    const { browser_url } = await begin('laptop');
    const query = new URLSearchParams(WISHES).toString();
    const login = { action: 'sign-in', email: 'other@example.com', password: PASSWORD };
    const headers = { referer: EVIL, 'x-forwarded-host': 'evil.example', 'x-original-url': EVIL };
    const signedIn = await post(`${browser_url}?${query}`, { ...login, ...WISHES }, headers);
    expect(signedIn).toMatchObject({ status: 303, headers: { location: browser_url } });
    expect(signedIn.text).not.toContain('evil');
    const page = await get(`${browser_url}?${query}`, headers);
    expect(page.text).not.toContain('evil');
    for (const path of ['//evil.example', '/\\evil.example', '/https://evil.example', '/%2f%2fevil.example'])
      expect(await get(path), path).toMatchObject({ status: 401 });
  });

  it('is said in no word of the Host header, in nothing that somebody else gets', async () => {
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
    };
    const begun = await door.call('POST', '/auth', { token: null, body: {}, headers });
    expect(begunLogin.parse(begun.body)).toMatchObject({
      browser_url: expect.stringMatching(/^\/auth\/browser\/[\w-]{43}$/) as string,
      cli_url: '/auth/wait',
    });
    const body = { email: 'new@example.com' };
    const invited = await door.call('POST', '/gantry/users', { body, headers });
    expect(invited.status).toBe(201);
    expect(invited.text).not.toContain('evil');
  });

  it('is kept by nobody in between: pages are not stored, and answers belong to who asked', async () => {
    const { browser_url } = await begin('laptop');
    const login = { action: 'sign-in', email: 'other@example.com', password: PASSWORD };
    for (const answer of [
      await get(browser_url),
      await post(browser_url, login),
      await get('/auth/browser/x'),
    ])
      expect(answer.headers['cache-control']).toBe('no-store');
    for (const path of ['/account', '/apps', '/oauth/authorizations', '/nowhere'])
      expect((await door.call('GET', path)).headers['cache-control']).toBe('private, no-cache');
  });
});

describe('the cookie of the pages [S-API-09]', () => {
  const login = { action: 'sign-in', email: 'other@example.com', password: PASSWORD };

  it('is for this host over TLS only, out of the reach of scripts and of other sites', async () => {
    const { browser_url } = await begin('laptop');
    const origin = door.url.replace('http:', 'https:');
    const { headers } = await post(browser_url, login, { origin, 'x-forwarded-proto': 'https' });
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^__Host-gantry=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
    ]);
    const plain = (await post(browser_url, login)).headers['set-cookie'];
    expect(plain).toEqual([
      expect.stringMatching(/^gantry-login=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
  });

  it('changes nothing by asking, and no answer lets a script of another site read it', async () => {
    const { browser_url } = await begin('laptop');
    const [set = ''] = (await post(browser_url, login)).headers['set-cookie'] ?? [];
    const [cookie = ''] = set.split(';', 1);
    door.world.writes.length = 0;
    for (const query of ['', '?action=approve', '?action=deny&proof=x']) {
      const page = await get(browser_url + query, { cookie, origin: 'https://evil.example' });
      expect(page.text).toContain('Approve the login');
      expect(Object.keys(page.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    const preflight = { cookie, origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    expect(
      (await door.call('OPTIONS', browser_url, { token: null, headers: preflight })).headers,
    ).not.toHaveProperty('access-control-allow-origin');
    expect(door.world.writes).toEqual([]);
  });
});
