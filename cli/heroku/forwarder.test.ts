import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startForwarder, type Forwarder } from './forwarder.ts';

const NONCE = 'a'.repeat(64);
const TOKEN = 'gantry_the-real-one';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let seen: Seen[];
let api: Server;
let forwarder: Forwarder;

beforeEach(async () => {
  seen = [];
  api = createServer((req, res) => void answer(req, res));
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const { port } = api.address() as AddressInfo;
  forwarder = await startForwarder({ url: `http://127.0.0.1:${port}`, token: TOKEN, nonce: NONCE });
});
afterEach(async () => {
  await forwarder[Symbol.asyncDispose]();
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
});

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { method, url, headers } = req;
  if (url === '/stream') {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('data: one\n\n');
    req.once('data', (chunk: Buffer) => res.end(`data: ${chunk.toString()}\n\n`));
    return;
  }
  let body = '';
  for await (const chunk of req) body += String(chunk);
  seen.push({ method, url, headers, body });
  res.writeHead(201, { 'content-type': 'application/json', 'next-range': 'id a..', 'request-id': 'x, y' });
  res.end('{"ok":true}');
}

function call(path: string, headers: Record<string, string> = {}, body?: string) {
  return fetch(forwarder.url + path, {
    headers,
    ...(body !== undefined && { method: 'POST', body }),
    redirect: 'manual',
  });
}

/** A request as it is written, for what `fetch` would not send. */
function say(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(Number(new URL(forwarder.url).port), '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (heard += chunk.toString()));
    socket.on('close', () => resolve(heard));
    socket.on('error', reject);
    socket.setTimeout(2_000, () => socket.destroy());
  });
}

describe('whoever knows the nonce', () => {
  it.each([
    ['as a token', { authorization: `Bearer ${NONCE}` }, '/apps?x=1'],
    ['as a password', { authorization: `Basic ${Buffer.from(`:${NONCE}`).toString('base64')}` }, '/apps?x=1'],
    ['in front of the path', {}, `/${NONCE}/apps?x=1`],
  ])('reaches the API with the real token, having said it %s', async (_, headers, path) => {
    const res = await call(path, { ...headers, range: 'id ..', 'x-own': 'kept' }, '{"name":"demo"}');
    expect([
      res.status,
      await res.text(),
      res.headers.get('next-range'),
      res.headers.get('request-id'),
    ]).toEqual([201, '{"ok":true}', 'id a..', 'x, y']);
    expect(seen).toMatchObject([{ method: 'POST', url: '/apps?x=1', body: '{"name":"demo"}' }]);
    expect(seen[0]?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      range: 'id ..',
      'x-own': 'kept',
    });
    expect(JSON.stringify(seen)).not.toContain(NONCE);
  });

  it('gets answers while they are made, and sends while it is answered', async () => {
    const got: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const req = request(
        `${forwarder.url}/stream`,
        { method: 'POST', headers: { authorization: `Bearer ${NONCE}` } },
        (res) => {
          res.on('data', (chunk: Buffer) => {
            got.push(chunk.toString());
            if (got.length === 1) req.end('two');
          });
          res.on('end', resolve);
        },
      );
      req.on('error', reject);
      req.flushHeaders();
    });
    expect(got).toEqual(['data: one\n\n', 'data: two\n\n']);
  });

  it('is told when nobody answers', async () => {
    await new Promise((resolve) => api.close(resolve).closeAllConnections());
    const res = await call('/apps', { authorization: `Bearer ${NONCE}` });
    expect(res.status).toBe(502);
    expect(await res.json()).toMatchObject({ id: 'unreachable' });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  });
});

describe('whoever does not', () => {
  it.each([
    ['says nothing', {}, '/apps'],
    ['knows the real token', { authorization: `Bearer ${TOKEN}` }, '/apps'],
    ['knows most of it', { authorization: `Bearer ${NONCE.slice(1)}` }, '/apps'],
    ['knows more than all of it', { authorization: `Bearer ${NONCE}a` }, '/apps'],
    ['says it as user', { authorization: `Basic ${Buffer.from(`${NONCE}:`).toString('base64')}` }, '/apps'],
    ['says another in the path', {}, `/${'b'.repeat(64)}/apps`],
    ['says it behind the path', {}, `/apps/${NONCE}`],
  ])('gets nothing: who %s', async (_, headers, path) => {
    expect((await call(path, headers)).status).toBe(403);
    expect(seen).toEqual([]);
  });

  it.each(['localhost:1', 'evil.example', '127.0.0.1', '127.0.0.1:1', ''])(
    'has been led here by the name %j',
    async (host) => {
      const heard = await say(
        `GET /${NONCE}/apps HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${NONCE}\r\n\r\n`,
      );
      expect(heard).toMatch(/^HTTP\/1\.1 40[03] /);
      expect(seen).toEqual([]);
    },
  );

  it('cannot make it a proxy', async () => {
    const { host } = new URL(forwarder.url);
    const auth = `Authorization: Bearer ${NONCE}\r\n`;
    expect(await say(`GET http://evil.example/ HTTP/1.1\r\nHost: ${host}\r\n${auth}\r\n`)).toMatch(/ 403 /);
    expect(await say(`CONNECT evil.example:443 HTTP/1.1\r\nHost: ${host}\r\n${auth}\r\n`)).toBe('');
    expect(seen).toEqual([]);
  });
});
