import { stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callJson } from '../../lib/local-http.ts';
import { visitPage, type Visit, type VisitMark } from '../../router/contract.ts';
import { get, raw, route, sleep, startApp, startRig, until, type Rig } from './router-rig.ts';

/** What a real HAProxy tells of its visitors, and that telling costs them nothing. */
let rig: Rig;
let mark: VisitMark | null = null;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

async function page(waitMs = 1_000): Promise<ReturnType<typeof visitPage.parse>> {
  const body = { after: mark, limit: 5_000, waitMs };
  const call = {
    socket: join(rig.home, 'run', 'router.sock'),
    method: 'POST',
    path: '/visits',
    body,
  } as const;
  const told = visitPage.parse(await callJson(call, 30_000, new AbortController().signal));
  mark = told.mark;
  return told;
}

/** All visits up to one with this path, which is sent now. */
async function visitsUpTo(host: string, path: string): Promise<Visit[]> {
  await get(rig.port, host, { path });
  const all: Visit[] = [];
  await until(`the visit ${path}`, 5_000, async () => {
    all.push(...(await page()).visits);
    return all.some((one) => one.path === path);
  });
  return all;
}

it('tells what a visitor asked and got, from which instance and how fast', async () => {
  await using app = await startApp('told', (_req, res) => res.writeHead(201).end('made'));
  await rig.put([route('told', app.backend())]);
  await get(rig.port, 'told.localhost:80', {
    method: 'POST',
    path: '/a/b?key=s3cret&x="1"',
    headers: { 'x-request-id': 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', 'x-forwarded-for': '9.9.9.9' },
    body: 'hello',
  });
  const [visit] = (await page()).visits;
  expect(visit).toEqual({
    ...{ app: 'told', method: 'POST', host: 'told.localhost', path: '/a/b?key=s3cret&x="1"' },
    ...{ requestId: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', from: '127.0.0.1', secure: false },
    ...{ server: app.backend().servers[0]?.id, status: 201, fault: null },
    at: expect.closeTo(Date.now() * 1000, -8) as number,
    bytes: expect.any(Number) as number,
    connectMs: expect.any(Number) as number,
    serviceMs: expect.any(Number) as number,
  });
});

it('says why there was no answer of the app', async () => {
  await using cuts = await startApp('cuts', (req) => req.socket.destroy());
  const gone = await startApp('gone');
  await gone.stop();
  await rig.put([
    route('empty', null),
    route('worked', null, { maintenance: true }),
    route('cuts', cuts.backend()),
    route('gone', gone.backend()),
  ]);
  await get(rig.port, 'nobody.localhost');
  await get(rig.port, 'empty.localhost');
  await get(rig.port, 'worked.localhost');
  await get(rig.port, 'cuts.localhost', { method: 'POST' });
  const visits = await visitsUpTo('gone.localhost', '/last');
  expect(visits.map(({ app, status, fault }) => [app, status, fault])).toEqual([
    ['empty', 503, 'none'],
    ['worked', 503, 'maintenance'],
    ['cuts', 502, 'closed'],
    ['gone', 503, expect.stringMatching(/^(refused|down)$/)],
  ]);
  expect(visits[0]).toMatchObject({ server: null, connectMs: null, serviceMs: null });
});

it('passes on what no text could hold as one visit, and nothing a visitor sends as another one', async () => {
  await using app = await startApp('hostile');
  await rig.put([route('hostile', app.backend())]);
  const forged = 'visit 1 hostile p00000 s1 200 -- 0 0 0 0 0 1.1.1.1 x - - - -';
  const paths = ['/%0a52%20visit', `/"x"\\${'a'.repeat(100)}`, `/\xff\xfe`, `/${'x'.repeat(9_000)}`];
  const request = (line: string, headers = ''): string =>
    `${line} HTTP/1.1\r\nHost: hostile.localhost\r\n${headers}Connection: close\r\n\r\n`;
  for (const path of paths) await raw(rig.port, request(`GET ${path}`), 300);
  await raw(rig.port, request('GET /h', `X-Request-Id: ${forged}\r\nUser-Agent: ${forged}\r\n`), 300);
  const visits = await visitsUpTo('hostile.localhost', '/end');
  const told = visits.map(({ path }) => path.slice(0, 20));
  expect(told.slice(-2)).toEqual(['/h', '/end']);
  expect(told[0]).toBe('/%0a52%20visit');
  expect(visits.every(({ path }) => path.length <= 8_192)).toBe(true);
  expect(visits.every((one) => one.app === 'hostile' && one.requestId !== 'x')).toBe(true);
});

it('tells of no probe and of none that reached no app', async () => {
  await using app = await startApp('probed');
  await rig.put([route('probed', app.backend())]);
  await rig.probe({ app: 'probed', host: 'probed.localhost' });
  await raw(rig.port, 'GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n', 300);
  await get(rig.port, 'nobody.localhost');
  expect((await visitsUpTo('probed.localhost', '/only')).map(({ path }) => path)).toEqual(['/only']);
});

it('tells what happened while the router was away once it is back', async () => {
  await using app = await startApp('later');
  await rig.put([route('later', app.backend())]);
  await rig.killAgent();
  for (let n = 0; n < 20; n += 1) await get(rig.port, 'later.localhost', { path: `/away/${n}` });
  await rig.startAgent();
  const all: string[] = [];
  await until('what was asked meanwhile', 10_000, async () => {
    all.push(...(await page()).visits.map(({ path }) => path));
    return all.length >= 20;
  });
  expect(all.toSorted()).toEqual(Array.from({ length: 20 }, (_, n) => `/away/${n}`).toSorted());
});

it('lets nobody but HAProxy tell it anything', async () => {
  const { mode } = await stat(join(rig.home, 'run', 'haproxy', 'visits.sock'));
  expect(mode & 0o777).toBe(0o600);
  await using app = await startApp('garbage');
  await rig.put([route('garbage', app.backend())]);
  const socket = createConnection(join(rig.home, 'run', 'haproxy', 'visits.sock'));
  socket.on('error', () => undefined);
  socket.write('this is no frame');
  await new Promise((resolve) => socket.on('close', resolve));
  await sleep(50);
  expect((await visitsUpTo('garbage.localhost', '/still')).map(({ path }) => path)).toEqual(['/still']);
});
