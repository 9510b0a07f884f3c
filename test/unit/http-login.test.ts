import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import { authorization } from '../../server/contract/identity-resources.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';
import { createFastPasswords } from '../support/memory-people.ts';
import { patient } from '../support/services-rig.ts';

const PASSWORD = 'wide river: three stones';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  const user = door.world.memory.users.get(door.world.other.userId);
  if (user) user.password = await createFastPasswords().hash(new Secret(PASSWORD), patient);
});
afterEach(() => door[Symbol.asyncDispose]());

const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
const logIn = (pair: string, more: Record<string, string> = {}) =>
  door.call('POST', '/oauth/authorizations', {
    token: null,
    headers: { ...basic(pair), ...more },
    body: { description: 'Heroku CLI login from laptop', expires_in: 2_592_000, scope: ['global'] },
  });

describe('a login by email and password', () => {
  it('answers with a token, as `heroku login -i` asks for it', async () => {
    const answer = await logIn(`other@example.com:${PASSWORD}`);
    expect(answer.status).toBe(201);
    const { access_token, user, session } = authorization.parse(answer.body);
    expect(user.email).toBe('other@example.com');
    expect(session).not.toBeNull();
    const { token } = access_token;
    expect((await door.call('GET', '/account', { token })).body).toMatchObject({
      email: 'other@example.com',
    });
    expect(await door.call('DELETE', '/oauth/sessions/~', { token })).toMatchObject({ status: 200 });
    expect((await door.call('GET', '/account', { token })).status).toBe(401);
  });

  it('opens this call and no other', async () => {
    for (const [method, path] of [
      ['GET', '/account'],
      ['GET', '/oauth/authorizations'],
      ['POST', '/apps'],
    ] as const) {
      const headers = basic(`other@example.com:${PASSWORD}`);
      expect(await door.call(method, path, { token: null, headers })).toMatchObject({ status: 401 });
    }
    expect(door.world.writes).toEqual([]);
  });

  it('is refused in the same words whether or not there is such an account', async () => {
    const [wrong, nobody] = [await logIn('other@example.com:x'), await logIn('nobody@example.com:x')];
    for (const answer of [wrong, nobody])
      expect(answer).toMatchObject({ status: 401, body: { id: 'login_failed' } });
    expect((wrong.body as { message: string }).message).toBe((nobody.body as { message: string }).message);
  });

  it('is locked before the tenth wrong try, and says for how long [S-API-07]', async () => {
    for (let i = 0; i < 8; i += 1) await logIn('other@example.com:x');
    expect(await logIn(`other@example.com:${PASSWORD}`)).toMatchObject({
      status: 429,
      headers: { 'retry-after': '900' },
      body: { id: 'login_locked', retry: true },
    });
  });

  it('asks for the second factor as clients of the Platform API expect', async () => {
    const user = door.world.memory.users.get(door.world.other.userId);
    if (user) user.totp = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    const pair = `other@example.com:${PASSWORD}`;
    expect(await logIn(pair)).toMatchObject({ status: 403, body: { id: 'two_factor' } });
    const wrong = await logIn(pair, { 'heroku-two-factor-code': '123456' });
    expect(wrong).toMatchObject({ status: 403, body: { id: 'two_factor' } });
  });
});

describe('people', () => {
  it('are never told of to whoever is no administrator [S-API-12]', async () => {
    const token = door.world.otherToken;
    for (const [method, path, body] of [
      ['GET', '/gantry/users', undefined],
      ['POST', '/gantry/users', { email: 'x@example.com' }],
      ['POST', '/gantry/users/admin@example.com/invitation', undefined],
      ['PATCH', '/gantry/users/other@example.com', { admin: true }],
      ['DELETE', '/gantry/users/admin@example.com', undefined],
    ] as const)
      expect(await door.call(method, path, { token, body })).toMatchObject({
        status: 403,
        body: { id: 'forbidden_platform' },
      });
  });

  it('are invited with a secret that no store and no other answer shows [S-API-12]', async () => {
    const headers = { 'request-id': 'invite-request-1' };
    const body = { email: 'new@example.com' };
    const first = await door.call('POST', '/gantry/users', { body, headers });
    const again = await door.call('POST', '/gantry/users', { body, headers });
    expect(again.body).toEqual(first.body);
    const { token } = first.body as { token: string };
    expect(JSON.stringify([...door.world.kept])).not.toContain(token);
    expect((await door.call('GET', '/gantry/users')).text).not.toContain(token);
    const password = 'another long one';
    const accept = () =>
      door.call('POST', '/gantry/invitations/accept', { token: null, body: { token, password } });
    expect(await accept()).toMatchObject({ status: 200, body: { has_password: true } });
    expect(await accept()).toMatchObject({ status: 404, body: { id: 'invitation_over' } });
  });
});
