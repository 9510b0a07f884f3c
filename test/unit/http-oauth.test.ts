import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authorization, session } from '../../server/contract/identity-resources.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

async function make(body: object = {}, headers: Record<string, string> = {}) {
  const answer = await door.call('POST', '/oauth/authorizations', { body, headers });
  expect(answer.status).toBe(201);
  return authorization.parse(answer.body);
}
const secretOf = async (body: object = {}) => (await make(body)).access_token.token;

describe('a token', () => {
  it('is shown whole once, and afterwards by its beginning and end [S-API-05]', async () => {
    const made = await make({ description: 'ci', scope: ['read'], expires_in: 3600, client: null });
    const { token } = made.access_token;
    expect(token).toMatch(/^gantry_[A-Za-z0-9_-]{43}$/);
    expect(made).toMatchObject({ description: 'ci', scope: ['read'], access_token: { expires_in: 3600 } });
    for (const path of ['/oauth/authorizations', `/oauth/authorizations/${made.id}`]) {
      const { text } = await door.call('GET', path);
      expect(text).not.toContain(token);
      expect(text).toContain(`gantry_**********${token.slice(-6)}`);
    }
  });

  it('lives as long as was asked for, in a number or in its digits as the heroku command sends them', async () => {
    expect((await make({ expires_in: '3600' })).access_token.expires_in).toBe(3600);
    for (const expires_in of ['soon', '', '0', '-1', '1e3', 0.5])
      expect(await door.call('POST', '/oauth/authorizations', { body: { expires_in } })).toMatchObject({
        status: 422,
      });
  });

  it('with the scope `write` neither shows nor changes config vars, which an answer would show', async () => {
    await door.call('PATCH', '/apps/demo/config-vars', { body: { PASSWORD: 'topsecret' } });
    const call = { token: await secretOf({ scope: ['write'] }), body: { B: '2' } };
    const refused = await door.call('PATCH', '/apps/demo/config-vars', call);
    expect(refused).toMatchObject({ status: 403 });
    expect(refused.text).not.toContain('topsecret');
    const protectedToo = { ...call, token: await secretOf({ scope: ['write-protected'] }) };
    expect((await door.call('PATCH', '/apps/demo/config-vars', protectedToo)).status).toBe(200);
  });

  it('that is bound to addresses is judged by the one that the router sees, whatever its client claims [S-API-05]', async () => {
    const made = await make({ addresses: ['203.0.113.0/24'] });
    expect(made.addresses).toEqual(['203.0.113.0/24']);
    const { token } = made.access_token;
    const from = (address: string, path = '/apps') =>
      door.call('GET', path, { token, headers: { 'x-forwarded-for': address } });
    expect(await from('203.0.113.7')).toMatchObject({ status: 200 });
    expect(await from('192.0.2.7, 203.0.113.7')).toMatchObject({ status: 200 });
    // What a client writes before what the router says is hearsay, also where the client is on this machine.
    for (const address of [
      '192.0.2.7',
      '203.0.113.7, 192.0.2.7',
      '203.0.113.7, 127.0.0.1',
      '203.0.113.7, ::1',
    ])
      for (const path of [
        '/apps',
        '/account',
        '/gantry/events',
        '/demo.git/info/refs?service=git-upload-pack',
      ])
        expect(await from(address, path), `${address} ${path}`).toMatchObject({
          status: 403,
          text: expect.stringMatching(
            /This token may not be used from (192\.0\.2\.7|127\.0\.0\.1|::1), but/,
          ) as unknown,
        });
    for (const header of ['forwarded', 'x-real-ip', 'x-client-ip', 'true-client-ip'])
      expect(
        await door.call('GET', '/apps', { token, headers: { [header]: '203.0.113.7' } }),
        header,
      ).toMatchObject({ status: 403, body: { id: 'forbidden_address' } });
  });

  it('may ship one app, named or by id, and do nothing else', async () => {
    const id = door.world.apps.get('demo')?.app.id ?? '';
    for (const name of ['demo', id])
      expect((await make({ scope: [`deploy:${name}`] })).scope).toEqual([`deploy:${id}`]);
    const token = await secretOf({ scope: ['deploy:demo'] });
    for (const path of ['/oauth/authorizations', '/oauth/sessions', '/account/keys'])
      expect(await door.call('GET', path, { token })).toMatchObject({ status: 403 });
  });

  it('for one app shows no other in any list', async () => {
    door.world.deployed('second');
    const token = await secretOf({ scope: ['deploy:demo'] });
    for (const path of ['/apps', '/users/~/apps', '/users/%7E/apps']) {
      const { body } = await door.call('GET', path, { token });
      expect((body as { name: string }[]).map(({ name }) => name)).toEqual(['demo']);
    }
    expect((await door.call('GET', '/users/~/apps')).body).toHaveLength(2);
  });

  it('ends at once when it is revoked, and by rotation its old secret', async () => {
    const made = await make();
    const rotated = await door.call('POST', `/oauth/authorizations/${made.id}/actions/regenerate-tokens`);
    const fresh = authorization.parse(rotated.body);
    expect(fresh.id).toBe(made.id);
    expect((await door.call('GET', '/account', { token: made.access_token.token })).status).toBe(401);
    const { token } = fresh.access_token;
    expect((await door.call('GET', '/account', { token })).status).toBe(200);
    expect((await door.call('DELETE', '/oauth/authorizations/~', { token })).status).toBe(200);
    expect((await door.call('GET', '/account', { token })).status).toBe(401);
  });

  it('is described anew, and revoked by the path of tokens too', async () => {
    const { id } = await make();
    const body = { description: 'other', client: { id: 'x', secret: 'y' } };
    expect(await door.call('PATCH', `/oauth/authorizations/${id}`, { body })).toMatchObject({
      status: 200,
      body: { description: 'other' },
    });
    expect((await door.call('DELETE', `/oauth/tokens/${id}`)).status).toBe(200);
    expect(await door.call('GET', `/oauth/authorizations/${id}`)).toMatchObject({
      status: 404,
      body: { resource: 'authorization' },
    });
  });

  it('is not found by anybody else', async () => {
    const { id } = await make();
    const token = door.world.otherToken;
    const at = `/oauth/authorizations/${id}`;
    for (const [method, path, body] of [
      ['GET', at, undefined],
      ['PATCH', at, { description: 'mine' }],
      ['POST', `${at}/actions/regenerate-tokens`, undefined],
      ['DELETE', at, undefined],
      ['DELETE', `/oauth/tokens/${id}`, undefined],
    ] as const)
      expect(await door.call(method, path, { token, body })).toMatchObject({ status: 404 });
  });

  it.each([
    [{ expires_in: 0 }, /expires_in/],
    [{ expires_in: 1e12 }, /expires_in/],
    [{ scope: 'global' }, /scope must be/],
    [{ scope: ['root'] }, /^scope must be of global/],
    [{ description: '' }, /description/],
    [{ userId: 'x' }, /userId is not a field/],
  ])('asked for with %j is refused', async (body, says) => {
    const answer = await door.call('POST', '/oauth/authorizations', { body });
    expect(answer).toMatchObject({ status: 422 });
    expect((answer.body as { message: string }).message).toMatch(says);
    expect(door.world.writes).toEqual([]);
  });

  it('is made once by a call that is repeated, and its secret kept in no store [S-API-05]', async () => {
    const headers = { 'request-id': 'a-request-id-1' };
    const first = await make({}, headers);
    const again = await make({}, headers);
    expect(again).toEqual(first);
    expect(JSON.stringify([...door.world.kept])).not.toContain(first.access_token.token);
  });
});

describe('sessions', () => {
  it('are ended by those who hold them, and a token of another kind is none', async () => {
    const token = await secretOf();
    expect(await door.call('DELETE', '/oauth/sessions/~', { token })).toMatchObject({
      status: 404,
      body: { resource: 'session' },
    });
    expect(session.array().parse((await door.call('GET', '/oauth/sessions')).body)).toEqual([]);
  });
});

describe('the account', () => {
  it('tells how many calls are left to the token', async () => {
    const answer = await door.call('GET', '/account/rate-limits');
    expect(answer.body).toEqual({ remaining: Number(answer.headers['ratelimit-remaining']) });
  });

  it('has a name that its person can change', async () => {
    expect(await door.call('PATCH', '/account', { body: { name: 'Ann' } })).toMatchObject({
      status: 200,
      body: { name: 'Ann' },
    });
    expect((await door.call('GET', '/account')).body).toMatchObject({ name: 'Ann' });
    const body = { beta: true };
    expect((await door.call('PATCH', '/account', { body })).body).toMatchObject({ name: 'Ann' });
  });

  it('has no features', async () => {
    expect(await door.call('GET', '/account/features')).toMatchObject({ status: 200, body: [] });
    expect((await door.call('GET', '/account/features/x')).status).toBe(404);
  });
});
