import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { meetPerson, type Person } from '../support/person.ts';
import { dockerfileApp, nodeApp } from '../support/samples.ts';

let ann: Person;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
});
afterAll(() => ann[Symbol.asyncDispose]());

it('refuses a key that nobody registered, and says nothing about the app', async () => {
  await using mallory = await meetPerson(inject('platform'), { registered: false });
  await ann.newApp('private');
  const repo = await mallory.repoFor('private');
  await repo.commit({ a: 'b' });
  const pushed = await repo.push();
  expect(pushed.code).not.toBe(0);
  expect(pushed.stderr).toContain('Permission denied (publickey)');
});

it('refuses requests without a valid token', async () => {
  for (const headers of [{}, { authorization: 'Bearer gantry_wrong' }, { authorization: 'Bearer null' }]) {
    const answer = await fetch(`http://127.0.0.1:${ann.place.apiPort}/apps`, { headers });
    expect(answer.status).toBe(401);
  }
});

it.each([
  'Shop',
  'a',
  '-x',
  'shop;id',
  '$(id)',
  '../etc',
  'api',
  'x'.repeat(31),
  'shop\nx',
  'shop.x',
  '__proto__',
])('refuses the app name %j [S-GIT-07]', async (name) => {
  const made = await ann.gantry('apps:create', '--no-remote', '--', name);
  expect(made.code).not.toBe(0);
  expect(made.stderr).not.toMatch(/\bat .*:\d+:\d+/);
});

describe('a hostile repository', () => {
  it.each([
    [
      'names the registry as its base',
      { Dockerfile: 'FROM 127.0.0.1:5000/apps/other\n' },
      "The Dockerfile was refused at line 1: images in the platform's own registry belong to its apps",
    ],
    [
      'brings its own Dockerfile syntax',
      { Dockerfile: '# syntax=evil/frontend\nFROM gantry/stack\n' },
      'The Dockerfile was refused at line 1: "# syntax=" may only name docker/dockerfile',
    ],
    [
      "copies from another app's image",
      { Dockerfile: 'FROM gantry/stack\nCOPY --from=localhost:5000/apps/other /etc/passwd /p\n' },
      'The Dockerfile was refused at line 2: "localhost" is not the name of a public registry',
    ],
  ])('that %s is refused', async (_, files, says) => {
    const name = `evil-${Math.abs(JSON.stringify(files).length)}`;
    const repo = await ann.newApp(name);
    await repo.commit({ ...dockerfileApp('evil'), ...files });
    const pushed = await repo.push();
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toContain(says);
    // A new app's address may be a moment younger than its refused push; what it must never do is answer.
    await expect.poll(async () => (await ann.visit(name)).status, { timeout: 20_000 }).toBe(503);
  });
});

it('keeps an app from reaching another app, the platform and the host', async () => {
  for (const name of ['victim', 'spy']) {
    const repo = await ann.newApp(name);
    await repo.commit({ ...nodeApp(name), 'server.js': SPY });
    expect(await repo.push()).toEqual(expect.objectContaining({ code: 0 }));
  }
  const addressOf = async (app: string): Promise<string> => (await ann.visit(app, '/address')).body;
  const reach = async (host: string, port: number): Promise<string> =>
    (await ann.visit('spy', `/reach?host=${host}&port=${port}`)).body;

  // The control: what listens can be reached by whoever may.
  expect(await reach(await addressOf('spy'), 5000)).toBe('reached');
  expect(await reach(await addressOf('victim'), 5000)).toBe('unreachable');
  const gateway = (await ann.visit('spy', '/gateway')).body;
  expect(gateway).toMatch(/^10\./);
  const { apiPort, httpPort, sshPort } = ann.place;
  for (const port of [apiPort, httpPort, sshPort, 22])
    expect([port, await reach(gateway, port)]).toEqual([port, 'unreachable']);
});

/** Tries to connect from inside an app. */
const SPY = `
const http = require('node:http'), net = require('node:net'), os = require('node:os');
const own = Object.values(os.networkInterfaces()).flat().find((i) => !i.internal && i.family === 'IPv4');
const reach = (host, port) => new Promise((resolve) => {
  const socket = net.connect({ host, port, timeout: 1500 });
  socket.on('connect', () => { socket.destroy(); resolve('reached'); });
  for (const end of ['error', 'timeout']) socket.on(end, () => { socket.destroy(); resolve('unreachable'); });
});
http.createServer(async (req, res) => {
  const url = new URL(req.url, 'http://x');
  const port = Number(url.searchParams.get('port'));
  if (url.pathname === '/gateway') {
    const routes = require('node:fs').readFileSync('/proc/net/route', 'utf8').split('\\n').map((line) => line.split('\\t'));
    const hex = routes.find((fields) => fields[1] === '00000000')[2];
    return res.end(hex.match(/../g).reverse().map((byte) => parseInt(byte, 16)).join('.'));
  }
  if (url.pathname === '/address') return res.end(own.address);
  if (url.pathname === '/reach') return res.end(await reach(url.searchParams.get('host'), port));
  res.end('spy');
}).listen(process.env.PORT, '0.0.0.0');
`;
