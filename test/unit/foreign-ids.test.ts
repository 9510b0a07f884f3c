import { beforeAll, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../server/contract/endpoints/all.ts';
import { issue, type Issued } from '../support/certificates.ts';
import { exampleOf, nameOf } from '../support/endpoint-examples.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';
import { sampleKey } from '../support/sample-keys.ts';

/** Covers hosts of both tenants, so that nothing but whose it is can be wrong with it. */
let site: Issued;
beforeAll(async () => {
  site = await issue({ names: ['*.example.com'], since: '20200101000000Z' });
});

const HOOK = { url: 'https://hooks.example.com/', level: 'notify', include: ['api:build'] };

/** Two tenants who have the same things, each an app of their own; and the ids of those of the first, as it was told them. */
async function twoTenants() {
  const door = await openTestDoor({ requestsPerHour: 1_000_000 });
  const theirs = door.world.addUser('them@example.com').token;
  const mine = door.world.addUser('me@example.com').token;
  door.world.deployed('theirs', (await actorOf(door, theirs)).actor);
  door.world.deployed('mine', (await actorOf(door, mine)).actor);
  return {
    door,
    mine,
    ids: await everythingOf(door, theirs, 'theirs'),
    own: await everythingOf(door, mine, 'mine'),
  };
}

async function actorOf(door: TestDoor, token: string) {
  return {
    actor: await door.world.services.accounts.authenticate(token, '127.0.0.1', new AbortController().signal),
  };
}

async function everythingOf(door: TestDoor, token: string, app: string) {
  const made = async (path: string, body: unknown): Promise<string> => {
    const answer = await door.call('POST', path, { token, body });
    expect(answer.status, `${path}: ${answer.text}`).toBe(201);
    return (answer.body as { readonly id: string }).id;
  };
  const last = async (path: string): Promise<string> => {
    const { body } = await door.call('GET', path, { token });
    return (body as readonly { readonly id: string }[]).at(-1)?.id ?? '';
  };
  const chain = { certificate_chain: site.certificate, private_key: site.key };
  return {
    key: await made('/account/keys', { public_key: sampleKey(app) }),
    domain: await made(`/apps/${app}/domains`, { hostname: `${app}.example.com`, sni_endpoint: null }),
    sni_endpoint: await made(`/apps/${app}/sni-endpoints`, chain),
    drain: await made(`/apps/${app}/log-drains`, { url: `syslog://logs.example.com:514` }),
    webhook: await made(`/apps/${app}/webhooks`, HOOK),
    dyno: await last(`/apps/${app}/dynos`),
    release: await last(`/apps/${app}/releases`),
  };
}

describe('an id that another tenant was told [S-API-02]', () => {
  const about = ENDPOINTS.flatMap((endpoint) => {
    const [, name] =
      /[:*](key|domain|sni_endpoint|drain|webhook|dyno|release)(?:\/|$)/.exec(endpoint.path) ?? [];
    return name !== undefined && endpoint.path !== '/api/v2/:dyno'
      ? [[nameOf(endpoint), name, endpoint] as const]
      : [];
  });

  it.each(about)(
    '%s: the %s is not there, in the words for one that nobody has',
    async (_, name, endpoint) => {
      const { door, mine, ids, own } = await twoTenants();
      await using open = door;
      const call = async (id: string) => {
        const { path, body } = exampleOf(endpoint, 'mine', { [name]: id });
        return open.call(endpoint.method, path, { token: mine, ...(body !== undefined && { body }) });
      };
      const things: Readonly<Record<string, string>> = ids;
      const foreign = things[name] ?? '';
      expect(foreign).toMatch(/^[0-9a-f-]{36}$/);
      open.world.writes.length = 0;
      const nobodys = foreign.replace(/^.{8}/, '00000000');
      const [swapped, invented] = [await call(foreign), await call(nobodys)];
      expect(swapped, swapped.text).toMatchObject({ status: 404 });
      const without = ({ text }: { readonly text: string }, id: string): string =>
        text.replaceAll(id, 'ID').replace(/"request_id":"[^"]+"/, '');
      expect(without(swapped, foreign)).toBe(without(invented, nobodys));
      expect(open.world.writes).toEqual([]);
      // And yet with their own it works: what is refused is whose it is.
      const owned: Readonly<Record<string, string>> = own;
      expect((await call(owned[name] ?? '')).status).not.toBe(404);
    },
  );

  it.each([
    [
      'POST',
      '/apps/mine/domains',
      (ids: Ids) => ({ hostname: 'b.example.com', sni_endpoint: ids.sni_endpoint }),
    ],
    ['PATCH', '/apps/mine/domains/mine.example.com', (ids: Ids) => ({ sni_endpoint: ids.sni_endpoint })],
    ['POST', '/apps/mine/releases', (ids: Ids) => ({ release: ids.release })],
  ] as const)('%s %s: nor is it in a body', async (method, path, bodyOf) => {
    const { door, mine, ids, own } = await twoTenants();
    await using open = door;
    open.world.writes.length = 0;
    expect(await open.call(method, path, { token: mine, body: bodyOf(ids) })).toMatchObject({ status: 404 });
    expect(open.world.writes).toEqual([]);
    expect((await open.call(method, path, { token: mine, body: bodyOf(own) })).status).not.toBe(404);
  });
});

type Ids = Awaited<ReturnType<typeof everythingOf>>;
