import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJson, sendJson, serveLocal, type LocalHandler } from '../../../lib/local-http.ts';
import { backendsAsked, probeRequest, routingTable } from '../../../router/contract.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Table } from '../../ports/router.ts';
import { createRouterClient } from './router.ts';

const never = new AbortController().signal;
const table: Table = {
  epoch: 3,
  seq: 7,
  routes: [
    {
      app: 'app-1',
      hosts: ['hello.localhost'],
      affinity: true,
      serving: { key: 'd1', servers: [{ id: 'web-1', address: '10.0.0.2', port: 5000 }] },
      staged: null,
    },
  ],
};

let home: string;
let socket: string;
let server: AsyncDisposable | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'gantry-router-'));
  socket = join(home, 'router.sock');
});
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
  await rm(home, { recursive: true });
});

function answering(status: number): LocalHandler {
  return (_req, res) => {
    sendJson(res, status, {});
    return Promise.resolve();
  };
}

describe('the client of the router', () => {
  it('sends what the contract asks for, and reads what it answers', async () => {
    const asked: unknown[] = [];
    server = await serveLocal(socket, async (req, res) => {
      const body = await readJson(req, 1_000_000);
      asked.push(`${req.method ?? ''} ${req.url ?? ''}`, body);
      const answers: Record<string, unknown> = {
        '/table': {},
        '/probe': { status: 200, byApp: true, ms: 3, sent: 1 },
        '/status': { version: { epoch: 3, seq: 7 }, processes: [], pool: { size: 1, free: 1 }, reloads: 0 },
        '/backends': [
          {
            app: 'app-1',
            key: 'd1',
            role: 'serving',
            sessions: 1,
            requests: 2,
            dropped: 0,
            servers: [{ id: 'web-1', sessions: 1 }],
          },
        ],
      };
      sendJson(res, 200, answers[req.url ?? '']);
    });
    const router = createRouterClient({ socket });
    await router.apply(table, never);
    expect(asked[0]).toBe('PUT /table');
    expect(routingTable.parse(asked[1])).toEqual({ version: { epoch: 3, seq: 7 }, routes: table.routes });
    const probe = {
      app: 'app-1',
      which: 'staged',
      host: 'hello.localhost',
      path: '/',
      timeoutMs: 500,
    } as const;
    expect(await router.probe(probe, never)).toEqual({ status: 200, byApp: true, ms: 3, sent: 1 });
    expect(probeRequest.parse(asked[3])).toEqual(probe);
    expect(await router.applied(never)).toEqual({ epoch: 3, seq: 7 });
    const expected = [{ key: 'd1', servers: [{ id: 'web-1', sessions: 1 }] }];
    expect(await router.backends('all', never)).toMatchObject(expected);
    expect(asked.at(-2)).toBe('GET /backends');
    expect(await router.backends(['app-1'], never)).toMatchObject(expected);
    expect(asked.at(-2)).toBe('POST /backends');
    expect(backendsAsked.parse(asked.at(-1))).toEqual({ apps: ['app-1'] });
  });

  it('is fenced when the router has heard from a newer controller', async () => {
    server = await serveLocal(socket, answering(409));
    const applied = createRouterClient({ socket }).apply(table, never);
    await expect(applied).rejects.toSatisfy((err) => PlatformError.is(err, 'fenced'));
  });

  it('says that the router is away when it is, or when it fails', async () => {
    const router = createRouterClient({ socket });
    await expect(router.backends('all', never)).rejects.toSatisfy((err) =>
      PlatformError.is(err, 'router_away'),
    );
    server = await serveLocal(socket, () => Promise.reject(new Error('haproxy is gone')));
    await expect(router.apply(table, never)).rejects.toSatisfy((err) => PlatformError.is(err, 'router_away'));
  });

  it('does not hide that we asked for nonsense', async () => {
    server = await serveLocal(socket, answering(400));
    await expect(createRouterClient({ socket }).apply(table, never)).rejects.toThrow(
      'PUT /table answered 400',
    );
  });
});
