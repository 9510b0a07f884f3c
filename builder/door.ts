import { connect, createServer, type Socket } from 'node:net';
import { pause } from '../lib/deadline.ts';
import type { Logger } from '../lib/log.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Carries connections from where the build engine sees the registry to where the registry listens, which is loopback:
 * the engine lives in another network. Bytes only; who may do what the registry itself decides.
 *
 * Waits for its address to exist, because the engine's network may come up after us.
 */
export async function openRegistryDoor(
  listen: Address,
  target: Address,
  log: Logger,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (inside) => {
    const outside = connect({ ...target, noDelay: true, allowHalfOpen: true });
    for (const socket of [inside, outside]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    }
    inside.pipe(outside).pipe(inside);
    inside.on('error', () => outside.destroy());
    outside.on('error', () => inside.destroy());
    inside.on('close', () => outside.destroy());
    outside.on('close', () => inside.destroy());
  });
  for (let tries = 1; ; tries += 1) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(listen.port, listen.host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      break;
    } catch (err) {
      if (tries === 1)
        log.warn({ err, address: listen }, 'the registry door cannot open yet; will try again');
      await pause(250, signal);
    }
  }
  log.info({ listen, target }, 'the registry door is open');
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
