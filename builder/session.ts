import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Server, ServerCredentials, status, type ServiceDefinition } from '@grpc/grpc-js';
import type Docker from 'dockerode';

/** A channel back from the engine to us, over which a build step asks for its secrets. */
export interface Session extends AsyncDisposable {
  /** Names the session in the build request. */
  readonly id: string;
}

const GET_SECRET = '/moby.buildkit.secrets.v1.Secrets/GetSecret';
const HEALTH = '/grpc.health.v1.Health/Check';

/** Passes bytes through: the messages are a field or two, read and written by hand below. */
const raw = (path: string): ServiceDefinition[string] => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: (value: Buffer) => value,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (value: Buffer) => value,
  responseDeserialize: (bytes: Buffer) => bytes,
});

type Call = { readonly request: Buffer };
type Answer = (err: { code: number; details: string } | null, value?: Buffer) => void;

/**
 * Opens a session that serves `secrets` to the build that names it, and to no other. What is served this way is
 * mounted into one step and ends in no layer, no cache and no history. Disposal closes the channel.
 */
export async function openSession(
  docker: Docker,
  secrets: ReadonlyMap<string, Buffer>,
  signal: AbortSignal,
): Promise<Session> {
  const id = randomUUID();
  const socket = await upgrade(docker, id, signal);
  const server = new Server();
  server.addService(
    { secret: raw(GET_SECRET), health: raw(HEALTH) },
    {
      secret({ request }: Call, answer: Answer) {
        const value = secrets.get(firstString(request));
        if (value === undefined) answer({ code: status.NOT_FOUND, details: 'no such secret' });
        else answer(null, bytesField(1, value));
      },
      // The engine asks every few seconds, and hangs up on a session that does not know the question.
      health: (_: Call, answer: Answer) => answer(null, Buffer.from([8, 1])),
    },
  );
  const credentials = ServerCredentials.createInsecure(); // within an open unix socket
  server.createConnectionInjector(credentials).injectConnection(socket);
  socket.on('error', () => undefined); // the build says what went wrong
  return {
    id,
    [Symbol.asyncDispose]() {
      server.forceShutdown();
      socket.destroy();
      return Promise.resolve();
    },
  };
}

function upgrade(docker: Docker, id: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const options = {
      path: '/session',
      method: 'POST',
      hijack: true,
      abortSignal: signal,
      headers: {
        Upgrade: 'h2c',
        'X-Docker-Expose-Session-Uuid': id,
        'X-Docker-Expose-Session-Name': 'gantry',
        'X-Docker-Expose-Session-Grpc-Method': [GET_SECRET, HEALTH],
      },
      statusCodes: { 200: true, 500: 'server error' },
    };
    docker.modem.dial(options, (err: unknown, socket: unknown) => {
      if (err instanceof Error) reject(err);
      else resolve(socket as Duplex); // a hijacked request answers with its socket
    });
  });
}

/** The first length-delimited field of a message, as text; empty when there is none. */
function firstString(message: Buffer): string {
  if (message[0] !== 10) return '';
  let length = 0;
  let at = 1;
  for (let shift = 0; at < message.length && shift < 28; shift += 7) {
    const byte = message[at] ?? 0;
    at += 1;
    length += (byte & 127) << shift;
    if (byte < 128) break;
  }
  return message.subarray(at, at + length).toString('utf8');
}

function bytesField(number: number, value: Buffer): Buffer {
  const head = [number * 8 + 2];
  for (let rest = value.length; ; rest = rest >>> 7) {
    if (rest < 128) {
      head.push(rest);
      break;
    }
    head.push((rest & 127) | 128);
  }
  return Buffer.concat([Buffer.from(head), value]);
}
