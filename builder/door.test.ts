import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import { quietLog } from '../lib/log.ts';
import { openRegistryDoor } from './door.ts';

const signal = new AbortController().signal;

async function listening(server: Server, host: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

async function ask(port: number, text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.2', port });
  socket.end(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

describe('the registry door', () => {
  it('carries bytes both ways and half-closed ends', async () => {
    const registry = createServer({ allowHalfOpen: true }, (socket) => {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('end', () => socket.end(Buffer.concat([Buffer.from('heard '), ...chunks])));
    });
    const port = await listening(registry, '127.0.0.1');
    await using door = await openRegistryDoor(
      { host: '127.0.0.2', port },
      { host: '127.0.0.1', port },
      quietLog(),
      signal,
    );
    expect(door).toBeDefined();
    const big = 'x'.repeat(500_000);
    expect((await ask(port, big)) === `heard ${big}`).toBe(true); // not toBe: half a megabyte of difference helps nobody
    registry.close();
  });

  it('opens once its address is free', async () => {
    const other = createServer();
    const port = await listening(other, '127.0.0.2');
    const opening = openRegistryDoor(
      { host: '127.0.0.2', port },
      { host: '127.0.0.1', port },
      quietLog(),
      signal,
    );
    await new Promise<void>((resolve) => other.close(() => resolve()));
    await using door = await opening;
    expect(door).toBeDefined();
  });

  it('gives up waiting when it is told to', async () => {
    const stop = new AbortController();
    const opening = openRegistryDoor(
      { host: '203.0.113.250', port: 1 },
      { host: '127.0.0.1', port: 1 },
      quietLog(),
      stop.signal,
    );
    setTimeout(() => stop.abort(new Error('stopping')), 20);
    await expect(opening).rejects.toThrow('stopping');
  });
});
