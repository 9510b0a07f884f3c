import { createServer, type Server, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { connectRedis } from './redis.ts';

const WAIT = { timeout: 5_000, interval: 5 };

/** As much of Redis as a client wants to hear before it is ready. */
function answer(socket: Socket): void {
  socket.on('data', (bytes) => {
    const calls = bytes.toString().match(/\*\d+\r\n/g)?.length ?? 0;
    for (let n = 0; n < calls; n += 1) socket.write('+OK\r\n');
  });
}
const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve) => server.listen(path, resolve));

it('comes back by itself, and says that it was away and is back once each', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'redis-'));
  const path = join(dir, 'a b.sock');
  const said: string[] = [];
  const log = pino({}, { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) });
  const tried = vi.fn();
  const redis = connectRedis(`unix://${encodeURI(path)}`, log, { maxRetriesPerRequest: null });
  redis.on('reconnecting', tried);
  await vi.waitFor(() => expect(tried.mock.calls.length).toBeGreaterThan(2), WAIT);
  expect(said).toEqual(['redis is away; will connect when it is back']);

  const server = createServer(answer);
  await listen(server, path);
  await vi.waitFor(() => expect(said.at(-1)).toBe('redis is back'), WAIT);
  expect(said).toHaveLength(2);
  redis.disconnect();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true });
});
