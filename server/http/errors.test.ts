import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { failure } from '../contract/resources.ts';
import { PlatformError } from '../domain/errors.ts';
import { setContext } from './context.ts';
import { sendFailure, STATUS } from './errors.ts';

let server: Server;
let thrown: unknown;
let logged: string[];
let begins: boolean;
let leaves: AbortController;

beforeEach(async () => {
  [logged, begins, leaves] = [[], false, new AbortController()];
  const log = pino({}, { write: (line: string) => logged.push(line) });
  const app = express();
  app.use((_req, res) => {
    setContext(res, { requestId: 'r-1', idempotencyKey: null, signal: leaves.signal });
    if (begins) res.write('half');
    throw thrown;
  });
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- express knows an error handler by its four parameters
  const failed: ErrorRequestHandler = (err, _req, res, _next) => sendFailure(log, err, res);
  app.use(failed);
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

async function ask(err: unknown) {
  thrown = err;
  const { port } = server.address() as AddressInfo;
  const res = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  return { status: res.status, headers: res.headers, body: failure.parse(JSON.parse(await res.text())) };
}

describe('a failure of the table', () => {
  it('has its status, its sentence and the id of the request, and is no fault to log', async () => {
    const { status, body } = await ask(PlatformError.of('deploy_in_progress', { app: 'demo', version: 3 }));
    expect([status, body]).toEqual([
      409,
      {
        id: 'deploy_in_progress',
        message: 'v3 of demo is still being deployed; wait for it to finish and retry.',
        retry: true,
        request_id: 'r-1',
      },
    ]);
    expect(logged).toEqual([]);
  });

  it('names the kind of thing that was not found', async () => {
    const app = await ask(PlatformError.of('not_found', { resource: 'app', name: 'x' }));
    expect(app.body.resource).toBe('app');
    const type = await ask(PlatformError.of('process_type_not_found', { type: 'x', known: [] }));
    expect(type.body.resource).toBe('formation');
  });

  it('asks for credentials where they are missing', async () => {
    const { status, headers } = await ask(PlatformError.of('unauthorized', {}));
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Gantry"']);
  });

  it('has a status of its own: never a success, and 5xx only for what is ours', () => {
    expect(Object.keys(STATUS).sort()).toEqual([...PlatformError.ids].sort());
    for (const [id, status] of Object.entries(STATUS)) {
      expect([id, status >= 400 && status < 600]).toEqual([id, true]);
      if (/_away$|^internal/.test(id)) expect([id, status >= 500]).toEqual([id, true]);
    }
  });
});

describe('what does not fit the schema', () => {
  const body = z.strictObject({
    name: z.string().min(3, 'must be longer.'),
    size: z.strictObject({ memory: z.int(), on: z.array(z.string()) }).optional(),
  });
  const message = async (input: unknown): Promise<string> => {
    const answer = await ask(body.safeParse(input).error);
    expect([answer.status, answer.body.id]).toEqual([422, 'invalid_params']);
    return answer.body.message;
  };

  it('is told in one sentence about the first field', async () => {
    expect(await message([])).toBe('The body must be an object.');
    expect(await message({ name: 1 })).toBe('name must be a string.');
    expect(await message({ name: 'x' })).toBe('name must be longer.');
    expect(await message({ name: 'long', colour: 1 })).toBe('colour is not a field that can be given here.');
    expect(await message({ name: 'long', size: { memory: 'x', on: [] } })).toBe(
      'size.memory must be a number.',
    );
    expect(await message({ name: 'long', size: { memory: 1, on: {} } })).toBe('size.on must be a list.');
    expect(await message({ name: 'long', size: { memory: 1, on: [], x: 1 } })).toMatch(
      /^size\.x is not a field/,
    );
  });

  it('is told even when there is nothing to tell', async () => {
    thrown = new z.ZodError([]);
    expect((await ask(thrown)).body.message).toBe('The body is not as expected.');
  });
});

describe('what the web framework refuses', () => {
  const refusal = (status: number, type?: string) =>
    Object.assign(new Error('detail of the library'), { status, type });

  it.each([
    ['entity.parse.failed', 'its body must be a JSON object'],
    ['request.aborted', 'its body ended too early'],
    ['nobody.knows', 'it is malformed'],
  ])('is the fault of the client: %s', async (type, problem) => {
    const { status, body } = await ask(refusal(400, type));
    expect([status, body.message]).toEqual([400, `The request could not be read: ${problem}.`]);
  });

  it('is told by its size when its body is too large', async () => {
    const { status, body } = await ask(refusal(413, 'entity.too.large'));
    expect([status, body.id]).toEqual([413, 'body_too_large']);
  });

  it('is ours when it says so', async () => {
    expect((await ask(refusal(503))).status).toBe(500);
    expect(logged).toHaveLength(1);
  });
});

describe('a bug', () => {
  it('is logged in full and told in one sentence that shows nothing of it', async () => {
    const { status, body } = await ask(new TypeError('secret detail'));
    expect([status, body.id, body.retry]).toEqual([500, 'internal_error', true]);
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(logged[0]).toMatch(/secret detail.*"request_id":"r-1"/);
  });

  it('cuts an answer that had begun, which cannot become another one', async () => {
    begins = true;
    await expect(ask(new TypeError('late'))).rejects.toThrow();
    expect(logged).toHaveLength(1);
  });

  it('is nobody’s when the client has left', async () => {
    leaves.abort(new Error('the client went away'));
    await expect(ask(new TypeError('late'))).rejects.toThrow();
    expect(logged).toEqual([]);
  });
});
