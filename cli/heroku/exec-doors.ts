import { randomInt } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import * as z from 'zod';
import { isSystemError } from '../../lib/errors.ts';
import { CommandError } from '../failures.ts';
import { startForwarder, type ForwarderOptions } from './forwarder.ts';
import { makeThrowawayCertificate } from './throwaway-certificate.ts';

export interface ExecDoorsOptions extends Pick<ForwarderOptions, 'url' | 'token' | 'nonce' | 'ca'> {
  /** Where the platform takes SSH into instances, on loopback. */
  readonly execPort: number;
}

export interface ExecDoors extends AsyncDisposable {
  /** What `HEROKU_EXEC_URL` is to be. */
  readonly url: string;
  /** What the program must trust, PEM. */
  readonly certificate: string;
}

/** The commands that enter instances over SSH. */
export const EXEC_COMMAND = /^ps:(?:exec|socks|forward|copy)$/;

/** The program dials no other. */
const TUNNEL_PORT = 80;
const reservation = z.looseObject({ tunnel_host: z.string() });

/**
 * The two doors that `ps:exec` of the `heroku` program wants: one that speaks TLS, where it leaves its key, and one at port
 * 80 where it then finds SSH. Both are on loopback addresses; the second on one of its own, where port 80 is free
 * whatever else runs on this machine.
 */
export async function openExecDoors({ execPort, ...to }: ExecDoorsOptions): Promise<ExecDoors> {
  if (!isHere(to.url))
    throw new CommandError(
      'ps:exec of the heroku command works on the platform’s own machine only; use gantry ps:exec from here.',
    );
  const tunnel = await openTunnel(execPort);
  const certificate = makeThrowawayCertificate(new Date());
  const rewrite = (_path: string, body: string): string | undefined => meet(body, tunnel.host);
  const forwarder = await startForwarder({ ...to, certificate, rewrite });
  return {
    url: `${forwarder.url}/`,
    certificate: certificate.cert,
    async [Symbol.asyncDispose]() {
      await forwarder[Symbol.asyncDispose]();
      await tunnel[Symbol.asyncDispose]();
    },
  };
}

function isHere(url: string): boolean {
  const { hostname } = new URL(url);
  return ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) || hostname.endsWith('.localhost');
}

/** The answer to a reservation, with our tunnel in it. */
function meet(body: string, host: string): string | undefined {
  let said: unknown;
  try {
    said = JSON.parse(body);
  } catch {
    return undefined; // not an answer of ours; the program will say what it thinks of it
  }
  const parsed = reservation.safeParse(said);
  return parsed.success ? JSON.stringify({ ...parsed.data, tunnel_host: host }) : undefined;
}

async function openTunnel(execPort: number): Promise<{ readonly host: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    const there = keep(connect(execPort, '127.0.0.1'));
    keep(client).once('close', () => there.destroy());
    there.once('close', () => client.destroy());
    client.pipe(there).pipe(client);
  });
  const host = await listenSomewhere(server);
  return {
    host,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function listenSomewhere(server: Server): Promise<string> {
  const own = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(2, 255)}`;
  // Not every system has more than one loopback address.
  for (const host of [own, '127.0.0.1']) {
    try {
      await listen(server, host);
      return host;
    } catch (err) {
      if (isSystemError(err, 'EACCES')) break;
      if (!['EADDRNOTAVAIL', 'EADDRINUSE', 'EINVAL'].some((code) => isSystemError(err, code))) throw err;
    }
  }
  throw new CommandError(
    `ps:exec of the heroku command needs port ${TUNNEL_PORT} of a loopback address, which may not be opened here; run it as root, or use gantry ps:exec.`,
  );
}

function listen(server: Server, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(TUNNEL_PORT, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
