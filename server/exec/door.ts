import { createServer, type Server, type Socket } from 'node:net';
import ssh2, { type Connection } from 'ssh2';
import { isSystemError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { startLoop } from '../../lib/loop.ts';
import type { ExecGrant, ExecGrants } from '../services/exec-grants.ts';
import { isRefusal } from '../services/refusal.ts';
import type { Runs } from '../services/runs.ts';
import { forwardTo } from './forward.ts';
import { isSignedBy } from './proof.ts';
import { serveSession } from './session.ts';

export interface ExecDoorDeps {
  /** The one private host key, which clients are told beforehand. */
  readonly hostKey: string;
  readonly grants: Pick<ExecGrants, 'find' | 'renew'>;
  readonly runs: Pick<Runs, 'enter' | 'instance'>;
  readonly log: Logger;
  /** How long a client may take to say who it is. */
  readonly graceMs?: number;
  /** The most that is copied of one file, in bytes; for tests. */
  readonly mostBytes?: number;
}

/** On loopback only: what comes from elsewhere comes through a client's own forwarder. */
const HOST = '127.0.0.1';
const GRACE_MS = 15_000;
const CONNECTIONS = 200;
/** Whoever loses the right to be here leaves this soon. */
const CHECK_MS = 3_000;

export interface ExecDoor extends AsyncDisposable {
  /** Listens at this port too. False when another program has it, or we may not. */
  listen(port: number): Promise<boolean>;
}

/** The SSH door behind `ps:exec`: whoever holds the key of a grant enters the one instance that it is for. */
export function createExecDoor(deps: ExecDoorDeps): ExecDoor {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  // Oldest first, by where they come from: the library tells of a client only after its first line, and gives no socket.
  const strangers = new Map<string, Socket>();
  const ssh = new ssh2.Server(
    { hostKeys: [deps.hostKey], ident: 'Gantry', keepaliveInterval: 15_000 },
    (client, { ip, port }) => greet(client, deps, () => strangers.delete(`${ip} ${port}`)),
  );

  function arrive(socket: Socket): void {
    socket.on('error', () => socket.destroy()); // resets are everyday
    if (sockets.size >= CONNECTIONS) {
      // Silence must shut nobody out.
      const [oldest = socket] = strangers.values();
      oldest.destroy();
      if (oldest === socket) return;
    }
    const name = `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`;
    strangers.set(name, socket);
    sockets.add(socket);
    const grace = setTimeout(() => {
      if (strangers.get(name) === socket) socket.destroy();
    }, deps.graceMs ?? GRACE_MS);
    socket.once('close', () => {
      clearTimeout(grace);
      sockets.delete(socket);
      if (strangers.get(name) === socket) strangers.delete(name);
    });
    socket.setNoDelay(true);
    ssh.injectSocket(socket);
  }

  return {
    listen(port) {
      const server = createServer(arrive);
      return new Promise((resolve, reject) => {
        server.once('error', (err) => {
          if (['EADDRINUSE', 'EACCES'].some((code) => isSystemError(err, code))) resolve(false);
          else reject(err);
        });
        server.listen(port, HOST, () => {
          servers.push(server);
          resolve(true);
        });
      });
    },
    async [Symbol.asyncDispose]() {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** `known` is called once somebody has proved to have a grant. */
function greet(client: Connection, deps: ExecDoorDeps, known: () => void): void {
  let grant: ExecGrant | undefined;
  client.on('error', (err: Error) => deps.log.debug({ err }, 'a connection into an instance broke'));
  client.on('authentication', (context) => {
    const wanted = deps.grants.find(context.username);
    const proof = context.method === 'publickey' && wanted ? isSignedBy(context, wanted.publicKey) : 'no';
    if (proof === 'no') {
      context.reject(['publickey']);
      return;
    }
    if (proof === 'signed') grant = wanted;
    context.accept();
  });
  client.once('ready', () => {
    const entered = grant;
    if (entered === undefined) {
      client.end();
      return;
    }
    known();
    client.once('close', stayWhileAllowed(client, entered, deps));
    client.on('session', (accept) => serveSession(accept(), entered, deps));
    client.on('tcpip', (accept, reject, to) => forwardTo(to, { accept, reject }, entered, deps));
  });
}

/** Cuts a connection, with all that is open in it, when whoever has it may not be here any more; answers how to stop that. */
function stayWhileAllowed(client: Connection, grant: ExecGrant, { grants, log }: ExecDoorDeps): () => void {
  const check = async (signal: AbortSignal): Promise<void> => {
    try {
      await grants.renew(grant, signal);
    } catch (err) {
      if (!isRefusal(err)) throw err;
      client.end();
    }
  };
  const loop = startLoop(check, { name: 'right to be in an instance', log, everyMs: CHECK_MS });
  return () => void loop[Symbol.asyncDispose]();
}
