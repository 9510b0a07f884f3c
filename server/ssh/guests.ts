import type { Connection } from 'ssh2';
import type { Logger } from '../../lib/log.ts';
import { startLoop } from '../../lib/loop.ts';
import { pause } from '../../lib/deadline.ts';
import type { Pushes } from '../services/pushes.ts';
import type { KeyHolders, Login } from './authenticate.ts';
import type { Visitor } from './front.ts';
import type { SshLimits } from './limits.ts';
import type { PushHook } from './push-hook.ts';
import { serveSession, type SessionSignals } from './session.ts';

export interface GuestsDeps {
  readonly accounts: KeyHolders;
  readonly pushes: Pushes;
  readonly hook: PushHook;
  readonly limits: SshLimits;
  readonly log: Logger;
  readonly signals: SessionSignals;
}

/** The connections that have logged in, and what runs for them. Disposal ends the key check only. */
export interface Guests extends AsyncDisposable {
  /** Serves a connection from its login on, or cuts it when its person has too many. */
  host(client: Connection, login: Login, visitor: Visitor): void;
  /** Waits until no git process runs, at most this long. */
  settle(ms: number): Promise<void>;
}

interface Guest {
  readonly login: Login;
  readonly visitor: Visitor;
  channels: number;
  commands: number;
}

export function createGuests(deps: GuestsDeps): Guests {
  const { limits } = deps;
  const guests = new Set<Guest>();
  let running = 0;
  const of = (userId: string): Guest[] => [...guests].filter((guest) => guest.login.actor.userId === userId);

  /** A place for one git process; a command that outlives its connection no longer counts against the person. */
  function takePlace(guest: Guest, watchIdle: () => void): (() => void) | undefined {
    const mine = of(guest.login.actor.userId).reduce((sum, other) => sum + other.commands, 0);
    if (running >= limits.commands || mine >= limits.commandsPerActor) return undefined;
    running += 1;
    guest.commands += 1;
    watchIdle();
    return () => {
      running -= 1;
      guest.commands -= 1;
      watchIdle();
    };
  }

  function host(client: Connection, login: Login, visitor: Visitor): void {
    const { socket } = visitor;
    if (of(login.actor.userId).length >= limits.connectionsPerActor) {
      socket.destroy();
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
        reject();
        return;
      }
      guest.channels += 1;
      const session = accept();
      session.once('close', () => (guest.channels -= 1));
      const place = (): (() => void) | undefined => takePlace(guest, watchIdle);
      serveSession(
        session,
        { ...deps, actor: login.actor, socket, limits: limits.git, takePlace: place },
        deps.signals,
      );
    });
  }

  const keyCheck = startLoop((signal) => dismissRevoked(guests, deps.accounts, signal), {
    name: 'ssh key check',
    log: deps.log,
    everyMs: limits.keyCheckMs,
  });

  return {
    host,
    async settle(ms) {
      const never = new AbortController().signal;
      for (const end = Date.now() + ms; running > 0 && Date.now() < end;) await pause(20, never);
    },
    [Symbol.asyncDispose]: () => keyCheck[Symbol.asyncDispose](),
  };
}

/** Cuts the connections whose key no longer belongs to who logged in with it. What a push has started goes on. */
async function dismissRevoked(
  guests: ReadonlySet<Guest>,
  accounts: KeyHolders,
  signal: AbortSignal,
): Promise<void> {
  const fingerprints = new Set([...guests].map((guest) => guest.login.fingerprint));
  for (const fingerprint of fingerprints) {
    const holder = await accounts.authenticateKey(fingerprint, signal);
    for (const { login, visitor } of guests)
      if (login.fingerprint === fingerprint && login.actor.userId !== holder?.userId)
        visitor.socket.destroy();
  }
}
