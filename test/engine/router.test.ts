import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalHttpError } from '../../lib/local-http.ts';
import {
  get,
  PER_SECOND,
  route,
  sleep,
  startApp,
  startLoad,
  startRig,
  until,
  type App,
  type Rig,
} from './router-rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

it('drops no request in 100 swaps under constant load and counts the answers of every release', async () => {
  let old: App = await startApp('r0');
  await rig.put([route('hello', old.backend())]);
  const load = startLoad(rig.port, 'hello.localhost');
  await sleep(60);
  for (let n = 1; n <= 100; n += 1) {
    const fresh = await startApp(`r${n}`);
    await rig.put([route('hello', fresh.backend())]);
    await until(
      'the old release to drain',
      10_000,
      async () => (await rig.backend('hello', old.name))?.sessions === 0,
    );
    await sleep(60);
    await old.stop();
    old = fresh;
  }
  await sleep(200);
  const { sent, answers, failures, seconds } = await load.end();
  expect(failures).toEqual([]);
  expect(sent).toBeGreaterThan(seconds * PER_SECOND * 0.9);
  for (let n = 0; n <= 100; n += 1)
    expect(answers.get(`r${n}`) ?? 0, `answers of release ${n}`).toBeGreaterThan(0);

  const last = await rig.backend('hello', 'r100');
  expect(last).toMatchObject({ role: 'serving', requests: answers.get('r100'), dropped: 0 });
  expect((await rig.status()).reloads).toBe(0);
  await old[Symbol.asyncDispose]();
});

it('answers at once, in every process, from a place whose last server died under its checks', async () => {
  const doomed = await startApp('doomed');
  await rig.put([route('doomed', doomed.backend())]);
  await doomed.stop();
  // Enough failed requests for every process to have marked the server down.
  for (let n = 0; n < 40; n += 1) await get(rig.port, 'doomed.localhost');
  await rig.put([]);
  await until('the place to be free', 30_000, async () => (await rig.backends()).length === 0);

  // One app per free place: one of them gets the place of the dead server.
  await using healthy = await startApp('healthy');
  const names = Array.from({ length: (await rig.status()).pool.free }, (_, n) => `app${n}`);
  await rig.put(names.map((name) => route(name, healthy.backend())));
  const statuses = new Set<number>();
  for (const name of names)
    for (let n = 0; n < 6; n += 1) statuses.add((await get(rig.port, `${name}.localhost`)).status);
  expect([...statuses]).toEqual([200]);
});

it('answers 404 for a host nobody has, naming it, and 503 for an app without an instance', async () => {
  await rig.put([route('asleep', null), route('empty', { key: 'r1', servers: [] })]);
  const unknown = await get(rig.port, 'nobody.example.com');
  expect(unknown.status).toBe(404);
  expect(unknown.body).toContain('<b>nobody.example.com</b> was not found');
  for (const app of ['asleep', 'empty']) {
    const answer = await get(rig.port, `${app}.localhost`);
    expect(answer.status).toBe(503);
    expect(answer.headers['content-type']).toContain('text/html');
  }
});

it('finds an app by any spelling of its host, by a wildcard of one label, and over IPv6', async () => {
  await using app = await startApp('wide');
  const hosts = ['wide.localhost', '*.wide.dev', 'deep.under.dev'];
  await rig.put([route('wide', app.backend(), { hosts })]);
  for (const host of [
    'wide.localhost',
    'WIDE.Localhost:8080',
    'wide.localhost.',
    'a.wide.dev',
    'A.WIDE.DEV.:80',
    'deep.under.dev',
  ])
    expect((await get(rig.port, host)).body, host).toBe('wide');
  expect((await get(rig.port, 'wide.localhost', { address: '::1' })).body).toBe('wide');
  for (const host of ['wide.dev', 'a.b.wide.dev', 'x.deep.under.dev', '127.0.0.1', '[::1]:80'])
    expect((await get(rig.port, host)).status, host).toBe(404);
});

it('lets a probe reach a staged backend that no visitor reaches, and tells who answered', async () => {
  await using old = await startApp('old');
  await using next = await startApp('next', (req, res) => {
    res.writeHead(418, { 'x-gantry-answered-by': 'p99999' });
    res.end(JSON.stringify(req.headers));
  });
  await rig.put([route('shop', old.backend(), { staged: next.backend() })]);
  const staged = { app: 'shop', host: 'shop.localhost', which: 'staged' } as const;
  expect(await rig.probe(staged)).toMatchObject({ status: 418, byApp: true });
  expect(await rig.probe({ app: 'shop', host: 'shop.localhost' })).toMatchObject({
    status: 200,
    byApp: true,
  });

  const forged = { 'x-gantry-probe': 'guess', 'x-gantry-place': 'p00001' };
  const visitor = await get(rig.port, 'shop.localhost', { headers: forged });
  expect(visitor.body).toBe('old');
  expect(Object.keys(visitor.headers).filter((name) => name.startsWith('x-gantry'))).toEqual([]);

  await rig.put([route('shop', next.backend())]);
  const seen = await get(rig.port, 'shop.localhost', { headers: forged });
  expect(seen.body).not.toContain('x-gantry');
  expect(Object.keys(seen.headers).filter((name) => name.startsWith('x-gantry'))).toEqual([]);
});

it('says that the router answered when the app did not', async () => {
  await using app = await startApp('mute', (req) => void req.socket.destroy());
  await using slow = await startApp('slow', () => undefined);
  await rig.put([route('mute', app.backend(), { staged: slow.backend() }), route('none', null)]);
  expect(await rig.probe({ app: 'mute', host: 'mute.localhost' })).toMatchObject({
    status: 502,
    byApp: false,
  });
  expect(await rig.probe({ app: 'none', host: 'none.localhost' })).toMatchObject({
    status: 503,
    byApp: false,
  });
  const late = { app: 'mute', host: 'mute.localhost', which: 'staged', timeoutMs: 200 } as const;
  expect(await rig.probe(late)).toMatchObject({ status: 504, byApp: false });
  await expect(rig.probe({ app: 'none', host: 'none.localhost', which: 'staged' })).rejects.toThrow(
    /no staged backend/,
  );
});

it('refuses an older table and another one under the same version, and takes the same one again', async () => {
  const table = { version: { epoch: 1, seq: 1_000 }, routes: [route('v', null)] };
  await rig.putRaw(table);
  await rig.putRaw(table);
  const refused = async (version: { epoch: number; seq: number }): Promise<number> => {
    const answer: unknown = await rig.putRaw({ version, routes: [] }).catch((err: unknown) => err);
    return answer instanceof LocalHttpError ? answer.status : 200;
  };
  expect(await refused({ epoch: 1, seq: 1_000 })).toBe(409);
  expect(await refused({ epoch: 1, seq: 999 })).toBe(409);
  expect(await refused({ epoch: 0, seq: 5_000 })).toBe(409);
  expect((await rig.status()).version).toEqual({ epoch: 1, seq: 1_000 });
});
