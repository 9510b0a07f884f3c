import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
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

const begin = async (description = 'Heroku CLI login from laptop') =>
  begunLogin.parse((await door.call('POST', '/auth', { token: null, body: { description } })).body);

/** A browser that keeps one cookie and says where its forms come from. */
function openBrowser(path: string) {
  let cookie = '';
  const call = async (method: string, fields: Record<string, string> | undefined, origin = door.url) => {
    const headers = {
      ...(cookie !== '' && { cookie }),
      ...(method === 'POST' && { origin, 'content-type': 'application/x-www-form-urlencoded' }),
    };
    const body = fields && new URLSearchParams(fields).toString();
    const answer = await door.call(method, path, {
      token: null,
      headers,
      ...(body !== undefined && { body }),
    });
    const [set] = answer.headers['set-cookie'] ?? [];
    if (set !== undefined) cookie = set.split(';', 1)[0] ?? '';
    return answer;
  };
  return {
    get: () => call('GET', undefined),
    post: (fields: Record<string, string>, origin?: string) => call('POST', fields, origin),
    signIn: (password = PASSWORD) =>
      call('POST', { action: 'sign-in', email: 'other@example.com', password }),
    cookie: () => cookie,
  };
}
const proofIn = (html: string) => /name="proof" value="([^"]+)"/.exec(html)?.[1] ?? '';
const wait = (token: string, path = '/auth/wait') => door.call('GET', path, { token });

describe('a login by browser', () => {
  it('is approved by its person, and gives the program a token once', async () => {
    const begun = await begin();
    const waiting = wait(begun.token, begun.cli_url);
    const browser = openBrowser(begun.browser_url);
    const first = await browser.get();
    expect(first.text).toContain('Heroku CLI login from laptop');
    expect(first.text).toContain(begun.code);
    const signedIn = await browser.signIn();
    expect(signedIn).toMatchObject({ status: 303, headers: { location: begun.browser_url } });
    expect(signedIn.headers['set-cookie']?.[0]).toMatch(/HttpOnly; SameSite=Strict$/);
    const asked = await browser.get();
    expect(asked.text).toContain('You are logged in as other@example.com');
    expect((await browser.post({ action: 'approve', proof: proofIn(asked.text) })).text).toContain(
      'Logged in',
    );

    const { access_token: token } = z.object({ access_token: z.string() }).parse((await waiting).body);
    expect((await door.call('GET', '/account', { token })).body).toMatchObject({
      email: 'other@example.com',
    });
    expect(await wait(begun.token)).toMatchObject({ status: 404, body: { id: 'login_request_over' } });
    expect((await browser.get()).status).toBe(404);
  });

  it('leaves in the audit trail who tried to come in, who approved it, and what it gave', async () => {
    const begun = await begin();
    const waiting = wait(begun.token, begun.cli_url);
    const browser = openBrowser(begun.browser_url);
    await browser.signIn('wrong');
    await browser.signIn();
    await browser.post({ action: 'approve', proof: proofIn((await browser.get()).text) });
    await waiting;
    const trail = (await door.call('GET', '/gantry/audit')).body as {
      action: string;
      actor: { email: string } | null;
      outcome: string;
    }[];
    const nobody = trail.find(({ action }) => action === 'POST /auth')?.actor;
    expect(trail.map(({ action, actor, outcome }) => [action, actor, outcome]).toReversed()).toEqual([
      ['POST /auth', nobody, 'succeeded'],
      ['log in by password', nobody, 'refused'],
      ['log in by password', nobody, 'succeeded'],
      ['approve a login', expect.objectContaining({ email: 'other@example.com' }), 'succeeded'],
      ['log in by browser', expect.objectContaining({ email: 'other@example.com' }), 'succeeded'],
    ]);
    expect(JSON.stringify(trail)).not.toContain(PASSWORD);
  });

  it('is waited for by so many of one place, and then still by those of another', async () => {
    const begun = await begin();
    const patience = new AbortController();
    const waitFrom = (address: string) =>
      fetch(`${door.url}/auth/wait`, {
        headers: { authorization: `Bearer ${begun.token}`, 'x-forwarded-for': address },
        signal: patience.signal,
      });
    const answers: [string, number][] = [];
    const ask = (address: string): Promise<unknown> =>
      waitFrom(address).then(
        ({ status }) => answers.push([address, status]),
        () => undefined, // given up at the end
      );
    const first = Array.from({ length: 12 }, () => ask('192.0.2.1'));
    await expect
      .poll(() => answers)
      .toEqual([
        ['192.0.2.1', 503],
        ['192.0.2.1', 503],
      ]);
    const later = [ask('198.51.100.2'), ask('192.0.2.1')];
    await expect.poll(() => answers.length).toBe(3);
    expect(answers.every(([address]) => address === '192.0.2.1')).toBe(true);
    patience.abort();
    await Promise.all([...first, ...later]);
  });

  it('is denied, and then gives nothing', async () => {
    const begun = await begin();
    const browser = openBrowser(begun.browser_url);
    await browser.signIn();
    const proof = proofIn((await browser.get()).text);
    await browser.post({ action: 'deny', proof });
    expect((await wait(begun.token)).body).toEqual({ error: 'The login was denied.' });
    expect((await browser.post({ action: 'approve', proof })).status).toBe(404);
  });

  it('remembers the browser for the next login, which still has to be approved', async () => {
    const browser = openBrowser((await begin()).browser_url);
    await browser.signIn();
    const second = await begin('another');
    const headers = { cookie: browser.cookie() };
    const page = await door.call('GET', second.browser_url, { token: null, headers });
    expect(page.text).toContain('You are logged in as other@example.com');
  });

  it('needs the password, and says alike what is wrong with it and with the email', async () => {
    const browser = openBrowser((await begin()).browser_url);
    expect(await browser.signIn('wrong')).toMatchObject({ status: 401 });
    expect(browser.cookie()).toBe('');
    const nobody = { action: 'sign-in', email: 'nobody@example.com', password: 'x' };
    expect((await browser.post(nobody)).text).toContain('Email or password is wrong');
    for (let i = 0; i < 8; i += 1) await browser.signIn('wrong');
    expect(await browser.signIn()).toMatchObject({ status: 429 });
  });

  it('is not approved by another site, nor with a form made for another login or browser [S-API-09]', async () => {
    const [begun, other] = [await begin(), await begin()];
    const browser = openBrowser(begun.browser_url);
    await browser.signIn();
    const proof = proofIn((await browser.get()).text);
    for (const origin of ['https://evil.example', 'null', ''])
      expect(await browser.post({ action: 'approve', proof }, origin)).toMatchObject({ status: 400 });
    for (const wrong of ['', 'x', proof.slice(0, -1)])
      expect((await browser.post({ action: 'approve', proof: wrong })).text).toContain('Approve the login');
    const headers = { cookie: browser.cookie(), origin: door.url };
    const elsewhere = await door.call('POST', other.browser_url, {
      token: null,
      headers,
      body: `action=approve&proof=${proof}`,
    });
    expect(elsewhere.text).not.toContain('is logged in');
    expect(await Promise.race([wait(begun.token), wait(other.token), Promise.resolve('waiting')])).toBe(
      'waiting',
    );
  });

  it('has a cookie that opens no API, and takes no token for a cookie [S-API-09]', async () => {
    const begun = await begin();
    const browser = openBrowser(begun.browser_url);
    await browser.signIn();
    const [, value = ''] = browser.cookie().split('=');
    for (const token of [value, `gantry_${value}`])
      expect((await door.call('GET', '/account', { token })).status).toBe(401);
    const headers = { cookie: `gantry-login=${door.world.otherToken.slice('gantry_'.length)}` };
    const page = await door.call('GET', begun.browser_url, { token: null, headers });
    expect(page.text).not.toContain('You are logged in');
    expect(
      (await door.call('GET', '/account', { token: null, headers: { cookie: browser.cookie() } })).status,
    ).toBe(401);
  });

  it('is over after ten minutes, and its secrets are nobody’s to guess', async () => {
    for (const path of ['/auth/browser/x', `/auth/browser/${'A'.repeat(43)}`])
      expect(await door.call('GET', path, { token: null })).toMatchObject({ status: 404 });
    for (const token of ['x', 'A'.repeat(43)]) expect((await wait(token)).status).toBe(404);
    const begun = await begin();
    expect((await wait(begun.browser_url.slice(-43))).status).toBe(404);
    expect((await door.call('GET', `/auth/browser/${begun.token}`, { token: null })).status).toBe(404);
  });

  it('is not begun under a name that would hide or move what is read', async () => {
    for (const description of ['laptop\u202e', 'laptop\u001b[2J', 'lap\ntop'])
      expect(await door.call('POST', '/auth', { token: null, body: { description } })).toMatchObject({
        status: 422,
      });
  });

  it('has pages that run nothing, load nothing and are shown in no frame [S-API-10]', async () => {
    const begun = await begin(`<script>alert(1)</script>"'><img src=x onerror=y>`);
    const page = await openBrowser(begun.browser_url).get();
    expect(page.headers).toMatchObject({ 'x-frame-options': 'DENY', 'cache-control': 'no-store' });
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    for (const harm of ['<script', '<img']) expect(page.text).not.toContain(harm);
    expect(page.text).toContain('&#60;script&#62;alert(1)');
    // A reader changes nothing.
    expect(door.world.writes.filter((name) => name !== 'begin')).toEqual([]);
  });
});
