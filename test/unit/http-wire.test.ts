import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { authorization } from '../../server/contract/identity-resources.ts';
import { logSession } from '../../server/contract/resources.ts';
import { TIME } from '../support/fake-app.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

/** A regular expression alone matches anything inside `toMatchObject`. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor({ keepAliveMs: 20 });
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

describe('a repeated Request-Id', () => {
  const headers = { 'request-id': '5b0a4a39-6d5e-4b0f-b3ff-70d9d6a6b6d1,older-request-id' };

  it('answers again without doing it again', async () => {
    const first = await door.call('POST', '/apps', { body: { name: 'fresh' }, headers });
    const again = await door.call('POST', '/apps', { body: { name: 'fresh' }, headers });
    expect(first.status).toBe(201);
    expect(again).toMatchObject({
      status: 201,
      body: first.body,
      headers: { 'idempotent-replayed': 'true' },
    });
    expect(door.world.writes).toEqual(['create']);
  });

  it('shares the answer of a call that is still running', async () => {
    const { accounts, apps } = door.world.services;
    const [authenticate, create] = [accounts.authenticate.bind(accounts), apps.create.bind(apps)];
    let arrived = 0;
    Object.assign(accounts, {
      authenticate(...args: Parameters<typeof authenticate>) {
        arrived += 1;
        return authenticate(...args);
      },
    });
    Object.assign(apps, {
      async create(...args: Parameters<typeof create>) {
        await vi.waitFor(() => expect(arrived).toBe(5), { timeout: 5_000, interval: 5 });
        await pause(50, args[2]);
        return create(...args);
      },
    });
    const calls = Array.from({ length: 5 }, () =>
      door.call('POST', '/apps', { body: { name: 'fresh' }, headers }),
    );
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(door.world.writes).toEqual(['create']);
  });

  it('does another call under the same id, because it is another call', async () => {
    await door.call('POST', '/apps', { body: { name: 'fresh' }, headers });
    const other = await door.call('POST', '/apps', { body: { name: 'second' }, headers });
    expect(other).toMatchObject({ status: 201, body: { name: 'second' } });
  });

  it('belongs to its user', async () => {
    await door.call('POST', '/apps', { body: { name: 'fresh' }, headers });
    const other = await door.call('POST', '/apps', {
      body: { name: 'fresh' },
      headers,
      token: door.world.otherToken,
    });
    expect(other.status).toBe(422);
  });

  it('shows one token nothing of what another token of the same person was shown', async () => {
    const tokenOf = (body: unknown): string => authorization.parse(body).access_token.token;
    const narrow = await door.call('POST', '/oauth/authorizations', { body: { scope: ['identity'] } });
    const call = { body: { description: 'wide' }, headers };
    expect((await door.call('POST', '/oauth/authorizations', call)).status).toBe(201);
    const stolen = await door.call('POST', '/oauth/authorizations', {
      ...call,
      token: tokenOf(narrow.body),
    });
    expect(stolen).toMatchObject({ status: 403, body: { id: 'scope_too_small' } });
  });

  it('tries again what was refused', async () => {
    door.world.outcome = 'never';
    expect((await door.call('DELETE', '/apps/demo/dynos', { headers: {} })).status).toBe(202);
    expect(await door.call('DELETE', '/apps/demo/dynos', { headers })).toMatchObject({
      status: 409,
      body: { id: 'deploy_in_progress', retry: true },
    });
    const [running] = door.world.apps.get('demo')?.deployments ?? [];
    const demo = door.world.apps.get('demo');
    if (demo && running) door.world.decide(demo, running, 'succeeded', null);
    expect((await door.call('DELETE', '/apps/demo/dynos', { headers })).status).toBe(202);
  });

  it('keeps no config value beside the encrypted ones, and still answers with them', async () => {
    const body = { PASSWORD: 'hunter2' };
    const first = await door.call('PATCH', '/apps/demo/config-vars', { body, headers });
    const again = await door.call('PATCH', '/apps/demo/config-vars', { body, headers });
    expect(again.body).toEqual(first.body);
    expect(again.headers).toMatchObject({ 'gantry-release': '3', 'idempotent-replayed': 'true' });
    expect(door.world.writes).toEqual(['change']);
    expect(JSON.stringify([...door.world.kept])).not.toContain('hunter2');
  });
});

describe('every answer', () => {
  it('echoes the first request id, or has one of its own', async () => {
    const given = await door.call('GET', '/apps', { headers: { 'request-id': 'abcdefgh-1,other-id-2' } });
    const own = await door.call('GET', '/apps', { headers: { 'request-id': 'a b"c' } });
    expect(given.headers['request-id']).toBe('abcdefgh-1');
    expect(own.headers['request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('names the request id in a failure', async () => {
    const answer = await door.call('GET', '/apps/none', { headers: { 'request-id': 'abcdefgh-1' } });
    expect(answer.body).toMatchObject({ request_id: 'abcdefgh-1' });
  });

  it('carries no trace of what it is made of, and no permission for browsers', async () => {
    const { headers } = await door.call('GET', '/nothing');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('is not a stack trace when a service has a bug', async () => {
    Object.assign(door.world.services.releases, {
      list: () => Promise.reject(new TypeError('secret detail')),
    });
    const answer = await door.call('GET', '/apps/demo/releases');
    expect(answer).toMatchObject({ status: 500, body: { id: 'internal_error', retry: true } });
    expect(answer.text).not.toContain('secret detail');
  });
});

describe('a failure', () => {
  async function loggedDoor() {
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: (text: string) => lines.push(text) });
    const own = await openTestDoor({ log });
    own.world.deployed('demo');
    return { own, errors: () => lines.filter((text) => text.includes('"level":50')) };
  }

  it('that is a bug is logged with the request id, and cuts a stream that had begun', async () => {
    const { own, errors } = await loggedDoor();
    await using door = own;
    Object.assign(door.world.services.logs, {
      // eslint-disable-next-line @typescript-eslint/require-await -- it fails before there is anything to wait for
      read: async function* () {
        yield { at: TIME, source: 'app', instance: 'web.1', text: 'one' };
        throw new TypeError('a bug');
      },
    });
    const made = await door.call('POST', '/apps/demo/log-sessions', { body: {} });
    const res = await fetch(logSession.parse(made.body).logplex_url);
    await expect(res.text()).rejects.toThrow();
    expect(errors()).toHaveLength(1);
    expect(errors()[0]).toContain('a bug');
  });

  it('of a client that goes away is not logged as a fault', async () => {
    const { own, errors } = await loggedDoor();
    await using door = own;
    let asked = false;
    Object.assign(door.world.services.apps, {
      list: (_actor: unknown, signal: AbortSignal) => {
        asked = true;
        return pause(10_000, signal);
      },
    });
    const leave = new AbortController();
    const headers = { authorization: `Bearer ${door.world.adminToken}` };
    const call = fetch(`${door.url}/apps`, { signal: leave.signal, headers });
    await vi.waitFor(() => expect(asked).toBe(true), { timeout: 5_000, interval: 5 });
    leave.abort();
    await expect(call).rejects.toThrow();
    await door.call('GET', '/account');
    expect(errors()).toEqual([]);
  });
});

describe('limits', () => {
  it('counts down what a token may still ask, and refuses with 429 when it is used up [S-API-08]', async () => {
    await using small = await openTestDoor({ requestsPerHour: 2 });
    const left = [];
    for (let n = 0; n < 3; n += 1) left.push(await small.call('GET', '/apps'));
    expect(left.map(({ status, headers }) => [status, headers['ratelimit-remaining']])).toEqual([
      [200, '1'],
      [200, '0'],
      [429, '0'],
    ]);
    expect(left[2]?.body).toMatchObject({ id: 'rate_limit', retry: true });
    expect(left[2]?.headers['retry-after']).toBe('1');
    expect((await small.call('GET', '/apps', { token: door.world.otherToken })).status).toBe(200);
  });

  it('refuses a burst of calls with one token, also of those that are made together, and nobody else’s [S-API-08]', async () => {
    let at = Date.now();
    await using burst = await openTestDoor({ requestsPerHour: 4500, now: () => new Date(at) });
    const together = await Promise.all(Array.from({ length: 60 }, () => burst.call('GET', '/account')));
    expect(together.filter(({ status }) => status === 200)).toHaveLength(50);
    expect(together.find(({ status }) => status !== 200)).toMatchObject({
      ...{ status: 429, body: { id: 'rate_limit' }, headers: { 'retry-after': '1' } },
    });
    expect((await burst.call('GET', '/account', { token: burst.world.otherToken })).status).toBe(200);
    at += 1_000;
    expect((await burst.call('GET', '/account')).status).toBe(200);
  });

  it('gives nobody more calls for having more tokens', async () => {
    await using small = await openTestDoor({ requestsPerHour: 4 });
    const tokens = [];
    for (let n = 0; n < 3; n += 1) {
      const made = await small.call('POST', '/oauth/authorizations', { body: {} });
      tokens.push(authorization.parse(made.body).access_token.token);
    }
    const statuses = [];
    for (const token of tokens)
      for (let n = 0; n < 2; n += 1) statuses.push((await small.call('GET', '/apps', { token })).status);
    // Eight in all, twice what one token may: three made the tokens, and five are left.
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  });

  it('refuses a body of more than 1 MB [S-API-08]', async () => {
    const answer = await door.call('PATCH', '/apps/demo/config-vars', { body: { A: 'x'.repeat(1_100_000) } });
    expect(answer).toMatchObject({
      status: 413,
      body: { id: 'body_too_large', message: matching(/larger than 1 MB/) },
    });
  });

  it('refuses a compressed body', async () => {
    const headers = { 'content-encoding': 'gzip' };
    const answer = await door.call('POST', '/apps', { body: '{}', headers });
    expect(answer).toMatchObject({ status: 400, body: { message: matching(/compressed/) } });
  });

  it('reads a JSON body whatever type it claims, so that no change is silently dropped', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await door.call('POST', '/apps', { body: { name: 'fresh' }, headers });
    expect(answer).toMatchObject({ status: 201, body: { name: 'fresh' } });
  });

  it('lists 500 apps in one answer', async () => {
    for (let n = 0; n < 500; n += 1) door.world.deployed(`app-${n}`);
    const answer = await door.call('GET', '/apps');
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(501);
  });
});

describe('health', () => {
  it('is told without credentials', async () => {
    expect(await door.call('GET', '/health', { token: null })).toMatchObject({
      status: 200,
      text: '{"ok":true,"in_control":true,"apps_are_back":true}',
    });
  });
});

function line(second: number, text: string, instance = 'web.1', source: 'app' | 'gantry' = 'app') {
  return { at: new Date(TIME.getTime() + second * 1000), source, instance, text };
}

async function session(body: object): Promise<string> {
  const answer = await door.call('POST', '/apps/demo/log-sessions', { body });
  return logSession.parse(answer.body).logplex_url.replace(/^http:\/\/[^/]+/, '');
}

describe('a log session', () => {
  beforeEach(() => {
    door.world.apps
      .get('demo')
      ?.lines.push(
        line(0, 'one'),
        line(0, 'two\rthree\nid: 7'),
        line(1, 'up', 'web.1', 'gantry'),
        line(2, 'four', 'worker.1'),
      );
  });

  it('streams lines as events without credentials, and ends', async () => {
    const answer = await door.call('GET', await session({}), { token: null });
    expect(answer.headers['content-type']).toBe('text/event-stream');
    expect(answer.text).toBe(
      [
        'retry: 1\n',
        'id: 1795255200000-0\ndata: 2026-11-21T10:00:00.000000+00:00 app[web.1]: one\n',
        'id: 1795255200000-1\ndata: 2026-11-21T10:00:00.000000+00:00 app[web.1]: two three id: 7\n',
        'id: 1795255201000-0\ndata: 2026-11-21T10:00:01.000000+00:00 heroku[web.1]: up\n',
        'id: 1795255202000-0\ndata: 2026-11-21T10:00:02.000000+00:00 app[worker.1]: four\n\n',
      ].join('\n'),
    );
  });

  it.each([
    [{ dyno: 'worker' }, ['four']],
    [{ dyno_name: 'web.1', source: 'app' }, ['one', 'two three id: 7']],
    [{ type: 'web', source: 'heroku' }, ['up']],
    [{ lines: 1 }, ['four']],
    [{ lines: 1, source: 'gantry' }, ['up']],
  ])('%j shows only those lines', async (query, texts) => {
    const answer = await door.call('GET', await session(query), { token: null });
    expect([...answer.text.matchAll(/^data: .*?\]: (.*)$/gm)].map(([, text]) => text)).toEqual(texts);
  });

  it('goes on behind the last event that a client has seen', async () => {
    const headers = { 'last-event-id': '1795255200000-1' };
    const answer = await door.call('GET', await session({ lines: 1 }), { token: null, headers });
    expect(answer.text).not.toContain('one');
    expect(answer.text).toContain('heroku[web.1]: up');
    expect(answer.text).toContain('four');
  });

  it('with tail stays open, keeps itself alive and shows new lines at once', async () => {
    const leave = new AbortController();
    const res = await fetch(door.url + (await session({ tail: true, lines: 0 })), { signal: leave.signal });
    const reader = (res.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    const until = async (wanted: string): Promise<void> => {
      while (!text.includes(wanted)) text += Buffer.from((await reader.read()).value ?? []).toString();
    };
    await until(':keepalive');
    door.world.apps.get('demo')?.lines.push(line(3, 'five'));
    await until('five');
    leave.abort();
    expect(text).not.toContain('four');
  });

  it('ends at once when the door closes', async () => {
    const own = await openTestDoor();
    own.world.deployed('demo');
    const made = await own.call('POST', '/apps/demo/log-sessions', { body: { tail: true } });
    const res = await fetch(logSession.parse(made.body).logplex_url);
    const rest = res.text();
    await own[Symbol.asyncDispose]();
    expect(await rest).toContain('retry: 1');
  });

  it('cannot be made up, changed, or used after an hour', async () => {
    const path = await session({});
    const forged = path.slice(0, -4) + (path.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    for (const wrong of [forged, '/streams/logs/x', '/streams/logs/']) {
      expect((await door.call('GET', wrong)).status).toBe(404);
    }
    let now = TIME;
    await using later = await openTestDoor({ now: () => now });
    later.world.deployed('demo');
    const made = await later.call('POST', '/apps/demo/log-sessions', { body: {} });
    const link = logSession.parse(made.body).logplex_url.replace(/^http:\/\/[^/]+/, '');
    expect((await later.call('GET', link)).status).toBe(200);
    now = new Date(TIME.getTime() + 3_600_001);
    expect((await later.call('GET', link)).status).toBe(404);
  });

  it('names the host under which the client came', async () => {
    const headers = { host: 'api.example.com:8443', 'x-forwarded-proto': 'https' };
    const answer = await door.call('POST', '/apps/demo/log-sessions', { body: {}, headers });
    expect(logSession.parse(answer.body).logplex_url).toMatch(
      /^https:\/\/api\.example\.com:8443\/streams\/logs\//,
    );
    const odd = await door.call('POST', '/apps/demo/log-sessions', {
      body: {},
      headers: { host: 'x/..%0a' },
    });
    expect(logSession.parse(odd.body).logplex_url).toMatch(/^http:\/\/api\.localhost:8080\/streams\/logs\//);
  });
});
