import { connect } from 'node:net';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  callJson,
  callLines,
  LocalHttpError,
  readJson,
  sendJson,
  serveLocal,
  type LocalHandler,
} from './local-http.ts';

const patient = new AbortController().signal;
let dir: string;
let socket: string;
let server: AsyncDisposable | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'local-http-'));
  socket = join(dir, 'x.sock');
});
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

async function serve(handler: LocalHandler): Promise<void> {
  server = await serveLocal(socket, handler);
}
const get = (path = '/', ms = 2_000, signal = patient): Promise<unknown> =>
  callJson({ socket, method: 'GET', path }, ms, signal);
const lines = async (signal = patient): Promise<unknown[]> => {
  const all = [];
  for await (const line of callLines({ socket, method: 'GET', path: '/' }, signal)) all.push(line);
  return all;
};

describe('a call', () => {
  it('carries JSON both ways', async () => {
    await serve(async (req, res) => sendJson(res, 201, { asked: req.url, got: await readJson(req, 100) }));
    const body = { name: 'Zoë' };
    expect(await callJson({ socket, method: 'POST', path: '/a?b=c', body }, 2_000, patient)).toEqual({
      asked: '/a?b=c',
      got: body,
    });
  });

  it('has no answer for an empty one', async () => {
    await serve((_req, res) => {
      res.writeHead(204).end();
      return Promise.resolve();
    });
    expect(await get()).toBeUndefined();
  });

  it('throws what a refusal says, shortened', async () => {
    await serve((_req, res) => {
      sendJson(res, 409, { message: 'x'.repeat(1_000) });
      return Promise.resolve();
    });
    const err: unknown = await get().catch((thrown: unknown) => thrown);
    expect(err).toBeInstanceOf(LocalHttpError);
    expect(err).toMatchObject({
      status: 409,
      message: expect.stringMatching(/^GET \/ answered 409: .{500}$/) as unknown,
    });
    expect((err as LocalHttpError).body.length).toBeGreaterThan(1_000);
  });

  it('gives up after its time, and when it is told to', async () => {
    await serve(() => new Promise(() => undefined));
    await expect(get('/', 20)).rejects.toThrow('no answer within 20 ms');
    const stop = new AbortController();
    const asking = get('/', 2_000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(asking).rejects.toThrow('enough');
  });

  it('fails when nobody is there, and when the other side ends in the middle', async () => {
    await expect(get()).rejects.toMatchObject({ code: 'ENOENT' });
    await serve((_req, res) => {
      res.writeHead(200, { 'content-length': 100 });
      res.write('{"half":');
      setTimeout(() => res.destroy(), 5);
      return Promise.resolve();
    });
    await expect(get()).rejects.toThrow('aborted');
  });
});

describe('reading a request', () => {
  it('takes no more than it may, and only JSON', async () => {
    await serve(async (req, res) => sendJson(res, 200, await readJson(req, 10)));
    const send = (body: unknown) => callJson({ socket, method: 'PUT', path: '/', body }, 2_000, patient);
    expect(await send([1, 2, 3])).toEqual([1, 2, 3]);
    await expect(send('x'.repeat(11))).rejects.toThrow('larger than 10 bytes');
    const raw = await new Promise<string>((resolve) => {
      let text = '';
      const client = connect(socket)
        .on('data', (chunk) => (text += chunk.toString()))
        .on('close', () => resolve(text));
      client.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\n{"a"');
    });
    expect(raw).toMatch(/^HTTP\/1\.1 500 /);
  });
});

describe('lines', () => {
  it('come as they are written, without the empty ones', async () => {
    await serve(async (_req, res) => {
      res.write('{"a":1}\n\n{"b":');
      await new Promise((resolve) => setTimeout(resolve, 5));
      res.end('2}\n3');
    });
    expect(await lines()).toEqual([{ a: 1 }, { b: 2 }, 3]);
  });

  it('that are cut short are an error, not an end', async () => {
    await serve((_req, res) => {
      res.write('1\n');
      setTimeout(() => res.destroy(), 5);
      return Promise.resolve();
    });
    await expect(lines()).rejects.toThrow(/aborted|in mid-answer/);
  });

  it('of a refusal are its error', async () => {
    await serve((_req, res) => {
      sendJson(res, 503, { message: 'busy' });
      return Promise.resolve();
    });
    await expect(lines()).rejects.toThrow('answered 503: {"message":"busy"}');
  });

  it('are ended on the other side by whoever stops listening', async () => {
    let ended = (): void => undefined;
    const gone = new Promise<void>((resolve) => (ended = resolve));
    await serve((_req, res) => {
      res.once('close', ended);
      res.write('1\n2\n');
      return Promise.resolve();
    });
    for await (const line of callLines({ socket, method: 'GET', path: '/' }, patient)) {
      expect(line).toBe(1);
      break;
    }
    await expect(gone).resolves.toBeUndefined();
  });

  it('end with an error when the listener is told to stop', async () => {
    await serve((_req, res) => {
      res.write('1\n');
      return Promise.resolve();
    });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 10);
    await expect(lines(stop.signal)).rejects.toThrow();
  });
});

describe('the server', () => {
  it('takes the place of a dead one, and opens to its owner only', async () => {
    await writeFile(socket, 'stale');
    await serve((_req, res) => {
      sendJson(res, 200, 'new');
      return Promise.resolve();
    });
    expect(await get()).toBe('new');
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
  });

  it('answers a handler that throws with its message, and cuts an answer that had begun', async () => {
    await serve((req, res) => {
      if (req.url === '/begun') res.write('{');
      return Promise.reject(new Error('no such build'));
    });
    await expect(get()).rejects.toThrow('answered 500: {"message":"no such build"}');
    await expect(get('/begun')).rejects.toThrow('aborted');
  });

  it('cuts what is open when it ends', async () => {
    await serve((_req, res) => {
      res.write('1\n');
      return Promise.resolve();
    });
    const reading = lines();
    const failed = expect(reading).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await server?.[Symbol.asyncDispose]();
    server = undefined;
    await failed;
    await expect(get()).rejects.toThrow();
  });
});
