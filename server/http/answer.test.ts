import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { openTestDoor, type TestDoor } from '../../test/support/fake-door.ts';

const ID = { 'request-id': '5b0a4a39-6d5e-4b0f-b3ff-70d9d6a6b6d1' };
const WAIT = { timeout: 5_000, interval: 2 };
let door: TestDoor;
let gate: { readonly opened: Promise<void>; readonly open: () => void };
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  gate = { opened, open };
});
afterEach(() => door[Symbol.asyncDispose]());

const create = (headers = ID, name = 'fresh') => door.call('POST', '/apps', { body: { name }, headers });

/** Makes the creation of an app wait at the gate; answers how often it began, and the signal it was given. */
function holdCreation() {
  const { apps } = door.world.services;
  const inner = apps.create.bind(apps);
  const seen: AbortSignal[] = [];
  Object.assign(apps, {
    async create(...args: Parameters<typeof inner>) {
      seen.push(args[2]);
      await gate.opened;
      return inner(...args);
    },
  });
  return seen;
}
/** Begins a request and hangs up as soon as `until` holds. */
async function hangUp(method: string, path: string, until: () => void, body?: object): Promise<void> {
  const payload = body && JSON.stringify(body);
  const req = request(door.url + path, {
    method,
    headers: {
      authorization: `Bearer ${door.world.adminToken}`,
      ...ID,
      ...(payload !== undefined && { 'content-length': Buffer.byteLength(payload) }),
    },
  });
  req.on('error', () => undefined); // that is the point
  req.end(payload);
  await vi.waitFor(until, WAIT);
  req.destroy();
}

describe('a question', () => {
  it('is given up when the client goes away', async () => {
    let asked: AbortSignal | undefined;
    Object.assign(door.world.services.apps, {
      list: (_actor: unknown, signal: AbortSignal) => {
        asked = signal;
        return pause(60_000, signal);
      },
    });
    await hangUp('GET', '/apps', () => expect(asked).toBeDefined());
    await vi.waitFor(() => expect(asked?.aborted).toBe(true), WAIT);
  });
});

describe('a list that is written once', () => {
  const list = (headers = {}) => door.call('GET', '/apps', { headers });

  it('is JSON like any other answer, and the same as the answers about each', async () => {
    door.world.deployed('other');
    const { status, headers, body } = await list();
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    const each = await Promise.all(['demo', 'other'].map((name) => door.call('GET', `/apps/${name}`)));
    expect(body).toEqual(each.map((one) => one.body));
  });

  it('is empty where there is nothing, and cut where a part is asked for', async () => {
    const token = door.world.otherToken;
    expect((await door.call('GET', '/apps', { token })).text).toBe('[]');
    door.world.deployed('other');
    const part = await list({ range: 'name ..; max=1' });
    expect(part).toMatchObject({ status: 206, body: [{ name: 'demo' }] });
    expect(part.headers['next-range']).toContain('name ]demo..');
  });

  it('is not sent to who has it, and sent as it is now as soon as anything in it changes', async () => {
    const first = await list();
    const etag = String(first.headers['etag']);
    expect(await list({ 'if-none-match': etag })).toMatchObject({ status: 304, text: '' });
    await door.call('PATCH', '/apps/demo', { body: { maintenance: true } });
    const now = await list({ 'if-none-match': etag });
    expect(now).toMatchObject({ status: 200, body: [{ name: 'demo', maintenance: true }] });
    expect(now.headers['etag']).not.toBe(etag);
  });
});

describe('a change', () => {
  it('runs to its end when the client goes away, and tells the answer to who asks again', async () => {
    const begun = holdCreation();
    await hangUp('POST', '/apps', () => expect(begun).toHaveLength(1), { name: 'fresh' });
    await pause(20, new AbortController().signal);
    expect(begun[0]?.aborted).toBe(false);
    gate.open();
    await vi.waitFor(() => expect(door.world.writes).toEqual(['create']), WAIT);
    expect(await create()).toMatchObject({ status: 201, body: { name: 'fresh' } });
    expect(door.world.writes).toEqual(['create']);
  });

  it('is done for each who asks without a Request-Id', async () => {
    expect((await create({} as typeof ID)).status).toBe(201);
    expect((await create({} as typeof ID)).status).toBe(422);
    expect(door.world.kept.size).toBe(0);
  });

  it('that was refused is not kept: a later try may succeed', async () => {
    door.world.deployed('fresh');
    expect((await create()).status).toBe(422);
    await door.call('DELETE', '/apps/fresh');
    expect((await create()).status).toBe(201);
  });

  it('shares its failure too with who asks again meanwhile, and with nobody after that', async () => {
    const begun = holdCreation();
    const { accounts } = door.world.services;
    const authenticate = vi.spyOn(accounts, 'authenticate');
    door.world.deployed('fresh');
    const both = [create(), create()];
    await vi.waitFor(() => expect([begun.length, authenticate.mock.calls.length]).toEqual([1, 2]), WAIT);
    await pause(100, new AbortController().signal); // from there the other only reads its body
    gate.open();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([422, 422]);
    expect(begun).toHaveLength(1);
    await create();
    expect(begun).toHaveLength(2);
  });

  it('is not answered from what another version kept in a shape we cannot read', async () => {
    const { services, admin } = door.world;
    const { signal } = new AbortController();
    const old = { request: 'of old', status: 201, body: { old: true } };
    await services.idempotency.begin(admin.userId, ID['request-id'], old.request, signal);
    await services.idempotency.finish(admin.userId, ID['request-id'], old, signal);
    expect(await create()).toMatchObject({ status: 201, body: { name: 'fresh' } });
    expect(door.world.writes).toEqual(['create']);
  });

  it('that a crash cut off is not made a second time, unless twice is the same as once', async () => {
    const { idempotency } = door.world.services;
    const finish = vi.spyOn(idempotency, 'finish').mockRejectedValue(new Error('killed'));
    expect((await create()).status).toBe(500);
    const twice = { body: { updates: [{ type: 'web', quantity: '+1' }] }, headers: ID };
    const once = {
      body: { updates: [{ type: 'web', quantity: '3' }] },
      headers: { 'request-id': 'r-absolute-1' },
    };
    await door.call('PATCH', '/apps/demo/formation', { ...twice, headers: { 'request-id': 'r-relative-1' } });
    await door.call('PATCH', '/apps/demo/formation', once);
    finish.mockRestore();

    expect(await create()).toMatchObject({ status: 409, body: { id: 'outcome_unknown', retry: false } });
    expect((await create({ 'request-id': 'another-one' }, 'other')).status).toBe(201);
    const relative = { ...twice, headers: { 'request-id': 'r-relative-1' } };
    expect((await door.call('PATCH', '/apps/demo/formation', relative)).status).toBe(409);
    expect((await door.call('PATCH', '/apps/demo/formation', once)).status).toBe(200);
  });

  it('is kept without anything that tells what was asked', async () => {
    await door.call('PATCH', '/apps/demo/config-vars', { body: { PASSWORD: 'hunter2' }, headers: ID });
    const kept = JSON.stringify([...door.world.kept]);
    expect(kept).toContain('request');
    expect(kept).not.toMatch(/hunter2|PASSWORD|config-vars/);
  });
});

describe('a list', () => {
  const names = (body: unknown): unknown[] => (body as { name: string }[]).map(({ name }) => name);

  it('says by what it can be cut, and where the rest begins', async () => {
    for (const name of ['alpha', 'beta', 'gamma']) door.world.deployed(name);
    const first = await door.call('GET', '/apps', { headers: { range: 'name ..; max=2' } });
    expect([first.status, names(first.body)]).toEqual([206, ['alpha', 'beta']]);
    expect(first.headers['accept-ranges']).toBe('name, id');
    const range = String(first.headers['next-range']);
    const rest = await door.call('GET', '/apps', { headers: { range } });
    expect([rest.status, names(rest.body), rest.headers['next-range']]).toEqual([
      200,
      ['demo', 'gamma'],
      undefined,
    ]);
  });
});
