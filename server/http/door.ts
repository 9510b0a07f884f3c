import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { abortController } from '../../lib/abort.ts';
import { pause } from '../../lib/deadline.ts';
import { isSystemError } from '../../lib/errors.ts';
import { createApi, type ApiDeps } from './api.ts';
import { createRunUpgrade, serveWithout } from './run-upgrade.ts';
import { answerUnread, withPath } from './unread.ts';

export type HttpDoorDeps = Omit<ApiDeps, 'ending' | 'cut'>;

export interface HttpDoor {
  /**
   * Listens on the loopback addresses of both families, on the same port (0: a free one).
   * Disposal ends open streams, lets running requests finish for a moment, then cuts them.
   */
  listen(port: number): Promise<ListeningDoor>;
}

interface ListeningDoor extends AsyncDisposable {
  readonly port: number;
}

/** What a running write gets to finish when the door closes. */
const CLOSING_MS = 5_000;

/** The HTTP API: the paths, shapes, statuses and error ids of the Heroku Platform API v3, at `/`. */
export function createHttpDoor(deps: HttpDoorDeps): HttpDoor {
  return {
    async listen(port) {
      const ending = abortController();
      const cut = abortController();
      const api = withPath(createApi({ ...deps, ending: ending.signal, cut: cut.signal }));
      const { runs } = deps.services;
      const upgrade = createRunUpgrade({ runs, log: deps.log, ending: ending.signal, serve: api });
      const open = (host: string, at: number): Promise<Server> =>
        listenOn(
          answerUnread(createServer(PARSING, api))
            .on('upgrade', upgrade)
            .on('checkExpectation', api)
            // A tunnel is not to be had here: answered like any other path that is none.
            .on('connect', (req, socket) => serveWithout(req, socket, api)),
          host,
          at,
        );
      const v4 = await open('127.0.0.1', port);
      // A listening TCP server's address is never a path, which is the other thing the type allows.
      const actual = (v4.address() as AddressInfo).port;
      const servers = [v4];
      try {
        servers.push(await open('::1', actual));
      } catch (err) {
        if (!NO_IPV6.some((code) => isSystemError(err, code))) {
          v4.close();
          throw err;
        }
        deps.log.warn({ err }, 'this machine has no IPv6 loopback address; the API listens on IPv4 only');
      }
      return {
        port: actual,
        [Symbol.asyncDispose]: () => close(servers, ending, cut),
      };
    },
  };
}

/** A push over a slow line takes minutes to send; what asks nothing, or never finishes asking, leaves soon. */
const PARSING: ServerOptions = {
  // Refused by the API instead, in its own words.
  requireHostHeader: false,
  headersTimeout: 15_000,
  requestTimeout: 20 * 60_000,
  connectionsCheckingInterval: 5_000,
};

const NO_IPV6 = ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'];

async function close(
  servers: readonly Server[],
  ending: AbortController,
  cut: AbortController,
): Promise<void> {
  const closed = servers.map(
    (server) =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
      }),
  );
  ending.abort(new Error('the server is shutting down'));
  const all = Promise.all(closed);
  const patience = new AbortController();
  // A connection whose last answer ends now would be kept open for a next request; nobody else closes it.
  const idle = setInterval(() => {
    for (const server of servers) server.closeIdleConnections();
  }, 20);
  await Promise.race([all, pause(CLOSING_MS, patience.signal).catch(() => undefined)]);
  clearInterval(idle);
  patience.abort(new Error('closed'));
  cut.abort(new Error('the server is shutting down'));
  for (const server of servers) server.closeAllConnections();
  await all;
}

function listenOn(server: Server, host: string, port: number): Promise<Server> {
  // Longer than the router keeps an idle connection to us, or a request could meet a connection that is closing.
  server.keepAliveTimeout = 75_000;
  return new Promise((resolve, reject) => {
    server.once('error', (err) =>
      reject(
        isSystemError(err, 'EADDRINUSE')
          ? new Error(
              `Port ${port} on ${host} is taken by another program; stop it or choose another GANTRY_API_PORT.`,
              {
                cause: err,
              },
            )
          : err,
      ),
    );
    server.listen(port, host, () => resolve(server));
  });
}
