import { createSocket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isSystemError } from '../../lib/errors.ts';

/** Below the ports that Linux gives to connections by itself (32768 and up), of which any may be taken at any moment. */
const [FIRST, LAST] = [12_000, 19_999];

/**
 * A TCP port on which nobody listens, by IPv4 or IPv6, and which is given to nobody else while this process lives:
 * files of tests run side by side, and two HAProxies share a port without a word, each with half of the visitors.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const port = randomInt(FIRST, LAST + 1);
    if ((await claimed(port)) && (await unused(port))) return port;
  }
  throw new Error(`no port between ${FIRST} and ${LAST} is free`);
}

/** The UDP port of the same number stands for the claim: the kernel gives it to one process, and takes it back at its end. */
async function claimed(port: number): Promise<boolean> {
  const claim = createSocket('udp4').bind({ port, address: '127.0.0.1', exclusive: true }).unref();
  return happens(claim, 'listening');
}

async function unused(port: number): Promise<boolean> {
  const probe = createServer().listen({ port, host: '::' });
  if (!(await happens(probe, 'listening'))) return false;
  probe.close();
  await once(probe, 'close');
  return true;
}

/** False when somebody else has the port. */
async function happens(on: NodeJS.EventEmitter, event: string): Promise<boolean> {
  try {
    await once(on, event);
    return true;
  } catch (err) {
    if (isSystemError(err, 'EADDRINUSE')) return false;
    throw err;
  }
}
