import { request } from 'node:https';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Backend, Route } from '../../router/contract.ts';
import {
  get,
  route,
  sleep,
  startApp,
  startLoad,
  startRig,
  until,
  type Answer,
  type App,
  type Rig,
} from './router-rig.ts';

let rig: Rig;
let apps: App[];

beforeAll(async () => {
  rig = await startRig();
  apps = await Promise.all(['one', 'two', 'three'].map((name) => startApp(name)));
});

afterAll(async () => {
  for (const app of apps) await app[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

/** One release of several instances. */
const release = (key: string, ...of: readonly App[]): Backend => ({
  key,
  servers: of.flatMap((app) => app.backend().servers),
});
const sticky = (serving: Backend, more: Partial<Route> = {}): Route =>
  route('shop', serving, { affinity: true, ...more });

const NAME = 'heroku-session-affinity';
const cookieOf = ({ headers }: Answer): string | undefined =>
  /^heroku-session-affinity=([^;]*)/.exec(headers['set-cookie']?.[0] ?? '')?.[1];

/** A visitor with this cookie, among others of the app's own. */
const visit = (ticket: string, app = 'shop'): Promise<Answer> =>
  get(rig.port, `${app}.localhost`, { headers: { cookie: `a=1; ${NAME}=${ticket}; b=2` } });

/** Of a visitor who comes again and again, each time on a new connection: whoever answered, and every new cookie. */
async function visits(ticket: string, times = 12): Promise<{ by: Set<string>; cookies: Set<unknown> }> {
  const by = new Set<string>();
  const cookies = new Set<unknown>();
  for (let n = 0; n < times; n += 1) {
    const answer = await visit(ticket);
    by.add(`${answer.status} ${answer.body}`);
    cookies.add(cookieOf(answer));
  }
  return { by, cookies };
}

/** New visitors: who answered, by the ticket that came with it. */
async function newcomers(count: number): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let n = 0; n < count; n += 1) {
    const answer = await get(rig.port, 'shop.localhost');
    expect(answer.status).toBe(200);
    found.set(cookieOf(answer) ?? 'no cookie', answer.body);
  }
  return found;
}

function ticketFor(found: ReadonlyMap<string, string>, name: string): string {
  return [...found].find(([, body]) => body === name)?.[0] ?? `nobody met ${name}`;
}

it('sends a visitor back to the instance that answered first, whichever router process he meets, and balances new ones', async () => {
  await rig.put([sticky(release('r1', ...apps))]);
  const found = await newcomers(24);
  expect([...found.values()].sort()).toEqual(['one', 'three', 'two']);
  for (const [ticket, name] of found)
    expect(await visits(ticket)).toEqual({ by: new Set([`200 ${name}`]), cookies: new Set([undefined]) });
});

it('gives a cookie that tells nothing, that no script reads and that no shared cache hands to others', async () => {
  const { headers } = await get(rig.port, 'shop.localhost');
  expect(headers['set-cookie']).toEqual([
    expect.stringMatching(/^heroku-session-affinity=[0-9a-f]{32}; Path=\/; HttpOnly$/),
  ]);
  expect(headers['cache-control']).toBe('no-cache="set-cookie"');
});

it('gives it over TLS for TLS only', async () => {
  const cookies = await new Promise<string[] | undefined>((resolve, reject) => {
    const options = { host: '127.0.0.1', port: rig.tlsPort, ca: rig.ca, servername: 'localhost' };
    request({ ...options, agent: false, headers: { host: 'shop.localhost' } }, (res) => {
      res.resume();
      resolve(res.headers['set-cookie']);
    })
      .on('error', reject)
      .end();
  });
  expect(cookies).toEqual([
    expect.stringMatching(/^heroku-session-affinity=[0-9a-f]{32}; Path=\/; HttpOnly; Secure; SameSite=None$/),
  ]);
});

it.each([
  ['empty', ''],
  ['a slot', 's1'],
  ['a place', 'p00000'],
  ['an expression', '%[src]'],
  ['a path', '../s1'],
  ['a quotation mark', '"'],
  ['long', 'x'.repeat(4000)],
])('balances a visitor whose cookie is nonsense (%s), and gives him a good one', async (_, nonsense) => {
  const answer = await visit(nonsense);
  expect(answer.status).toBe(200);
  expect((await visits(cookieOf(answer) ?? '')).by).toEqual(new Set([`200 ${answer.body}`]));
});

it('heeds a ticket at the app that gave it only, and gives none for an app that does not ask', async () => {
  const ticket = ticketFor(await newcomers(24), 'one');
  const plain = route('plain', release('r1', ...apps));
  const other = route('other', release('r1', ...apps), { affinity: true });
  await rig.put([sticky(release('r1', ...apps)), plain, other]);
  const met = { plain: new Set<string>(), other: new Set<string>() };
  for (let n = 0; n < 24; n += 1) {
    const unasked = await visit(ticket, 'plain');
    expect(unasked.headers['set-cookie']).toBeUndefined();
    expect(unasked.headers['cache-control']).toBeUndefined();
    met.plain.add(unasked.body);
    const elsewhere = await visit(ticket, 'other');
    expect(cookieOf(elsewhere)).not.toBe(ticket);
    met.other.add(elsewhere.body);
  }
  expect([met.plain.size, met.other.size]).toEqual([3, 3]);
});

it('takes a visitor whose instance has left to another with a new cookie, and leaves the others where they are', async () => {
  const found = await newcomers(24);
  await rig.put([sticky(release('r1', ...apps.slice(1)))]);
  const moved = await visit(ticketFor(found, 'one'));
  expect([moved.status, moved.body === 'one']).toEqual([200, false]);
  const again = await visits(cookieOf(moved) ?? '');
  expect(again).toEqual({ by: new Set([`200 ${moved.body}`]), cookies: new Set([undefined]) });
  for (const name of ['two', 'three'])
    expect((await visits(ticketFor(found, name))).by).toEqual(new Set([`200 ${name}`]));
});

it('takes a visitor whose instance has died to another without an error, before anybody has told the router', async () => {
  const doomed = await startApp('doomed');
  await rig.put([sticky(release('r2', doomed, ...apps))]);
  const ticket = ticketFor(await newcomers(32), 'doomed');
  expect((await visits(ticket)).by).toEqual(new Set(['200 doomed']));
  await doomed[Symbol.asyncDispose]();
  const { by, cookies } = await visits(ticket, 24);
  expect([...by].filter((one) => !/^200 (one|two|three)$/.test(one))).toEqual([]);
  expect(cookies.has(undefined)).toBe(false);
});

it('takes every visitor to the new release at the switch', async () => {
  const next = await startApp('next');
  await rig.put([sticky(release('r3', ...apps), { staged: release('r4', next) })]);
  const ticket = ticketFor(await newcomers(24), 'one');
  expect((await visits(ticket)).by).toEqual(new Set(['200 one']));
  await rig.put([sticky(release('r4', next))]);
  const first = await visit(ticket);
  expect([first.status, first.body]).toEqual([200, 'next']);
  expect((await visits(cookieOf(first) ?? '')).cookies).toEqual(new Set([undefined]));
  await rig.put([sticky(release('r5', ...apps))]);
  await next[Symbol.asyncDispose]();
});

it('is switched on and off without a reload and without a dropped request', async () => {
  const { reloads } = await rig.status();
  const load = startLoad(rig.port, 'shop.localhost');
  for (let n = 0; n < 20; n += 1) {
    const affinity = n % 2 === 1;
    await rig.put([route('shop', release('r5', ...apps), { affinity })]);
    expect(cookieOf(await get(rig.port, 'shop.localhost')) !== undefined, `switch ${n}`).toBe(affinity);
    await sleep(50);
  }
  const { failures, answers } = await load.end();
  expect(failures).toEqual([]);
  expect([...answers.keys()].sort()).toEqual(['one', 'three', 'two']);
  expect((await rig.status()).reloads).toBe(reloads);
});

it('keeps every visitor where he is when processes are killed, and when the router starts anew', async () => {
  await rig.put([sticky(release('r5', ...apps))]);
  const ticket = ticketFor(await newcomers(24), 'two');
  for (const { pid } of (await rig.status()).processes) process.kill(pid, 'SIGKILL');
  await until('both processes to be back', 20_000, async () =>
    (await rig.status()).processes.every(({ healthy, restarts }) => healthy && restarts > 0),
  );
  expect((await visits(ticket)).by).toEqual(new Set(['200 two']));
  await rig.killAgent();
  await rig.startAgent();
  expect(await visits(ticket)).toEqual({ by: new Set(['200 two']), cookies: new Set([undefined]) });
});
