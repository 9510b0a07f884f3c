import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { listenersOf, listeningInodes } from './listeners.ts';

const TABLE = [
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
  '   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0',
  '   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0',
].join('\n');

it('sees who listens on a port and not who is merely connected', () => {
  expect(listeningInodes(TABLE, 8080)).toEqual(['4711']);
  expect(listeningInodes(TABLE, 8081)).toEqual([]);
});

it('finds the process that listens, and nothing for a free port', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const held = await listenersOf([port]);
  await new Promise((resolve) => server.close(resolve));
  expect(held.get(port)?.map((listener) => listener.pid)).toEqual([process.pid]);
  expect((await listenersOf([port])).has(port)).toBe(false);
});
