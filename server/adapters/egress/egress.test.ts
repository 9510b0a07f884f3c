import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createEgress, type EgressDeps } from './egress.ts';

const never = new AbortController().signal;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server on loopback, which counts who reaches it. */
async function lab(answer: RequestListener) {
  const seen: { readonly host: string | undefined; readonly url: string | undefined }[] = [];
  const server = createServer((req, res) => {
    seen.push({ host: req.headers.host, url: req.url });
    answer(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, port: (server.address() as AddressInfo).port };
}

const post = (url: string, deps: Partial<EgressDeps> = {}) =>
  createEgress({ allow: [], ...deps }).post({ url, headers: {}, body: '{}' }, never);
const LOOPBACK = { allow: ['127.0.0.1/32'] };
const ok: RequestListener = (_req, res) => void res.end('ok');

describe('what users name', () => {
  it.each([
    ...[
      '127.0.0.1',
      '[::1]',
      '0.0.0.0',
      '169.254.169.254',
      '10.0.0.1',
      '172.16.5.5',
      '192.168.1.1',
      '100.64.0.1',
    ],
    ...[
      '[fd00::1]',
      '[fe80::1]',
      '[::ffff:10.0.0.1]',
      '[::ffff:7f00:1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      '[::]',
    ],
    ...[
      '2130706433',
      '0x7f000001',
      '017700000001',
      '127.1',
      '0x7f.1',
      '224.0.0.1',
      '255.255.255.255',
      '198.18.0.1',
    ],
  ])('is not called when it is %s', async (host) => {
    await expect(post(`http://${host}/`)).rejects.toMatchObject({ id: 'egress_refused' });
  });

  it('is not called when any address of its name is inside', async () => {
    const resolve = () => Promise.resolve(['93.184.215.14', '10.0.0.7']);
    await expect(post('http://inside.example.com/', { resolve })).rejects.toMatchObject({
      id: 'egress_refused',
    });
  });

  it.each([22, 6379, 5432, 2375])('is not called at port %d, which speaks another protocol', async (port) => {
    const resolve = () => Promise.resolve(['93.184.215.14']);
    await expect(post(`http://example.com:${port}/`, { resolve })).rejects.toMatchObject({
      id: 'egress_refused',
    });
  });

  it('is dialled at the address that was judged, whatever its name says a moment later', async () => {
    const { seen, port } = await lab(ok);
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    let asked = 0;
    const resolve = () => Promise.resolve(answers[asked++] ?? []);
    expect(await post(`http://flips.example.com:${port}/x?y=1`, { ...LOOPBACK, resolve })).toBe(200);
    expect([asked, seen]).toEqual([1, [{ host: `flips.example.com:${port}`, url: '/x?y=1' }]]);
    await expect(post(`http://flips.example.com:${port}/`, { ...LOOPBACK, resolve })).rejects.toMatchObject({
      id: 'egress_refused',
    });
    expect(seen).toHaveLength(1);
  });

  it('leads nowhere else by a redirect', async () => {
    const inside = await lab(ok);
    const outside = await lab((_req, res) => {
      res.writeHead(307, { location: `http://127.0.0.1:${inside.port}/` }).end();
    });
    expect(await post(`http://127.0.0.1:${outside.port}/`, LOOPBACK)).toBe(307);
    expect(inside.seen).toEqual([]);
  });

  it('is not read for ever, nor waited for', async () => {
    const endless = await lab((_req, res) => {
      const more = setInterval(() => res.write('x'.repeat(64 * 1024)), 1);
      res.on('close', () => clearInterval(more));
    });
    expect(await post(`http://127.0.0.1:${endless.port}/`, LOOPBACK)).toBe(200);
    const silent = await lab(() => undefined);
    const slow = await lab((_req, res) => {
      const more = setInterval(() => res.write('x'), 20);
      res.on('close', () => clearInterval(more));
    });
    for (const { port } of [silent, slow])
      await expect(
        post(`http://127.0.0.1:${port}/`, { ...LOOPBACK, limits: { ms: 200 } }),
      ).rejects.toMatchObject({ id: 'egress_failed' });
  });

  it('says when nobody is there', async () => {
    const gone = await lab(ok);
    closing.splice(0).forEach((close) => close());
    await expect(post(`http://127.0.0.1:${gone.port}/`, LOOPBACK)).rejects.toThrow('ECONNREFUSED');
    const resolve = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }));
    await expect(post('http://nowhere.example.com/', { resolve })).rejects.toThrow('ENOTFOUND');
  });
});
