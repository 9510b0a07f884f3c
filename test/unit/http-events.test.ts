import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { event, eventGap, logEvent, metricEvent } from '../../server/contract/event-resources.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { Note } from '../../server/domain/happening.ts';
import { patient } from '../support/services-rig.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor({ keepAliveMs: 30 });
});
afterEach(() => door[Symbol.asyncDispose]());

const WAIT = { timeout: 8_000, interval: 20 };

/** A stream that is read in the background. */
function follow(path: string, { token = door.world.adminToken, ...headers }: Record<string, string> = {}) {
  const got = { status: 0, text: '', ended: false, close: (): void => undefined };
  const req = request(door.url + path, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    agent: false,
  });
  req.on('response', (res) => {
    got.status = res.statusCode ?? 0;
    res.on('data', (chunk: Buffer) => (got.text += chunk.toString()));
    res.on('close', () => (got.ended = true));
  });
  req.on('error', () => (got.ended = true));
  got.close = () => void req.destroy();
  req.end();
  return got;
}

async function tell(appId: string, ...kinds: readonly string[]): Promise<void> {
  const notes = kinds.map((kind): Note => ({
    kind,
    action: 'update',
    appId,
    subject: 's',
    before: null,
    after: {},
  }));
  await door.world.happenings.note(notes, patient);
  await door.world.services.happenings.publish(patient);
}

const opened = (stream: { text: string }) => expect.poll(() => stream.text, WAIT).toContain('retry: 1000');

describe('GET /gantry/events', () => {
  it('tells what happens to the apps one may see from then on, and nothing of others', async () => {
    const { app } = door.world.deployed('demo');
    const own = door.world.deployed('own', door.world.other).app;
    const [all, few] = [follow('/gantry/events'), follow('/gantry/events', { token: door.world.otherToken })];
    await opened(all);
    await opened(few);
    await tell(app.id, 'release');
    await tell(own.id, 'build');
    await expect.poll(() => all.text, WAIT).toContain('event: build');
    await expect.poll(() => few.text, WAIT).toContain('event: build');
    expect(few.text).not.toContain(app.id);
    const [, data = ''] = /id: 1\nevent: release\ndata: (.*)\n\n/.exec(all.text) ?? [];
    expect(event.parse(JSON.parse(data))).toMatchObject({ id: 1, kind: 'release', app: { id: app.id } });
    await expect.poll(() => all.text, WAIT).toContain(':keepalive');
    for (const stream of [all, few]) stream.close();
  });

  it('goes on from where one was, and says when something of it is lost', async () => {
    const { app } = door.world.deployed('demo');
    await tell(app.id, 'build', 'release', 'deployment', 'instance');
    const resumed = follow('/gantry/events?app=demo&kinds=deployment,release', { 'last-event-id': '1' });
    await expect.poll(() => resumed.text, WAIT).toMatch(/id: 2\nevent: release[^]*id: 3\nevent: deployment/);
    expect(resumed.text).not.toContain('id: 4');

    door.world.happenings.forget(3);
    const late = follow('/gantry/events', { 'last-event-id': '1' });
    await expect.poll(() => late.text, WAIT).toContain('id: 4\nevent: instance');
    const [, gap = ''] = /id: 3\nevent: gap\ndata: (.*)\n\n/.exec(late.text) ?? [];
    expect(eventGap.parse(JSON.parse(gap))).toEqual({ from: 1, to: 3 });
    for (const stream of [resumed, late]) stream.close();
  });

  it('says at once from which place on it tells', async () => {
    const { app } = door.world.deployed('demo');
    await tell(app.id, 'build', 'release');
    const [now, earlier] = [follow('/gantry/events'), follow('/gantry/events?after=1')];
    for (const stream of [now, earlier]) await opened(stream);
    expect(now.text).toMatch(/^retry: 1000\nid: 2\n\n/);
    expect(earlier.text).toMatch(/^retry: 1000\nid: 1\n\n/);
    for (const stream of [now, earlier]) stream.close();
  });

  it('ends within seconds when the token is good no longer [S-API-03]', async () => {
    const stream = follow('/gantry/events');
    await opened(stream);
    const { accounts } = door.world.services;
    Object.assign(accounts, { authenticate: () => Promise.reject(PlatformError.of('unauthorized', {})) });
    await expect.poll(() => stream.ended, WAIT).toBe(true);
    expect(stream.status).toBe(200);
  });

  it('is refused to whoever follows twenty already, until they leave one', async () => {
    const streams = Array.from({ length: 20 }, () => follow('/gantry/events'));
    for (const stream of streams) await opened(stream);
    const more = follow('/gantry/events');
    await expect.poll(() => more.status, WAIT).toBe(429);
    streams[0]?.close();
    const again = async () => {
      const next = follow('/gantry/events');
      await expect.poll(() => next.status, WAIT).not.toBe(0);
      next.close();
      return next.status;
    };
    await expect.poll(again, WAIT).toBe(200);
    for (const stream of streams) stream.close();
  });

  it('tells the lines of an app and what it takes to whoever asks for them, and goes on with the lines', async () => {
    const { lines } = door.world.deployed('demo');
    const said = (text: string) =>
      lines.push({ at: new Date('2026-11-21T10:00:05Z'), source: 'gantry', instance: 'router', text });
    const stream = follow('/gantry/events?app=demo&kinds=log,metric');
    await opened(stream);
    await expect.poll(() => stream.text, WAIT).toContain('event: metric');
    const [, taken = ''] = /event: metric\ndata: (.*)\n\n/.exec(stream.text) ?? [];
    expect(metricEvent.parse(JSON.parse(taken))).toMatchObject({
      ...{ kind: 'metric', app: { name: 'demo' }, seconds: 0, requests: 0 },
      instances: [{ name: 'web.1', cpu_seconds: 1.5 }],
    });
    said('first');
    await expect.poll(() => stream.text, WAIT).toContain('first');
    const [, id = '', told = ''] = /id: (\S+)\nevent: log\ndata: (.*)\n\n/.exec(stream.text) ?? [];
    expect(logEvent.parse(JSON.parse(told))).toMatchObject({
      ...{ source: 'heroku', instance: 'router', text: 'first', at: '2026-11-21T10:00:05.000Z' },
    });
    stream.close();
    said('second');
    const resumed = follow('/gantry/events?app=demo&kinds=log', { 'last-event-id': id });
    await expect.poll(() => resumed.text, WAIT).toContain('second');
    expect(resumed.text).not.toContain('event: metric');
    resumed.close();
  });

  it('refuses an app that one may not see, and a place that is none', async () => {
    door.world.deployed('demo');
    const { otherToken: token } = door.world;
    expect(await door.call('GET', '/gantry/events?app=demo', { token })).toMatchObject({ status: 404 });
    for (const path of [
      '?after=-1',
      '?kinds=A',
      '?kinds=releases',
      '?kinds=release,',
      '?app=a%20b',
      '?kinds=log',
      '?kinds=release,metric',
      '?other=1',
    ])
      expect(await door.call('GET', `/gantry/events${path}`)).toMatchObject({ status: 422 });
    for (const id of ['x', '1.', '.1', '1.2.3', '-1'])
      expect(await door.call('GET', '/gantry/events', { headers: { 'last-event-id': id } })).toMatchObject({
        status: 422,
      });
  });
});
