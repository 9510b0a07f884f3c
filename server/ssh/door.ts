import ssh2, { type Connection } from 'ssh2';
import { abortController } from '../../lib/abort.ts';
import type { Logger } from '../../lib/log.ts';
import type { GitCommands } from '../git/commands.ts';
import { ALGORITHMS } from './algorithms.ts';
import { authenticate, type KeyHolders, type Login } from './authenticate.ts';
import { IDENT } from './farewell.ts';
import { startFront, type Visitor } from './front.ts';
import type { Console } from '../ports/console.ts';
import { createConsoleSeats } from './console.ts';
import { createGuests } from './guests.ts';
import { LIMITS, type SshLimits } from './limits.ts';

export interface SshDoorDeps {
  /** Private host keys, PEM or OpenSSH. */
  readonly hostKeys: readonly string[];
  /** 0 takes any free port. */
  readonly port: number;
  readonly accounts: KeyHolders;
  readonly git: GitCommands;
  /** The platform's commands. */
  readonly console: Console;
  readonly log: Logger;
  readonly limits?: Partial<SshLimits>;
}

export interface SshDoor extends AsyncDisposable {
  readonly port: number;
}

/**
 * Opens the door for `ssh://git@host/<app>.git`.
 *
 * Disposal stops listening and cuts the connections. What runs for them is ended before, by closing `git`.
 */
export async function createSshDoor(deps: SshDoorDeps): Promise<SshDoor> {
  const limits = { ...LIMITS, ...deps.limits };
  const { log, accounts, git } = deps;
  const stop = abortController();
  const seats = createConsoleSeats({
    console: deps.console,
    commandsPerKey: limits.commandsPerKey,
    log,
    signal: stop.signal,
  });
  const guests = createGuests({ accounts, git, console: seats, limits, log });

  const ssh = new ssh2.Server(
    {
      hostKeys: [...deps.hostKeys],
      algorithms: ALGORITHMS,
      ident: IDENT,
      keepaliveInterval: limits.keepAliveMs,
      keepaliveCountMax: 3,
    },
    (client, info) => {
      const visitor = front.find(info.ip, info.port);
      if (visitor) greet(client, visitor);
      else client.end();
    },
  );

  function greet(client: Connection, visitor: Visitor): void {
    const { socket } = visitor;
    // The library ends its half of a broken connection and waits for the other, which a dead or hostile client keeps.
    const hangUp = (): void => void setTimeout(() => socket.destroy(), 1000).unref();
    client.on('error', (err: Error) => {
      log.debug({ err }, 'ssh connection broke');
      hangUp();
    });
    client.once('end', hangUp);
    let login: Login | undefined;
    authenticate(
      client,
      {
        accounts,
        log,
        keyTries: limits.keyTries,
        onKeyTried: () => visitor.triedKey(),
        onLogin: (verified) => (login = verified),
        onGiveUp: () => socket.destroy(),
      },
      stop.signal,
    );
    client.once('ready', () => {
      visitor.admit();
      if (login) guests.host(client, login, visitor);
      else socket.destroy();
    });
  }

  const front = await startFront({
    port: deps.port,
    log,
    limits,
    onVisitor: (visitor) => ssh.injectSocket(visitor.socket),
  });

  return {
    port: front.port,
    async [Symbol.asyncDispose]() {
      front.close();
      await guests[Symbol.asyncDispose]();
      stop.abort(new Error('the ssh door is closing'));
      await front[Symbol.asyncDispose]();
    },
  };
}
