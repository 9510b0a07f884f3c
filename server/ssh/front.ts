import { createServer, type Server, type Socket } from 'node:net';
import { addressSource } from '../../lib/address-source.ts';
import { isSystemError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { createFarewells, type Farewells } from './farewell.ts';
import type { SshLimits } from './limits.ts';
import { createLine } from './line.ts';
import { createPenalties, type Penalties } from './penalties.ts';
import { roomFor, type Room, type Stranger } from './room.ts';

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

/** The longest first line a client may send (RFC 4253, 4.2): who has sent more has begun the key exchange. */
const LONGEST_IDENT = 255;

const REFUSALS = {
  penalty: 'Too many failed logins from your address; try again later.',
  full: 'The server has as many connections as it can take; try again later.',
  line: 'Too many connections from your address are logging in; try again later.',
} as const;

/**
 * Listens on IPv4 and IPv6 and guards what comes before a login, which ssh2 leaves to others: it calls its handler only
 * after the client's first line and has no login grace, so that silent connections would stay for ever.
 *
 * When the places for strangers are used up (see `roomFor`) newcomers wait for their turn; who cannot wait is told why.
 */
export async function startFront(deps: FrontDeps): Promise<Front> {
  const { limits } = deps;
  const farewells = createFarewells();
  const penalties = createPenalties();
  const strangers = createStrangers(deps, penalties, farewells, () => line.callNext());
  const line = createLine({
    limits,
    enter: strangers.enter,
    tooLong: (socket) => farewells.say(socket, REFUSALS.line, 'new'),
  });

  function welcome(socket: Socket): void {
    const source = addressSource(socket.remoteAddress ?? '');
    socket.on('error', () => socket.destroy()); // resets are everyday; ssh2 adds its own listener for what it wants to know
    const refuse = (why: keyof typeof REFUSALS): void => farewells.say(socket, REFUSALS[why], 'new');
    if (penalties.blockedUntil(source, Date.now()) > 0) refuse('penalty');
    else if (strangers.visitors.size >= limits.connections) refuse('full');
    else if (line.has(source) || !strangers.enter(socket, source))
      if (!line.join(socket, source)) refuse('line');
  }

  const server = createServer(welcome);
  await listen(server, deps.port);
  const address = server.address();
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  return {
    port: typeof address === 'object' && address ? address.port : deps.port,
    find: (from, port) => strangers.visitors.get(`${from} ${port}`),
    close: () => void server.close(),
    async [Symbol.asyncDispose]() {
      server.close();
      line[Symbol.dispose]();
      farewells[Symbol.dispose]();
      for (const visitor of strangers.visitors.values()) visitor.socket.destroy();
      await closed;
    },
  };
}

interface Strangers {
  /** Everybody who was let in, logged in or not, by remote end. */
  readonly visitors: ReadonlyMap<string, Visitor>;
  /** Lets a connection in to the handshake; false when there is no place for it. */
  readonly enter: (socket: Socket, source: string) => boolean;
}

function createStrangers(
  { limits, log, onVisitor }: FrontDeps,
  penalties: Penalties,
  farewells: Farewells,
  placeIsFree: () => void,
): Strangers {
  const visitors = new Map<string, Visitor>();
  const strangers = new Map<Visitor, { readonly since: number }>();
  const idle = ({ socket }: Visitor, since: number): boolean =>
    socket.bytesRead <= LONGEST_IDENT && Date.now() - since >= limits.beginMs;

  function lookFor(source: string): Room<Stranger & { readonly visitor: Visitor }> {
    const places = [...strangers].map(([visitor, { since }]) => {
      return { visitor, source: visitor.source, idle: idle(visitor, since) };
    });
    return roomFor(source, places, limits);
  }

  /** No failure of its own: it is not counted as one. */
  function dismiss(visitor: Visitor): void {
    strangers.delete(visitor);
    // Encrypted, or about to be: no words of ours would be understood.
    if (visitor.socket.bytesRead > LONGEST_IDENT) visitor.socket.destroy();
    else farewells.say(visitor.socket, REFUSALS.line, 'greeted');
  }

  function admitTo(socket: Socket, source: string): void {
    const key = `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`;
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
        placeIsFree();
      },
    };
    visitors.set(key, visitor);
    strangers.set(visitor, { since: Date.now() });
    socket.once('close', () => {
      clearTimeout(grace);
      visitors.delete(key);
      if (!strangers.delete(visitor)) return;
      if (tried) {
        penalties.failed(source, Date.now());
        log.info({ source }, 'ssh login failed');
      }
      placeIsFree();
    });
    socket.setNoDelay(true);
    onVisitor(visitor);
  }

  return {
    visitors,
    enter(socket, source) {
      const room = lookFor(source);
      if (room === 'none') return false;
      if (room !== 'free') dismiss(room.insteadOf.visitor);
      admitTo(socket, source);
      return true;
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
