import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildRequest } from '../../../builder/contract.ts';
import { readJson, serveLocal } from '../../../lib/local-http.ts';
import { Secret } from '../../../lib/secret.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { BuildNews, BuildOrder } from '../../ports/builder.ts';
import { createBuilderClient } from './builder.ts';

const never = new AbortController().signal;
const limits = { seconds: 900, outputBytes: 1_000_000, outputLines: 10_000 };
const order: BuildOrder = {
  id: 'build-1',
  appId: 'app-1',
  archive: '/tmp/source.tar',
  commit: 'a'.repeat(40),
  buildpack: null,
  config: new Map([['KEY', new Secret('value')]]),
  repository: 'apps/hello',
  token: 'push-token',
};
const failed = { kind: 'failed', id: 'build_failed', message: 'npm ended with 1', retry: false };

let home: string;
let socket: string;
let server: AsyncDisposable | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'gantry-builder-'));
  socket = join(home, 'builder.sock');
});
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
  await rm(home, { recursive: true });
});

/** What the builder was told of caches. */
let told: string[] = [];

/** A builder whose answer to a build is up to the test. */
async function builderThat(answers: (res: ServerResponse, asked: unknown) => void): Promise<void> {
  told = [];
  server = await serveLocal(socket, async (req, res) => {
    const asked = await readJson(req, 1_000_000);
    if (req.url?.startsWith('/caches/')) {
      told.push(`${req.method ?? ''} ${req.url}`);
      res.writeHead(req.url === '/caches/app-1' ? 204 : 404).end();
    } else answers(res.writeHead(200), asked);
  });
}
const lines = (...events: object[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');

async function news(): Promise<BuildNews[]> {
  const all: BuildNews[] = [];
  for await (const one of createBuilderClient({ socket, limits }).build(order, never)) all.push(one);
  return all;
}

describe('the client of the builder', () => {
  it('orders a build and passes on what happens, up to the last word', async () => {
    let asked: unknown;
    await builderThat((res, body) => {
      asked = body;
      res.end(lines({ kind: 'line', text: '-----> Node' }, { kind: 'stage', name: 'build', ms: 12 }, failed));
    });
    expect((await news()).map((one) => one.kind)).toEqual(['line', 'stage', 'failed']);
    expect(buildRequest.parse(asked)).toMatchObject({
      id: 'build-1',
      cacheKey: 'app-1',
      env: { KEY: 'value' },
      target: { repository: 'apps/hello', token: 'push-token' },
      limits,
    });
  });

  it('says that the builder is away when nobody answers', async () => {
    await expect(news()).rejects.toSatisfy((err) => PlatformError.is(err, 'builder_away'));
  });

  it('says that the builder is away when it dies in the middle', async () => {
    await builderThat((res) => {
      res.write(lines({ kind: 'line', text: 'half' }));
      setTimeout(() => res.destroy(), 20);
    });
    await expect(news()).rejects.toSatisfy((err) => PlatformError.is(err, 'builder_away'));
  });

  it('does not take an answer without a last word for a build', async () => {
    await builderThat((res) => res.end(lines({ kind: 'line', text: 'all' })));
    await expect(news()).rejects.toSatisfy((err) => PlatformError.is(err, 'builder_away'));
  });

  it('cancels the build when the reader leaves', async () => {
    const gone = new Promise<void>((resolve) => {
      void builderThat((res) => {
        res.write(lines({ kind: 'line', text: 'begun' }));
        res.on('close', resolve);
      });
    });
    await expect.poll(() => server).toBeDefined();
    for await (const one of createBuilderClient({ socket, limits }).build(order, never)) {
      expect(one.kind).toBe('line');
      break;
    }
    await gone;
  });

  it('ends with its caller', async () => {
    await builderThat((res) => res.flushHeaders());
    const stop = new AbortController();
    const client = createBuilderClient({ socket, limits });
    const next = client.build(order, stop.signal)[Symbol.asyncIterator]().next();
    setTimeout(() => stop.abort(new Error('superseded')), 20);
    await expect(next).rejects.toThrow('superseded');
  });

  it.each([
    ['renewCache', 'PUT'],
    ['forget', 'DELETE'],
  ] as const)('tells what becomes of the cache of an app: %s', async (call, method) => {
    await builderThat(() => undefined);
    const client = createBuilderClient({ socket, limits });
    await expect(client[call]('app-1', never)).resolves.toBeUndefined();
    await expect(client[call]('app-2', never)).rejects.toSatisfy((err) =>
      PlatformError.is(err, 'builder_away'),
    );
    expect(told).toEqual([`${method} /caches/app-1`, `${method} /caches/app-2`]);
  });
});
