import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

let door: TestDoor;
let logged: string;
beforeEach(async () => {
  logged = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString();
      done();
    },
  });
  door = await openTestDoor({ log: pino({ level: 'trace' }, sink) });
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

describe('a token in an address [S-API-06]', () => {
  const NAMES = [
    'access_token',
    'token',
    'api_key',
    'apikey',
    'auth',
    'authorization',
    'key',
    'bearer_token',
  ];

  it.each(NAMES)('opens nothing as ?%s=, and is not logged', async (name) => {
    const token = door.world.adminToken;
    for (const [method, path] of [
      ['GET', '/account'],
      ['GET', '/apps/demo/config-vars'],
      ['DELETE', '/apps/demo'],
      ['GET', '/auth/wait'],
    ] as const) {
      const answer = await door.call(method, `${path}?${name}=${token}`, { token: null });
      expect(answer.status, `${method} ${path}`).toBeGreaterThanOrEqual(401);
      expect(answer.text).not.toContain(token);
    }
    expect(door.world.writes).toEqual([]);
    expect(logged).toContain('"path":"/account"');
    expect(logged).not.toContain(token);
  });

  it('nor is one in a header, in a body, or in the link of a stream, whatever becomes of the call', async () => {
    const { adminToken: token } = door.world;
    await door.call('GET', '/apps');
    await door.call('GET', '/account', { token: null, headers: { authorization: `Token ${token}` } });
    await door.call('POST', '/gantry/invitations/accept', { token: null, body: { token, password: 'x' } });
    await door.call('GET', `/streams/logs/${token}`, { token: null });
    await door.call('GET', `/sources/${token}`, { token: null });
    await door.call('GET', `/auth/browser/${token}`, { token: null });
    expect(logged.split('\n').length).toBeGreaterThan(5);
    expect(logged).not.toContain(token);
  });
});

describe('credentials that are none [S-API-06]', () => {
  it('are refused alike, and say nothing of what is behind them', async () => {
    const told = new Set<string>();
    for (const authorization of [
      ...['Bearer', 'Bearer ', 'Bearer x', `bearer ${'A'.repeat(600)}`, 'Basic', 'Basic !!', 'Digest a="b"'],
      ...[`Bearer gantry_${'A'.repeat(43)}`, `Basic ${Buffer.from(':gantry_x').toString('base64')}`],
    ]) {
      const { status, text } = await door.call('GET', '/apps/demo', {
        token: null,
        headers: { authorization },
      });
      expect(status, authorization).toBe(401);
      told.add(text.replace(/"request_id":"[^"]+"/, ''));
    }
    expect(told.size).toBe(1);
  });
});
