import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Endpoint, Need } from '../../server/contract/endpoint.ts';
import { ENDPOINTS } from '../../server/contract/endpoints/all.ts';
import { openCast, type Principal } from '../support/cast.ts';
import { exampleOf, nameOf, staleExamples, wrongBodyOf } from '../support/endpoint-examples.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';
import { remember } from '../support/remember.ts';

type Verdict = 'may' | 401 | 403 | 404;
type Scope = Principal['scope'];

/** The roles that are enough, and the scopes that are good for it: written down here, not taken from the rule. */
const APP_NEEDS: Readonly<Record<string, readonly [roles: string, scopes: string]>> = {
  'app:view': ['view deploy operate manage admin', 'global read read-protected write write-protected deploy'],
  'app:secrets': ['deploy operate manage admin', 'global read-protected write-protected'],
  'app:configure': ['operate manage admin', 'global write-protected'],
  'app:run': ['operate manage admin', 'global write-protected'],
  'app:deploy': ['deploy operate manage admin', 'global write write-protected deploy'],
  'app:operate': ['operate manage admin', 'global write write-protected'],
  'app:manage': ['manage admin', 'global write write-protected'],
  'app:admin': ['admin', 'global write write-protected'],
  'app:share': ['manage admin', 'global write-protected'],
  'app:give': ['admin', 'global write-protected'],
};
const PIPELINE_NEEDS: typeof APP_NEEDS = {
  'pipeline:view': ['view manage admin', 'global read read-protected write write-protected'],
  'pipeline:manage': ['manage admin', 'global write write-protected'],
  'pipeline:couple': ['manage admin', 'global write write-protected'],
  'pipeline:admin': ['admin', 'global write write-protected'],
  'pipeline:give': ['admin', 'global write-protected'],
};
const SEES_APP = 'global read read-protected write write-protected deploy';
const SEES_PEOPLE = 'global read read-protected write write-protected';
const SCOPES: Readonly<Partial<Record<Need, string>>> = {
  'self:read': 'global',
  'self:write': 'global',
  'apps:list': 'global read read-protected write write-protected deploy deploy-other',
  'apps:create': 'global write write-protected',
  'teams:list': SEES_PEOPLE,
  'teams:create': 'global',
  'pipelines:list': SEES_PEOPLE,
  'pipelines:create': 'global write write-protected',
};

const among = (words: string, word: string | null): boolean =>
  word !== null && words.split(' ').includes(word);

function verdict(needs: Need, who: Principal): Verdict {
  if (['open', 'link'].includes(needs)) return 'may';
  const door = atTheDoor(who);
  if (door !== 'may') return door;
  const [kind] = needs.split(':');
  if (kind === 'pipeline') return aboutPipeline(needs, who);
  if (kind === 'app') return aboutApp(needs, who);
  if (kind === 'team') return aboutTeam(needs, who);
  if (['identity', 'platform:read'].includes(needs)) return 'may';
  if (needs === 'platform:admin') return who.admin && who.scope === 'global' ? 'may' : 403;
  return among(SCOPES[needs] ?? '', who.scope satisfies Scope) ? 'may' : 403;
}

function atTheDoor({ known, astray }: Principal): Verdict {
  if (!known) return 401;
  return astray === true ? 403 : 'may';
}

function aboutApp(needs: Need, { role, scope }: Principal): Verdict {
  const [roles, scopes] = APP_NEEDS[needs] ?? ['', ''];
  if (role === null || !among(SEES_APP, scope)) return 404;
  return among(roles, role) && among(scopes, scope) ? 'may' : 403;
}

function aboutPipeline(needs: Need, who: Principal): Verdict {
  const { pipeline, scope } = who;
  const app = needs === 'pipeline:couple' ? aboutApp('app:operate', who) : 'may';
  if (app !== 'may') return app; // it is asked about first
  if (pipeline === null || !among(SEES_PEOPLE, scope)) return 404;
  const [roles, scopes] = PIPELINE_NEEDS[needs] ?? ['', ''];
  return among(roles, pipeline) && among(scopes, scope) ? 'may' : 403;
}

function aboutTeam(needs: Need, { team, scope }: Principal): Verdict {
  if (team === null || !among(SEES_PEOPLE, scope)) return 404;
  return needs === 'team:view' || (team === 'admin' && scope === 'global') ? 'may' : 403;
}

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** What an answer says about the caller; who may do it can still be told that there is no such build. */
function judged({ status, body }: Answered): Verdict {
  const { id, resource } = (body ?? {}) as { readonly id?: string; readonly resource?: string };
  if (status === 401 && id === 'unauthorized') return 401;
  if (status === 403) return 403;
  if (status === 404 && among('app team pipeline pipeline_coupling path', resource ?? '')) return 404;
  return 'may';
}

/** Of these the code in the body is the credential, and a wrong one is refused like a wrong token. */
const OWN_PROOF = /^(POST \/gantry\/invitations\/accept|\w+ \/gantry\/account\/)/;

async function ask(door: TestDoor, endpoint: Endpoint, who: Principal): Promise<Answered> {
  const { path, body } = exampleOf(endpoint, who.app);
  if (endpoint.streams !== undefined) return askStream(door, path, who);
  return door.call(endpoint.method, path, { token: who.token, ...(body !== undefined && { body }) });
}

/** What they are told who send a body that is refused, if any is: the verdict, or what it was instead. */
async function toldWrongly(
  door: TestDoor,
  endpoint: Endpoint,
  { app, token }: Principal,
  want: Verdict,
): Promise<string> {
  const body = wrongBodyOf(endpoint, app);
  if (body === undefined) return String(want);
  const { path } = exampleOf(endpoint, app);
  const told = await door.call(endpoint.method, path, { token, body });
  return judged(told) === want ? String(want) : told.text;
}

/** A stream does not end; that it began is answer enough. */
async function askStream(door: TestDoor, path: string, { token }: Principal): Promise<Answered> {
  const leave = new AbortController();
  const headers = { ...(token !== null && { authorization: `Bearer ${token}` }) };
  const res = await fetch(door.url + path, { headers, signal: leave.signal });
  const body: unknown = res.ok ? undefined : await res.json();
  leave.abort();
  return { status: res.status, body };
}

describe('who may call what, and that asking changes nothing [S-API-01] [S-API-09]', () => {
  it.each(ENDPOINTS.map((one) => [nameOf(one), one] as const))('%s', async (name, endpoint) => {
    const cells: string[] = [];
    const expected: string[] = [];
    await using door = await openTestDoor({ requestsPerHour: 1_000_000 });
    const { world } = door;
    world.outcome = 'never'; // nothing goes on behind the back of who asks next
    const cast = openCast(world);
    const asBefore = remember(world.memory);
    const ordered = cast.map((who, at) => ({ at, want: verdict(endpoint.needs, who) }));
    // Those who may not come first: together they must have changed nothing.
    ordered.sort((a, b) => Number(a.want === 'may') - Number(b.want === 'may'));
    for (const { at, want } of ordered) {
      if (want === 'may' && endpoint.method !== 'GET') {
        expect(world.writes, 'nothing was changed by those who may not').toEqual([]);
        asBefore();
      }
      const who = cast[at];
      if (!who) throw new Error('every cast is the same');
      const answer = await ask(door, endpoint, who);
      if (endpoint.method === 'GET') expect(world.writes, 'asking changes nothing').toEqual([]);
      world.writes.splice(0, want === 'may' ? Infinity : 0);
      const said = judged(answer);
      if (OWN_PROOF.test(name) && want === 'may' && said === 401) continue;
      cells.push(
        `${who.name}: ${said}${said === want ? '' : ` (${answer.status} ${JSON.stringify(answer.body)})`}`,
      );
      expected.push(`${who.name}: ${want}`);
      if (want === 'may') continue;
      cells.push(`${who.name}, wrongly: ${await toldWrongly(door, endpoint, who, want)}`);
      expected.push(`${who.name}, wrongly: ${want}`);
    }
    expect(cells).toEqual(expected);
  });

  it('has no examples of endpoints that are gone', () => {
    expect(staleExamples()).toEqual([]);
  });
});

/** Things of another tenant's app, by the name they have in paths. */
function foreignIds(door: TestDoor): Readonly<Record<string, string>> {
  const { memory } = door.world;
  const theirs = door.world.deployed('theirs');
  const appId = theirs.app.id;
  const [release] = [...memory.releases.values()].filter((one) => one.appId === appId && one.version === 2);
  const build = randomUUID();
  memory.builds.set(build, {
    ...{ id: build, appId, userId: door.world.admin.userId, status: 'succeeded', attempt: 1, failure: null },
    ...{ push: { ref: 'refs/heads/main', commit: 'c0ffee', from: null }, image: null, epoch: 1 },
    ...{ upload: null, buildpacks: null },
    ...{ createdAt: theirs.app.createdAt, finishedAt: theirs.app.createdAt },
  });
  const transfer = randomUUID();
  const offer = { appId, ownerId: door.world.admin.userId, recipientId: door.world.other.userId };
  const at = theirs.app.createdAt;
  memory.transfers.set(transfer, { id: transfer, ...offer, state: 'pending', createdAt: at, updatedAt: at });
  const [pipeline, coupling] = [randomUUID(), randomUUID()];
  const holder = { ownerId: door.world.admin.userId, teamId: null };
  memory.pipelines.set(pipeline, {
    id: pipeline,
    name: 'their-pipe',
    ...holder,
    createdAt: at,
    updatedAt: at,
  });
  const place = { pipelineId: pipeline, appId, stage: 'staging' } as const;
  memory.couplings.set(coupling, { id: coupling, ...place, createdAt: at, updatedAt: at });
  const setup = randomUUID();
  memory.setups.set(setup, {
    setup: {
      ...{
        id: setup,
        appId,
        userId: door.world.admin.userId,
        status: 'pending',
        buildId: build,
        runId: null,
        formerApp: null,
      },
      ...{ source: { checksum: null, version: null }, manifestErrors: [], prepared: null, postdeploy: null },
      ...{ failure: null, successUrl: null, createdAt: at, updatedAt: at },
    },
    order: { source: { url: 'https://example.com/x.tgz' }, env: new Map(), buildpacks: null },
  });
  const [token] = [...memory.tokens.values()].filter((one) => one.userId === door.world.admin.userId);
  const id = token?.id ?? '';
  return {
    ...{ release: release?.id ?? '', build, transfer, authorization: id, session: id, token: id },
    ...{ pipeline, coupling, setup },
    ...{ collaborator: door.world.admin.userId, user: door.world.admin.userId },
  };
}

describe('an id of another tenant [S-API-02]', () => {
  const FOREIGN = [
    'release',
    'build',
    'transfer',
    'authorization',
    'session',
    'token',
    'collaborator',
    'user',
    'pipeline',
    'coupling',
    'setup',
  ];
  const paramsOf = ({ path }: Endpoint): readonly string[] =>
    [...path.matchAll(/[:*](\w+)/g)].map(([, name]) => name ?? '');
  const about = ENDPOINTS.filter(
    (one) => one.needs !== 'platform:admin' && paramsOf(one).some((name) => FOREIGN.includes(name)),
  );

  it.each(about.map((one) => [nameOf(one), one] as const))('is not there for %s', async (_, endpoint) => {
    await using door = await openTestDoor();
    const owner = openCast(door.world).find(({ name }) => name === 'the owner');
    const { path, body } = exampleOf(endpoint, 'demo', foreignIds(door));
    const token = owner?.token ?? null;
    const answer = await door.call(endpoint.method, path, { token, ...(body !== undefined && { body }) });
    expect(answer, answer.text).toMatchObject({ status: 404, body: { id: 'not_found' } });
    expect(door.world.writes).toEqual([]);
  });

  it('in a body is not there either', async () => {
    await using door = await openTestDoor();
    const owner = openCast(door.world).find(({ name }) => name === 'the owner');
    const { release } = foreignIds(door);
    const token = owner?.token ?? null;
    for (const [path, body] of [
      ['/apps/demo/releases', { release }],
      ['/account/app-transfers', { app: 'theirs', recipient: 'owner@example.com' }],
      ['/teams/apps', { name: 'mine', team: 'acme' }],
    ] as const)
      expect(await door.call('POST', path, { token, body }), path).toMatchObject({ status: 404 });
    expect(door.world.writes).toEqual([]);
  });
});

describe('a token of scope write, which is kept from config vars [S-API-01]', () => {
  it('lets nobody else at them', async () => {
    await using door = await openTestDoor();
    const owner = openCast(door.world).find(({ name }) => name === "the owner's write");
    const friend = { user: 'colleague@example.com', permissions: ['view', 'deploy', 'operate', 'manage'] };
    const id = friend.user;
    for (const [method, path, body] of [
      ['POST', '/apps/demo/collaborators', friend],
      ['PATCH', `/apps/demo/collaborators/${id}`, { permissions: friend.permissions }],
      ['POST', '/teams/apps/demo/collaborators', friend],
      ['PATCH', '/teams/apps/demo', { owner: id }],
      ['POST', '/account/app-transfers', { app: 'demo', recipient: id }],
      ['POST', '/oauth/authorizations', { scope: ['read-protected'] }],
      ['POST', '/account/keys', { public_key: 'ssh-ed25519 AAAA' }],
      ['POST', '/teams', { name: 'fresh' }],
    ] as const)
      expect(await door.call(method, path, { token: owner?.token ?? null, body }), path).toMatchObject({
        ...{ status: 403, body: { id: 'scope_too_small' } },
      });
    expect(door.world.writes).toEqual([]);
  });
});

it('says in words what the scope of a token does not cover', async () => {
  await using door = await openTestDoor();
  const cast = openCast(door.world);
  const said = async (name: string, path: string, method = 'GET'): Promise<unknown> => {
    const token = cast.find((one) => one.name === name)?.token ?? null;
    return ((await door.call(method, path, { token })).body as { readonly message: string }).message;
  };
  const begins = (text: string): unknown =>
    expect.stringMatching(new RegExp(`^The scope of this token does not cover ${text}; use a token`));
  expect(await said("the owner's write", '/apps/demo/config-vars')).toEqual(
    begins("reading demo's config vars"),
  );
  expect(await said("the owner's read", '/apps/demo/dynos', 'DELETE')).toEqual(
    begins(String.raw`operating demo \(scaling, restarts, domains\)`),
  );
  expect(await said("the owner's read", '/apps/demo', 'DELETE')).toEqual(begins('destroying demo'));
});

describe('fields that nobody may set [S-API-04]', () => {
  /** Their bodies hold names of the caller's own, or they are refused whatever is sent. */
  const ANYTHING = ['PATCH /apps/:app/config-vars', 'DELETE /apps/:app', 'POST /oauth/clients'].concat([
    'POST /apps/:app/slugs',
    'POST /apps/:app/addons',
  ]);
  const HOSTILE = ['role', 'ownerId', 'epoch', 'admin', 'teamId', '__proto__', 'constructor'];
  const written = ENDPOINTS.filter(
    (one) => one.method !== 'GET' && one.needs !== 'open' && !ANYTHING.includes(nameOf(one)),
  );

  it.each(written.map((one) => [nameOf(one), one] as const))('are refused by %s', async (_, endpoint) => {
    await using door = await openTestDoor();
    const admin = openCast(door.world).find(({ name }) => name === 'an administrator');
    const { path, body } = exampleOf(endpoint, 'demo');
    const own = body === undefined ? {} : (body as Record<string, unknown>);
    for (const field of HOSTILE) {
      if (Object.hasOwn(own, field)) continue;
      const sent = `${JSON.stringify(own).slice(0, -1)}${Object.keys(own).length > 0 ? ',' : ''}"${field}":{"admin":true}}`;
      const answer = await door.call(endpoint.method, path, { token: admin?.token ?? null, body: sent });
      expect(answer, `${field}: ${answer.text}`).toMatchObject({
        status: 422,
        body: { id: 'invalid_params' },
      });
    }
    expect(door.world.writes).toEqual([]);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});
