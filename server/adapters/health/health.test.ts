import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHealth } from './health.ts';

const never = new AbortController().signal;
const health = createHealth();
const open: (Server & { closeAllConnections?: () => void })[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections?.();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listening(server: Server, address = '127.0.0.1'): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return (server.address() as AddressInfo).port;
}
const serving = (answer: RequestListener): Promise<number> => listening(createServer(answer));
const target = (port: number, path: string | null): Parameters<typeof health.check>[0] => ({
  address: '127.0.0.1',
  port,
  path,
  host: 'hello.localhost',
});

function greeting(socket: Socket): void {
  socket.on('error', () => undefined); // whoever asked has gone
  socket.resume().end('SSH-2.0-OpenSSH\r\n');
}

describe('a health check', () => {
  it('is content with a connection when no path is given', async () => {
    const port = await listening(createTcpServer((socket) => socket.destroy()));
    expect(await health.check(target(port, null), 500, never)).toEqual({ ready: true });
  });

  it.each([200, 204, 301, 399])('takes an answer of %d for ready', async (status) => {
    const port = await serving((_req, res) => res.writeHead(status).end());
    expect(await health.check(target(port, '/health'), 500, never)).toEqual({ ready: true });
  });

  it.each([404, 500])('takes an answer of %d for not ready', async (status) => {
    const port = await serving((_req, res) => res.writeHead(status).end());
    const reason = `GET /health answered ${status}`;
    expect(await health.check(target(port, '/health'), 500, never)).toEqual({ ready: false, reason });
  });

  it('asks under the name of the app', async () => {
    let seen: string | undefined;
    const port = await serving((req, res) => {
      seen = req.headers.host;
      res.end();
    });
    await health.check(target(port, '/'), 500, never);
    expect(seen).toBe('hello.localhost');
  });

  it('says that nothing listens, and what is often the cause', async () => {
    const port = await listening(createTcpServer());
    await new Promise((resolve) => open.splice(0)[0]?.close(resolve));
    const answer = await health.check(target(port, null), 500, never);
    expect(answer).toMatchObject({ ready: false });
    expect(answer).toHaveProperty('reason', expect.stringContaining(`nothing listens on port ${port}`));
    expect(answer).toHaveProperty('reason', expect.stringContaining('0.0.0.0'));
  });

  it('does not reach what listens on another address only', async () => {
    const port = await listening(createTcpServer(), '127.0.0.2');
    expect(await health.check(target(port, null), 500, never)).toMatchObject({ ready: false });
  });

  it('gives up after its time', async () => {
    const port = await serving(() => undefined);
    const reason = 'GET /slow did not answer within 50 ms';
    expect(await health.check(target(port, '/slow'), 50, never)).toEqual({ ready: false, reason });
  });

  it('does not read the body of an answer', async () => {
    let left: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => (left = resolve));
    const port = await serving((_req, res) => {
      res.on('close', () => left?.()).writeHead(200);
      res.write('first bytes of a stream without end');
    });
    expect(await health.check(target(port, '/'), 500, never)).toEqual({ ready: true });
    await gone;
  });

  it('says it when something else than HTTP answers, or nothing at all', async () => {
    const other = await listening(createTcpServer(greeting));
    expect(await health.check(target(other, '/'), 500, never)).toEqual({
      ready: false,
      reason: 'GET / did not answer in HTTP',
    });
    const mute = await listening(createTcpServer((socket) => socket.destroy()));
    expect(await health.check(target(mute, '/'), 500, never)).toEqual({
      ready: false,
      reason: 'GET /: the connection was closed without an answer',
    });
  });

  it('ends with its caller', async () => {
    const port = await serving(() => undefined);
    const stop = new AbortController();
    const check = health.check(target(port, '/'), 5_000, stop.signal);
    stop.abort(new Error('shutting down'));
    await expect(check).rejects.toThrow('shutting down');
  });
});
