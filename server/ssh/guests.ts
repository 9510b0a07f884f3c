import type { Connection } from 'ssh2';
import type { Logger } from '../../lib/log.ts';
import { startLoop } from '../../lib/loop.ts';
import type { GitCommands } from '../git/commands.ts';
import type { KeyHolders, Login } from './authenticate.ts';
import type { Visitor } from './front.ts';
import type { SshLimits } from './limits.ts';
import type { ConsoleSeats } from './console.ts';
import { serveSession, turnAway } from './session.ts';

export interface GuestsDeps {
  readonly accounts: KeyHolders;
  readonly git: GitCommands;
  readonly console: ConsoleSeats;
  readonly limits: SshLimits;
  readonly log: Logger;
}

/** The connections that have logged in, and what runs for them. Disposal ends the key check only. */
export interface Guests extends AsyncDisposable {
  /** Serves a connection from its login on. When its person has too many it is told so, in answer to what it asks for. */
  host(client: Connection, login: Login, visitor: Visitor): void;
}

interface Guest {
  login: Login;
  readonly visitor: Visitor;
  channels: number;
  commands: number;
}

/** How long one that has to leave may take to ask for something, and to read the answer. */
const LEAVE_MS = 5_000;

export function createGuests(deps: GuestsDeps): Guests {
  const { limits } = deps;
  const guests = new Set<Guest>();
  const of = (userId: string): Guest[] => [...guests].filter((guest) => guest.login.actor.userId === userId);

  function host(client: Connection, login: Login, visitor: Visitor): void {
    const { socket } = visitor;
    const mine = of(login.actor.userId).length;
    if (mine >= limits.connectionsPerActor) {
      const late = setTimeout(() => socket.destroy(), LEAVE_MS);
      socket.once('close', () => clearTimeout(late));
      turnAway(client, `You have ${mine} connections already, which is the most; close one and retry.`);
      return;
    }
    const guest: Guest = { login, visitor, channels: 0, commands: 0 };
    guests.add(guest);
    let idle: NodeJS.Timeout | undefined;
    const watchIdle = (): void => {
      clearTimeout(idle);
      if (guest.commands === 0 && !socket.destroyed) idle = setTimeout(() => socket.destroy(), limits.idleMs);
    };
    watchIdle();
    socket.once('close', () => {
      clearTimeout(idle);
      guests.delete(guest);
    });
    client.on('session', (accept, reject) => {
      if (guest.channels >= limits.channelsPerConnection) {
        reject(); // a client that shares this connection opens one of its own then (OpenSSH's ControlMaster)
        return;
      }
      guest.channels += 1;
      const session = accept();
      session.once('close', () => (guest.channels -= 1));
      const begin = (): (() => void) => {
        guest.commands += 1;
        watchIdle();
        return () => {
          guest.commands -= 1;
          watchIdle();
        };
      };
      // With the rights of now, not of the login.
      serveSession(session, {
        login: guest.login,
        socket,
        git: deps.git,
        console: deps.console,
        log: deps.log,
        begin,
      });
    });
  }

  const keyCheck = startLoop((signal) => dismissRevoked(guests, deps.accounts, signal), {
    name: 'ssh key check',
    log: deps.log,
    everyMs: limits.keyCheckMs,
  });

  return {
    host,
    [Symbol.asyncDispose]: () => keyCheck[Symbol.asyncDispose](),
  };
}

/**
 * Cuts the connections whose key no longer belongs to who logged in with it, and knows of the others what their person may
 * do by now. What a push has started goes on.
 */
async function dismissRevoked(
  guests: ReadonlySet<Guest>,
  accounts: KeyHolders,
  signal: AbortSignal,
): Promise<void> {
  const fingerprints = new Set([...guests].map((guest) => guest.login.fingerprint));
  for (const fingerprint of fingerprints) {
    const holder = await accounts.authenticateKey(fingerprint, signal);
    for (const guest of guests) {
      if (guest.login.fingerprint !== fingerprint) continue;
      if (guest.login.actor.userId === holder?.userId) guest.login = { ...guest.login, actor: holder };
      else guest.visitor.socket.destroy();
    }
  }
}
