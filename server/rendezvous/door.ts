import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { isSystemError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import type { Runs } from '../services/runs.ts';
import { createFirstLineReader } from './protocol.ts';
import { visit, VISIT, type VisitOptions } from './visit.ts';

export interface RendezvousLimits extends VisitOptions {
  /** From the TCP connection to the end of the first line. */
  readonly graceMs: number;
  readonly connections: number;
  /** Connections that have not said a secret. When full, the oldest makes room. */
  readonly strangers: number;
}

const LIMITS: RendezvousLimits = { ...VISIT, graceMs: 10_000, connections: 1_000, strangers: 200 };

export interface RendezvousDeps {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly runs: Pick<Runs, 'claim'>;
  readonly log: Logger;
  readonly limits?: Partial<RendezvousLimits>;
}

export interface RendezvousDoor extends AsyncDisposable {
  readonly port: number;
  /** From the next connection on. */
  useCertificate(certificate: { readonly key: string; readonly cert: string }): void;
}

/**
 * Where a client meets the process it has ordered: over TLS, by a secret that opens one connection. Disposal hangs up
 * on everybody.
 */
export async function openRendezvous(deps: RendezvousDeps): Promise<RendezvousDoor> {
  const { runs, log, key, cert } = deps;
  const limits = { ...LIMITS, ...deps.limits };
  const sockets = new Set<Socket>();
  /** Raw connections whose secret is not known yet, with how to let them in. */
  const strangers = new Map<string, { readonly socket: Socket; readonly grace: NodeJS.Timeout }>();
  const visits = new Set<Promise<void>>();

  function arrive(socket: Socket): void {
    socket.on('error', () => socket.destroy()); // resets are everyday
    if (sockets.size >= limits.connections) {
      socket.destroy();
      return;
    }
    if (strangers.size >= limits.strangers) [...strangers.values()][0]?.socket.destroy();
    const name = nameOf(socket);
    const grace = setTimeout(() => socket.destroy(), limits.graceMs);
    sockets.add(socket);
    strangers.set(name, { socket, grace });
    socket.once('close', () => {
      sockets.delete(socket);
      admit(name);
    });
  }

  function admit(name: string): void {
    clearTimeout(strangers.get(name)?.grace);
    strangers.delete(name);
  }

  function listenTo(socket: TLSSocket): void {
    const read = createFirstLineReader();
    const name = nameOf(socket);
    socket.on('error', () => socket.destroy());
    const take = (chunk: Buffer): void => {
      const line = read(chunk);
      if (line.state === 'incomplete') return;
      socket.off('data', take);
      const session = line.state === 'read' ? runs.claim(line.secret) : undefined;
      if (line.state === 'refused' || session === undefined) {
        socket.destroy();
        return;
      }
      socket.pause();
      admit(name);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      const one = visit(socket, line.rest, session, log, limits).catch((err: unknown) => {
        log.error({ err }, 'a rendezvous ended badly');
        socket.destroy();
      });
      visits.add(one);
      void one.finally(() => visits.delete(one));
    };
    socket.on('data', take);
  }

  const server = createServer(
    { key, cert, minVersion: 'TLSv1.2', handshakeTimeout: limits.graceMs, allowHalfOpen: true },
    listenTo,
  );
  server.on('connection', arrive);
  server.on('tlsClientError', (err) => log.debug({ err }, 'a TLS handshake failed'));
  const port = await listen(server, deps.port);
  return {
    port,
    useCertificate: (certificate) => server.setSecureContext(certificate),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(visits);
    },
  };
}

function nameOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`;
}

/** `::` without `ipv6Only` takes IPv4 too; a machine without IPv6 gets IPv4 alone. */
async function listen(server: Server, port: number): Promise<number> {
  try {
    return await listenOn(server, '::', port);
  } catch (err) {
    if (!isSystemError(err, 'EAFNOSUPPORT') && !isSystemError(err, 'EADDRNOTAVAIL')) throw err;
    return listenOn(server, '0.0.0.0', port);
  }
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: false, backlog: 511 }, () => {
      server.off('error', reject);
      // A listening TCP server's address is never a path, which is the other thing the type allows.
      resolve((server.address() as AddressInfo).port);
    });
  });
}
