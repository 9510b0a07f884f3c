import { describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../server/contract/endpoints/all.ts';
import { openCast, type Principal } from '../support/cast.ts';
import { exampleOf, nameOf } from '../support/endpoint-examples.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';
import { remember } from '../support/remember.ts';

const CANARY = 'canary-3f9a1c77';
const READS = ['GET /apps/:app/config-vars', 'GET /apps/:app/releases/:release/config-vars'];

/** The answers that hold the canary, which is a config var of two apps, when these people ask for all there is. */
async function told(
  door: TestDoor,
  endpoints: typeof ENDPOINTS,
  who: readonly Principal[],
): Promise<string[]> {
  const found: string[] = [];
  for (const endpoint of endpoints)
    for (const { name, token, app } of who) {
      const { path, body } = exampleOf(endpoint, app, { release: '3' });
      const asBefore = remember(door.world.memory);
      const answer = await door.call(endpoint.method, path, { token, ...(body !== undefined && { body }) });
      asBefore();
      const shown = answer.text + JSON.stringify(answer.headers);
      if (shown.includes(CANARY)) found.push(`${nameOf(endpoint)}: ${name}`);
    }
  return found;
}

async function open() {
  const door = await openTestDoor({ requestsPerHour: 1_000_000 });
  const cast = openCast(door.world);
  for (const app of ['demo', 'shop']) {
    const set = await door.call('PATCH', `/apps/${app}/config-vars`, { body: { KEY: CANARY } });
    expect(set, set.text).toMatchObject({ status: 200 });
    const status = async (): Promise<unknown> => (await door.call('GET', `/apps/${app}/releases/3`)).body;
    await expect.poll(status).toMatchObject({ status: 'succeeded' });
  }
  door.world.outcome = 'never'; // nothing goes on behind the back of who asks next
  return { door, cast, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() };
}

describe('the value of a config var', () => {
  it('is told by what is there to read and change config vars, and by no other endpoint [S-SEC-03]', async () => {
    await using rig = await open();
    const { door, cast } = rig;
    const all = ENDPOINTS.filter(({ streams }) => streams === undefined); // a log does not end, and is the app's own
    const mighty = cast.filter(({ admin }) => admin);
    const tellers = await told(door, all, mighty);
    expect(tellers.sort()).toEqual(
      [...READS, 'PATCH /apps/:app/config-vars'].map((one) => `${one}: an administrator`),
    );
  });

  it('is told to those who may deploy, as they could have it printed, with a token that is good for it [S-SEC-04]', async () => {
    await using rig = await open();
    const { door, cast } = rig;
    const readers = [
      ...['a deployer', 'a operator', 'a manager', "a team's admin", 'the owner', 'an administrator'],
      ...["the owner's read-protected", "the owner's write-protected"],
    ];
    const reads = ENDPOINTS.filter((one) => READS.includes(nameOf(one)));
    expect(await told(door, reads, cast)).toEqual(
      reads.flatMap((one) => readers.map((who) => `${nameOf(one)}: ${who}`)),
    );
  });

  it('is told to nobody who may only look; its name stands in the releases [S-SEC-04]', async () => {
    await using rig = await open();
    const { door, cast } = rig;
    const viewers = cast.filter(({ role }) => role === 'view');
    expect(viewers.length).toBeGreaterThan(1);
    for (const { app, token } of viewers) {
      const read = await door.call('GET', `/apps/${app}/config-vars`, { token });
      expect(read).toMatchObject({ status: 403, body: { id: 'forbidden' } });
      const releases = await door.call('GET', `/apps/${app}/releases`, { token });
      expect(releases.text).toContain('Set KEY config vars');
      expect(releases.text).not.toContain(CANARY);
    }
  });
});
