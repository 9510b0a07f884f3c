import { execFile, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MALFORMED_ANSWER } from '../../router/pages.ts';
import { get, raw, route, sleep, startApp, startRig, until, type App, type Rig } from './router-rig.ts';

/** Answers what it was sent, so that a test sees exactly what an app sees. */
const mirror = (): Promise<App> =>
  startApp('mirror', (req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      seen += 1;
      res.end(
        JSON.stringify({
          method: req.method,
          url: req.url,
          headers: req.rawHeaders,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
  });

let seen = 0;
let rig: Rig;
let app: App;

beforeAll(async () => {
  rig = await startRig();
  app = await mirror();
  await rig.put([route('mirror', app.backend())]);
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

const HOST = 'Host: mirror.localhost\r\n';

const refused: readonly [what: string, bytes: string][] = [
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['no host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
  ['two hosts', `GET / HTTP/1.1\r\n${HOST}Host: other.localhost\r\n\r\n`],
  ['a NUL at the end of the host', 'GET / HTTP/1.1\r\nHost: mirror.localhost\0x\r\n\r\n'],
  ['a user in the host', 'GET / HTTP/1.1\r\nHost: me@mirror.localhost\r\n\r\n'],
  ['two ports', 'GET / HTTP/1.1\r\nHost: mirror.localhost:80:81\r\n\r\n'],
  ['a port that is none', 'GET / HTTP/1.1\r\nHost: mirror.localhost:http\r\n\r\n'],
  ['two trailing dots', 'GET / HTTP/1.1\r\nHost: mirror.localhost..\r\n\r\n'],
  ['a space in the host', 'GET / HTTP/1.1\r\nHost: mirror.localhost other\r\n\r\n'],
  ['a list of hosts', 'GET / HTTP/1.1\r\nHost: mirror.localhost,other.localhost\r\n\r\n'],
  ['markup in the host', 'GET / HTTP/1.1\r\nHost: <script>alert(1)</script>\r\n\r\n'],
  ['bytes beyond ASCII in the host', 'GET / HTTP/1.1\r\nHost: mirr\xf6r.localhost\r\n\r\n'],
  ['a host of 300 letters', `GET / HTTP/1.1\r\nHost: ${'a'.repeat(300)}\r\n\r\n`],
  ['a request line for another host', `GET http://other.localhost/ HTTP/1.1\r\n${HOST}\r\n`],
  ['a NUL in a value', `GET / HTTP/1.1\r\n${HOST}X-A: a\0b\r\n\r\n`],
  // A rule on a hexadecimal copy of the headers, which does not fit its buffer then, let this one through.
  ['a NUL behind many bytes', `GET / HTTP/1.1\r\n${HOST}X-A: ${'a'.repeat(12_000)}\0b\r\n\r\n`],
  ['a control byte in a value', `GET / HTTP/1.1\r\n${HOST}X-A: a\x1bb\r\n\r\n`],
  ['an empty header name', `GET / HTTP/1.1\r\n${HOST}: b\r\n\r\n`],
  ['a space before the colon', `GET / HTTP/1.1\r\n${HOST}X-A : b\r\n\r\n`],
  ['an encoding that is none', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n`],
  ['an encoding in HTTP/1.0', `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two different lengths', `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
  ['an empty length', `POST / HTTP/1.1\r\n${HOST}Content-Length:\r\n\r\n`],
  ['a length with a sign', `POST / HTTP/1.1\r\n${HOST}Content-Length: +3\r\n\r\nabc`],
  ['a fragment', `GET /#x HTTP/1.1\r\n${HOST}\r\n`],
  ['HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
];

it.each(refused)('refuses %s with 400 and shows the app nothing of it', async (_, bytes) => {
  const before = seen;
  const answer = await raw(rig.port, bytes);
  expect(answer).toMatch(/^HTTP\/1\.[01] 400 /);
  // The router's words, not the app's own refusal. What HAProxy's parser refuses has its page, which cannot be replaced.
  expect(['<html><body><h1>400 Bad request</h1>', MALFORMED_ANSWER.trim()]).toContain(
    answer.split('\r\n\r\n')[1]?.split('\n')[0],
  );
  expect(seen).toBe(before);
});

it('tells in the words of the API what its own rules refuse', async () => {
  const answer = await raw(rig.port, 'GET / HTTP/1.1\r\nHost: a.localhost,b.localhost\r\n\r\n');
  expect(answer).toMatch(/^content-type: application\/json/im);
  expect(answer.endsWith(MALFORMED_ANSWER)).toBe(true);
});

const smuggled = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`;
const normalised: readonly [what: string, bytes: string, requests: number][] = [
  // The length is dropped, so both sides end the request at the last chunk; what follows is an honest second request.
  [
    'a length beside an encoding',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    1,
  ],
  ['the same length twice', `POST / HTTP/1.1\r\n${HOST}Content-Length: 3, 3\r\n\r\nabc`, 1],
  ['a folded value', `GET / HTTP/1.1\r\n${HOST}X-A: a\r\n b\r\n\r\n`, 1],
  [
    'a body that looks like a request',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    1,
  ],
];

it.each(normalised)('passes %s on as exactly one request', async (_, bytes, requests) => {
  const before = seen;
  const answer = await raw(rig.port, bytes);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).not.toMatch(/"url":"\/smuggled"/);
  expect(seen - before).toBe(requests);
  const lower = answer.toLowerCase();
  expect(lower.includes('"content-length"') && lower.includes('"transfer-encoding"')).toBe(false);
});

function headersSeenIn(answer: string): Map<string, string[]> {
  const { headers } = JSON.parse(answer) as { headers: string[] };
  const found = new Map<string, string[]>();
  headers.forEach((name, n) => {
    if (n % 2 === 0)
      found.set(name.toLowerCase(), [...(found.get(name.toLowerCase()) ?? []), headers[n + 1] ?? '']);
  });
  return found;
}

it('believes nothing that only a proxy may say, and says it itself [S-API-05]', async () => {
  const lies = [
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'X-Forwarded-Server',
    'X-Forwarded-Prefix',
    'Forwarded',
    'X-Real-IP',
    'True-Client-IP',
    'X_Forwarded_For',
    'X-Client-IP',
    'Proxy',
    'X-Gantry-Anything',
  ];
  const headers = Object.fromEntries([
    ...lies.map((name) => [name, 'lie']),
    ['Connection', 'X-Forwarded-For, X-Request-Start, keep-alive'],
    ['Upgrade', 'h2c'],
    ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
  ]) as Record<string, string>;
  const began = Date.now();
  const found = headersSeenIn((await get(rig.port, 'mirror.localhost', { headers })).body);
  expect([...found.values()].flat()).not.toContain('lie');
  expect(
    [...found.keys()].filter((name) => name.includes('_') || name === 'upgrade' || name === 'http2-settings'),
  ).toEqual([]);
  expect((found.get('connection') ?? []).join()).not.toMatch(/forwarded|request/i);
  expect(found.get('x-forwarded-for')).toEqual(['127.0.0.1']);
  expect(found.get('x-forwarded-proto')).toEqual(['http']);
  expect(found.get('x-forwarded-port')).toEqual([String(rig.port)]);
  expect(Math.abs(Number(found.get('x-request-start')?.[0]) - began)).toBeLessThan(5_000);
});

it('keeps a request id that is one and makes one otherwise', async () => {
  const idFor = async (given?: string): Promise<string[] | undefined> => {
    const answer = await get(rig.port, 'mirror.localhost', {
      headers: given === undefined ? {} : { 'X-Request-Id': given },
    });
    return headersSeenIn(answer.body).get('x-request-id');
  };
  const good = 'abcDEF-0123456789-xyz';
  expect(await idFor(good)).toEqual([good]);
  for (const bad of [undefined, 'short', 'x'.repeat(201), `${good}\tb`, `${good};x`]) {
    const ids = await idFor(bad);
    expect(ids, bad).toHaveLength(1);
    expect(ids?.[0], bad).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  }
  expect(await idFor()).not.toEqual(await idFor());
});

it('counts as dropped what the app failed to answer, also on a kept connection, and not what the visitor gave up', async () => {
  await using bad = await startApp('bad', (req, res) => {
    if (req.url === '/cut') {
      res.writeHead(200, { 'content-length': 100 });
      res.write('part');
      setTimeout(() => req.socket.destroy(), 20);
    } else if (req.url === '/die') req.socket.destroy();
    else if (req.url === '/slow') setTimeout(() => res.end('late'), 400);
    else res.end('fine');
  });
  await rig.put([route('mirror', app.backend()), route('bad', bad.backend())]);
  const dropped = async (): Promise<number> => {
    await sleep(50);
    return (await rig.backend('bad', 'bad'))?.dropped ?? -1;
  };
  expect((await get(rig.port, 'bad.localhost')).status).toBe(200);
  expect(await dropped()).toBe(0);

  expect((await get(rig.port, 'bad.localhost', { path: '/die', method: 'POST' })).status).toBe(502);
  expect(await dropped()).toBe(1);

  await expect(get(rig.port, 'bad.localhost', { path: '/cut' })).rejects.toThrow();
  expect(await dropped()).toBe(2);

  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await get(rig.port, 'bad.localhost', { agent });
  await expect(get(rig.port, 'bad.localhost', { agent, path: '/die', method: 'POST' })).rejects.toThrow();
  agent.destroy();
  expect(await dropped()).toBe(3);

  await raw(rig.port, 'GET /slow HTTP/1.1\r\nHost: bad.localhost\r\n\r\n', 100);
  await sleep(600);
  expect(await dropped()).toBe(3);

  await bad.stop();
  expect((await get(rig.port, 'bad.localhost')).status).toBe(503);
  expect(await dropped()).toBe(4);
  expect((await rig.backend('bad', 'bad'))?.sessions).toBe(0);
});

it('sends again what never reached the app, and never a POST that may have', async () => {
  let posts = 0;
  await using flaky = await startApp('flaky', (req) => {
    posts += req.method === 'POST' ? 1 : 0;
    req.socket.destroy();
  });
  await using good = await startApp('good');
  const [dead] = (
    await startApp('gone').then(async (gone) => {
      await gone.stop();
      return gone.backend();
    })
  ).servers;
  const servers = [...good.backend().servers, ...(dead ? [dead] : [])];
  await rig.put([
    route('mirror', app.backend()),
    route('half', { key: 'h', servers }),
    route('flaky', flaky.backend()),
  ]);
  for (let n = 0; n < 40; n += 1)
    expect((await get(rig.port, 'half.localhost', { method: n % 2 ? 'POST' : 'GET' })).body).toBe('good');
  expect((await get(rig.port, 'flaky.localhost', { method: 'POST', body: 'x' })).status).toBe(502);
  expect(posts).toBe(1);
});

it('leaves a server that swallows connections after a few of them', async () => {
  await using hole = await blackHole();
  await using good = await startApp('good2');
  const servers = [...good.backend().servers, { id: 'hole', address: '127.0.0.1', port: hole.port }];
  await rig.put([route('mirror', app.backend()), route('hole', { key: 'h', servers })]);
  // Both processes have to find out, each for itself, by the 2 s in which nobody takes the connection.
  const slowOf50 = async (): Promise<number> => {
    const ask = async (): Promise<boolean> => {
      const began = performance.now();
      expect((await get(rig.port, 'hole.localhost')).body).toBe('good2');
      return performance.now() - began > 1_500;
    };
    return (await Promise.all(Array.from({ length: 50 }, ask))).filter(Boolean).length;
  };
  const slow = [await slowOf50()];
  while (slow.at(-1) !== 0 && slow.length < 4) slow.push(await slowOf50());
  expect(slow[0]).toBeGreaterThan(0);
  expect(slow.at(-1)).toBe(0);
});

it('scales in place, and reports a removed server until its last request is answered', async () => {
  const slow = (name: string): Promise<App> =>
    startApp(name, (req, res) => setTimeout(() => res.end(name), req.url === '/slow' ? 1_500 : 0));
  await using one = await slow('one');
  await using two = await slow('two');
  const both = { key: 'same', servers: [...one.backend().servers, ...two.backend().servers] };
  const table = (servers: typeof both.servers) => [
    route('mirror', app.backend()),
    route('scaled', { key: 'same', servers }),
  ];
  await rig.put(table(both.servers));
  const pending = Promise.all(
    Array.from({ length: 8 }, () => get(rig.port, 'scaled.localhost', { path: '/slow' })),
  );
  await sleep(200);
  const leaving = two.backend().servers[0]?.id ?? '';
  await rig.put(table(one.backend().servers));
  for (let n = 0; n < 20; n += 1) expect((await get(rig.port, 'scaled.localhost')).body).toBe('one');
  const sessionsOf = async (): Promise<number | undefined> =>
    (await rig.backend('scaled', 'same'))?.servers.find((s) => s.id === leaving)?.sessions;
  expect(await sessionsOf()).toBeGreaterThan(0);
  const bodies = (await pending).map((a) => a.body);
  expect(new Set(bodies)).toEqual(new Set(['one', 'two']));
  expect(await sessionsOf()).toBe(0);
  await until('the slot to be free', 10_000, async () => (await sessionsOf()) === undefined);
  expect((await rig.backend('scaled', 'same'))?.dropped).toBe(0);
});

it('moves a backend that outgrows its place without dropping a request, and goes on counting', async () => {
  await using big = await startApp('big');
  const [base] = big.backend().servers;
  const servers = (count: number) =>
    Array.from({ length: count }, (_, n) => ({
      id: `web-${n}`,
      address: '127.0.0.1',
      port: base?.port ?? 1,
    }));
  for (const count of [1, 5, 17, 64, 2]) {
    await rig.put([route('mirror', app.backend()), route('big', { key: 'k', servers: servers(count) })]);
    for (let n = 0; n < 10; n += 1) expect((await get(rig.port, 'big.localhost')).status).toBe(200);
  }
  await sleep(7_000); // the places it left are given up meanwhile
  expect(await rig.backend('big', 'k')).toMatchObject({ role: 'serving', requests: 50, dropped: 0 });
});

it('writes files that HAProxy accepts and that only root can read', async () => {
  const dir = join(rig.home, 'router');
  const [generation = ''] = (await readdir(dir)).filter((name) => /^g\d{6}$/.test(name));
  const args = ['-c', '-C', join(dir, generation), '-f', 'process-0.cfg', '-f', 'pool'];
  await expect(promisify(execFile)('haproxy', args)).resolves.toBeDefined();
  const { stdout } = await promisify(execFile)('find', [
    rig.home,
    '-perm',
    '/077',
    '-type',
    'f',
    '-not',
    '-path',
    '*/secrets/*',
    '-not',
    '-name',
    'agent.log',
    '-not',
    '-name',
    'ca.pem', // the authority's public half
  ]);
  expect(stdout).toBe('');
});

/** A port whose queue is full: connections to it are neither taken nor refused. A stopped process does that. */
async function blackHole(): Promise<AsyncDisposable & { port: number }> {
  const program = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port); })`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve) =>
    child.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
  );
  child.kill('SIGSTOP');
  const fill = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await sleep(100);
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fill) socket.destroy();
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}
