import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Not where anything of a platform listens: tests allow their platforms to send drains there. */
export const RECEIVERS = '127.66.0.0/16';
const HOST = '127.66.0.1';

/** Somebody who takes the log of an app, as `http://` or `syslog://`. */
export interface DrainReceiver extends AsyncDisposable {
  readonly url: string;
  /** What has arrived, a message each, without its length: `<190>1 TIME HOST app web.1 - text`. */
  readonly messages: readonly string[];
  /** While it is away everything is refused (of HTTP only: syslog has no way to say so). */
  away: boolean;
}

/** One that counts octets, as both kinds of drains do. */
function reader(messages: string[]) {
  let rest = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const space = rest.indexOf(' ');
      const length = Number(rest.subarray(0, Math.max(space, 0)).toString('latin1'));
      if (space < 1 || rest.length < space + 1 + length) return;
      messages.push(
        rest
          .subarray(space + 1, space + 1 + length)
          .toString('utf8')
          .trimEnd(),
      );
      rest = rest.subarray(space + 1 + length);
    }
  };
}

export async function receiveSyslog(): Promise<DrainReceiver> {
  const messages: string[] = [];
  const server = createServer((socket) => {
    socket.on('data', reader(messages));
    socket.on('error', () => socket.destroy());
  });
  return opened(server, 'syslog', messages);
}

export async function receiveHttp(): Promise<DrainReceiver> {
  const messages: string[] = [];
  const take = async (req: IncomingMessage): Promise<number> => {
    const body = await buffer(req);
    if (receiver.away) return 503;
    reader(messages)(body);
    return 204;
  };
  const server = createHttpServer((req, res) => {
    take(req).then(
      (status) => res.writeHead(status).end(),
      () => res.destroy(),
    );
  });
  const receiver = await opened(server, 'http', messages);
  return receiver;
}

async function opened(server: Server, scheme: string, messages: readonly string[]): Promise<DrainReceiver> {
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as AddressInfo; // of a server that listens on TCP
  return {
    url: `${scheme}://${HOST}:${port}/`.replace(/(syslog:.*)\/$/, '$1'),
    messages,
    away: false,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
