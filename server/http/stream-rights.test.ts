import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { openTestDoor, type TestDoor } from '../../test/support/fake-door.ts';
import { patient } from '../../test/support/services-rig.ts';
import { authorization } from '../contract/identity-resources.ts';
import { logSession } from '../contract/resources.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor({ rightsCheckMs: 20, keepAliveMs: 10 });
  door.world.deployed('demo', door.world.other);
});
afterEach(() => door[Symbol.asyncDispose]());

/** A token of the owner of `demo`. */
async function newToken() {
  const answer = await door.call('POST', '/oauth/authorizations', { token: door.world.otherToken, body: {} });
  const { id, access_token } = authorization.parse(answer.body);
  return { id, token: access_token.token };
}

async function tail(token: string): Promise<string> {
  const answer = await door.call('POST', '/apps/demo/log-sessions', { token, body: { tail: true } });
  return new URL(logSession.parse(answer.body).logplex_url).pathname;
}

const endedWithin = (ms: number) => (answer: Promise<unknown>) =>
  Promise.race([answer.then(() => true), pause(ms, patient).then(() => false)]);
const goesOn = async (answer: Promise<unknown>) => !(await endedWithin(300)(answer));
/** Patient: how soon depends on what else the machine does. */
const ends = endedWithin(8_000);

describe('an open stream [S-API-03]', () => {
  it('goes on as long as its reader may read it', async () => {
    const { token } = await newToken();
    const open = door.call('GET', await tail(token), { token: null });
    expect(await goesOn(open)).toBe(true);
    await door.call('DELETE', '/oauth/authorizations/~', { token });
    expect((await open).status).toBe(200);
  });

  it('of one person, who may have twenty, leaves room for those of others [S-API-08]', async () => {
    const { token } = await newToken();
    const path = await tail(token);
    const leaving = new AbortController();
    const open = (link: string) => fetch(door.url + link, { signal: leaving.signal });
    const mine = await Promise.all(Array.from({ length: 21 }, () => open(path)));
    expect(
      mine
        .map(({ status }) => status)
        .toSorted()
        .slice(-2),
    ).toEqual([200, 429]);
    expect(await mine.find(({ status }) => status === 429)?.json()).toMatchObject({ id: 'too_many_streams' });
    expect((await open(await tail(door.world.adminToken))).status).toBe(200);
    leaving.abort();
  });

  it('ends when its token is rotated, as whoever rotates it no longer trusts the old secret', async () => {
    const { id, token } = await newToken();
    const link = await tail(token);
    const open = door.call('GET', link, { token: null });
    expect(await goesOn(open)).toBe(true);
    await door.call('POST', `/oauth/authorizations/${id}/actions/regenerate-tokens`, {
      token: door.world.otherToken,
    });
    expect((await open).status).toBe(200);
    expect((await door.call('GET', link, { token: null })).status).toBe(401);
  });

  it.each(['revoke', 'expire', 'rename'] as const)(
    'ends when its token dies or its reader loses the app: %s',
    async (how) => {
      const { id, token } = await newToken();
      const path = await tail(token);
      const open = door.call('GET', path, { token: null });
      expect(await goesOn(open)).toBe(true);
      const { memory, admin } = door.world;
      if (how === 'revoke') memory.tokens.delete(id);
      if (how === 'expire') Object.assign(memory.tokens.get(id) ?? {}, { expiresAt: new Date(0) });
      if (how === 'rename')
        for (const app of memory.apps.values()) Object.assign(app, { ownerId: admin.userId });
      expect(await ends(open)).toBe(true);
      const again = await door.call('GET', path, { token: null });
      expect(again.status).toBe(how === 'rename' ? 404 : 401);
    },
  );

  it('of another token goes on', async () => {
    const [one, other] = [await newToken(), await newToken()];
    const open = door.call('GET', await tail(other.token), { token: null });
    door.world.memory.tokens.delete(one.id);
    expect(await goesOn(open)).toBe(true);
    door.world.memory.tokens.delete(other.id);
    expect(await ends(open)).toBe(true);
  });

  it('ends with all others when every token is revoked', async () => {
    const { token } = await newToken();
    const open = door.call('GET', await tail(token), { token: null });
    expect(await goesOn(open)).toBe(true);
    door.world.memory.tokens.clear();
    expect(await ends(open)).toBe(true);
  });
});
