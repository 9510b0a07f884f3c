import { createServer } from 'node:net';
import { isSystemError } from '../lib/errors.ts';
import { RouterError } from './errors.ts';

/**
 * Throws `port_taken` when somebody listens on the port of an address; `::` stands for IPv4's addresses too. HAProxy
 * would share it with anybody of the same user; without this, two platforms would share visitors.
 */
export async function requireFree(port: number, address: string, setting: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (err) =>
      reject(isSystemError(err, 'EADDRINUSE') ? RouterError.of('port_taken', { port, setting }, err) : err),
    );
    server.listen({ port, host: address }, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
