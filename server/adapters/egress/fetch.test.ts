import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { issue } from '../../../test/support/certificates.ts';
import { createEgress, type EgressDeps } from './egress.ts';

const never = new AbortController().signal;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listen(server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server on loopback, and the paths it was asked for. */
async function lab(answer: RequestListener) {
  const seen: string[] = [];
  const port = await listen(
    createServer((req, res) => {
      seen.push(req.url ?? '');
      answer(req, res);
    }),
  );
  return { seen, port };
}

const LOOPBACK = { allow: ['127.0.0.1/32'] };
const to = (location: string): RequestListener => {
  return (_req, res) => void res.writeHead(302, { location }).end();
};

async function whole(content: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts).toString();
}

const fetched = (url: string, deps: Partial<EgressDeps> = LOOPBACK, bytes = 1_000_000) =>
  createEgress({ allow: [], ...deps }).fetch({ url, bytes }, whole, never);

describe('what is fetched from where a user said', () => {
  it('comes whole', async () => {
    const { port, seen } = await lab((_req, res) => void res.end('the source'));
    expect(await fetched(`http://127.0.0.1:${port}/x.tgz?token=1`)).toBe('the source');
    expect(seen).toEqual(['/x.tgz?token=1']);
  });

  it('comes over TLS from the name that its certificate is for, at the address that was judged', async () => {
    const { certificate, key } = await issue({ names: ['sources.example.com'] });
    const serve: RequestListener = (req, res) => void res.end(`for ${req.headers.host ?? ''}`);
    const port = await listen(createTlsServer({ cert: certificate, key }, serve));
    const deps = { ...LOOPBACK, ca: certificate, resolve: () => Promise.resolve(['127.0.0.1']) };
    expect(await fetched(`https://sources.example.com:${port}/`, deps)).toBe(
      `for sources.example.com:${port}`,
    );
    await expect(fetched(`https://other.example.com:${port}/`, deps)).rejects.toMatchObject({
      id: 'egress_failed',
    });
  });

  it('is found through redirects', async () => {
    const last = await lab((_req, res) => void res.end('there'));
    const first = await lab((req, res) =>
      req.url === '/a' ? to('/b')(req, res) : to(`http://127.0.0.1:${last.port}/c`)(req, res),
    );
    expect(await fetched(`http://127.0.0.1:${first.port}/a`)).toBe('there');
    expect([first.seen, last.seen]).toEqual([['/a', '/b'], ['/c']]);
  });

  it('is not fetched from inside, neither at once nor by a redirect', async () => {
    const inside = await lab((_req, res) => void res.end('a secret'));
    await expect(fetched(`http://127.0.0.1:${inside.port}/`, {})).rejects.toMatchObject({
      id: 'egress_refused',
    });
    for (const target of ['http://10.0.0.7/', 'http://[::1]/', 'http://169.254.169.254/latest/meta-data']) {
      const outside = await lab(to(target));
      await expect(fetched(`http://127.0.0.1:${outside.port}/`)).rejects.toMatchObject({
        id: 'egress_refused',
      });
    }
    expect(inside.seen).toEqual([]);
  });

  it('is not followed out of the web, out of TLS, or for ever', async () => {
    for (const location of ['file:///etc/passwd', 'gopher://127.0.0.1/', 'http://:bad'])
      await expect(fetched(`http://127.0.0.1:${(await lab(to(location))).port}/`)).rejects.toThrow(
        'no https address',
      );
    const { certificate, key } = await issue({ names: ['a.example.com'] });
    const plain = await lab((_req, res) => void res.end('plain'));
    const leaving = to(`http://127.0.0.1:${plain.port}/`);
    const port = await listen(createTlsServer({ cert: certificate, key }, leaving));
    const deps = { ...LOOPBACK, ca: certificate, resolve: () => Promise.resolve(['127.0.0.1']) };
    await expect(fetched(`https://a.example.com:${port}/`, deps)).rejects.toThrow('no https address');
    const round = await lab(to('/again'));
    await expect(fetched(`http://127.0.0.1:${round.port}/`)).rejects.toThrow('again and again');
    expect([plain.seen.length, round.seen.length]).toEqual([0, 6]);
  });

  it('is read no further than was agreed', async () => {
    const endless = await lab((_req, res) => {
      const more = setInterval(() => res.write('x'.repeat(64 * 1024)), 1);
      res.on('close', () => clearInterval(more));
    });
    await expect(fetched(`http://127.0.0.1:${endless.port}/`, LOOPBACK, 1024 ** 2)).rejects.toThrow(
      'more than 1 MiB',
    );
  });

  it('is not waited for for ever', async () => {
    const silent = await lab(() => undefined);
    const slow = await lab((_req, res) => {
      const more = setInterval(() => res.write('x'), 20);
      res.on('close', () => clearInterval(more));
    });
    for (const { port } of [silent, slow])
      await expect(
        fetched(`http://127.0.0.1:${port}/`, { ...LOOPBACK, limits: { fetchMs: 200 } }),
      ).rejects.toMatchObject({ id: 'egress_failed' });
  });

  it('is not taken for whole when it breaks off, nor when it is a page about an error', async () => {
    const broken = await lab((_req, res) => {
      res.writeHead(200, { 'content-length': '100' }).write('half');
      setTimeout(() => res.destroy(), 20);
    });
    await expect(fetched(`http://127.0.0.1:${broken.port}/`)).rejects.toMatchObject({ id: 'egress_failed' });
    const missing = await lab((_req, res) => void res.writeHead(404).end('no such thing'));
    await expect(fetched(`http://127.0.0.1:${missing.port}/`)).rejects.toThrow('status 404');
  });

  it('leaves alone what goes wrong with whoever takes it, and ends with them', async () => {
    const { port } = await lab((_req, res) => void res.end('x'));
    const take = () => Promise.reject(new Error('the disk is full'));
    const egress = createEgress(LOOPBACK);
    const request = { url: `http://127.0.0.1:${port}/`, bytes: 10 };
    await expect(egress.fetch(request, take, never)).rejects.toThrow('the disk is full');
    const stop = new AbortController();
    const reason = new Error('the server is shutting down');
    setTimeout(() => stop.abort(reason), 30);
    const waiting = await lab(() => undefined);
    await expect(
      egress.fetch({ url: `http://127.0.0.1:${waiting.port}/`, bytes: 10 }, whole, stop.signal),
    ).rejects.toBe(reason);
  });
});
