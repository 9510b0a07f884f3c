import { createServer, type Server, type Socket } from 'node:net';
import { addressSource } from '../../lib/address-source.ts';
import { isSystemError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import type { SshLimits } from './limits.ts';
import { createPenalties } from './penalties.ts';

/** A TCP connection on its way to a login. */
export interface Visitor {
  readonly socket: Socket;
  readonly source: string;
  /** Says that a key was tried: a visitor who leaves after that without a login has failed. */
  triedKey(): void;
  /** Says that the login succeeded: the grace period and the caps for strangers no longer apply. */
  admit(): void;
}

export interface Front extends AsyncDisposable {
  readonly port: number;
  /** The visitor whose connection has this remote end. */
  find(address: string, port: number): Visitor | undefined;
  /** Takes no new connections; those that are open stay until disposal. */
  close(): void;
}

export interface FrontDeps {
  readonly port: number;
  readonly log: Logger;
  readonly limits: SshLimits;
  /** Gets every connection that is let through to the handshake. */
  readonly onVisitor: (visitor: Visitor) => void;
}

/**
 * Listens on IPv4 and IPv6 and guards what comes before a login, which ssh2 leaves to others: it calls its handler only
 * after the client's first line and has no login grace, so that silent connections would stay for ever.
 *
 * When strangers use up their places the oldest leaves, not the newest: under a flood a real client, done in a
 * fraction of a second, still gets in.
 */
export async function startFront(deps: FrontDeps): Promise<Front> {
  const { limits, log } = deps;
  const visitors = new Map<string, Visitor>();
  const strangers = new Set<Visitor>();
  const penalties = createPenalties();

  const oldestOf = (source: string): Visitor | undefined =>
    [...strangers].find((visitor) => visitor.source === source);

  function makeRoom(source: string): void {
    const counts = new Map<string, number>();
    for (const stranger of strangers) counts.set(stranger.source, (counts.get(stranger.source) ?? 0) + 1);
    if ((counts.get(source) ?? 0) >= limits.strangersPerSource) {
      oldestOf(source)?.socket.destroy();
    } else if (strangers.size >= limits.strangers) {
      const [heaviest] = [...counts].sort((a, b) => b[1] - a[1]);
      if (heaviest) oldestOf(heaviest[0])?.socket.destroy();
    }
  }

  function welcome(socket: Socket): void {
    const key = `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`;
    const source = addressSource(socket.remoteAddress ?? '');
    socket.on('error', () => socket.destroy()); // resets are everyday; ssh2 adds its own listener for what it wants to know
    if (visitors.size >= limits.connections || penalties.blockedUntil(source, Date.now()) > 0) {
      socket.end('Too many failed logins or connections from here; try again later.\r\n');
      socket.destroySoon();
      return;
    }
    makeRoom(source);
    const grace = setTimeout(() => socket.destroy(), limits.loginGraceMs);
    let tried = false;
    const visitor: Visitor = {
      socket,
      source,
      triedKey() {
        tried = true;
      },
      admit() {
        clearTimeout(grace);
        strangers.delete(visitor);
        penalties.succeeded(source);
      },
    };
    visitors.set(key, visitor);
    strangers.add(visitor);
    socket.once('close', () => {
      clearTimeout(grace);
      visitors.delete(key);
      if (!strangers.delete(visitor) || !tried) return;
      penalties.failed(source, Date.now());
      log.info({ source }, 'ssh login failed');
    });
    socket.setNoDelay(true);
    deps.onVisitor(visitor);
  }

  const server = createServer(welcome);
  await listen(server, deps.port);
  const address = server.address();
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  return {
    port: typeof address === 'object' && address ? address.port : deps.port,
    find: (from, port) => visitors.get(`${from} ${port}`),
    close: () => void server.close(),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const visitor of visitors.values()) visitor.socket.destroy();
      await closed;
    },
  };
}

/** `::` without `ipv6Only` takes IPv4 too; a machine without IPv6 gets IPv4 alone. */
async function listen(server: Server, port: number): Promise<void> {
  try {
    await listenOn(server, '::', port);
  } catch (err) {
    if (!isSystemError(err, 'EAFNOSUPPORT') && !isSystemError(err, 'EADDRNOTAVAIL')) throw err;
    await listenOn(server, '0.0.0.0', port);
  }
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: false, backlog: 511 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
