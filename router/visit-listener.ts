import { chmod, chown, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import type { Visit } from './contract.ts';
import type { Journal } from './journal.ts';
import { createUnframer } from './octets.ts';
import { parseVisit } from './visit.ts';

interface ListenerDeps {
  readonly socket: string;
  /** The user HAProxy is; null when it is ours. */
  readonly uid: number | null;
  readonly journal: Journal;
  /** The server of the table behind one of HAProxy's. */
  readonly serverAt: (app: string, place: string, server: string) => string | null;
  readonly log: Logger;
}

/**
 * Where HAProxy brings what it has to say of visits. It keeps them in memory (a ring) and brings them when it can: nobody
 * waits for us, and what ends while we are away is told when we are back. Only HAProxy's user can come in.
 */
export async function listenToVisits({
  socket,
  uid,
  journal,
  serverAt,
  log,
}: ListenerDeps): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer((connection) => {
    open.add(connection);
    connection.on('close', () => open.delete(connection));
    connection.on('error', (err) => log.debug({ err }, 'a process stopped telling of visits'));
    const unframer = createUnframer();
    connection.on('data', (chunk: Buffer) => {
      try {
        for (const message of unframer.push(chunk)) {
          const told = parseVisit(message);
          if (told) journal.add(named(told, serverAt));
        }
      } catch (err) {
        log.warn({ problem: messageOf(err) }, 'a process tells of visits in words nobody understands');
        connection.destroy(); // it comes back and begins anew
      }
    });
  });
  await rm(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  await chmod(socket, 0o600);
  if (uid !== null) await chown(socket, uid, -1);
  return {
    async [Symbol.asyncDispose]() {
      for (const connection of open) connection.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function named(
  { place, server, ...visit }: NonNullable<ReturnType<typeof parseVisit>>,
  serverAt: ListenerDeps['serverAt'],
): Visit {
  return { ...visit, server: serverAt(visit.app, place, server) };
}
