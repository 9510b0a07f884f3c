import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { callJson } from '../lib/local-http.ts';

/** Path of the socket in a `unix://` address. */
export function socketOf(address: string): string {
  return address.replace(/^unix:\/\//, '');
}

/** Resolves when a Docker Engine answers at the address. */
export async function engineAnswers(address: string, signal: AbortSignal): Promise<void> {
  await callJson({ socket: socketOf(address), method: 'GET', path: '/version' }, 5_000, signal);
}

export interface HttpQuestion {
  readonly port: number;
  readonly path: string;
  readonly host: string;
}

/** Answer to a GET on loopback with this Host header. */
export function httpGet(
  { port, path, host }: HttpQuestion,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, headers: { host }, signal, agent: false }, (res) => {
      text(res).then((body) => resolve({ status: res.statusCode ?? 0, body }), reject);
    });
    req.on('error', reject);
    req.end();
  });
}

/** The same over TLS; only a certificate for that host by this authority will do. */
export function httpsGet(
  { port, path, host, ca }: HttpQuestion & { readonly ca: string },
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const to = {
      host: '127.0.0.1',
      servername: host,
      port,
      path,
      headers: { host },
      ca,
      signal,
      agent: false,
    };
    const req = secureRequest(to, (res) => {
      text(res).then((body) => resolve({ status: res.statusCode ?? 0, body }), reject);
    });
    req.on('error', reject);
    req.end();
  });
}

/** Status of a GET on loopback with this Host header. */
export async function httpStatus(question: HttpQuestion, signal: AbortSignal): Promise<number> {
  return (await httpGet(question, signal)).status;
}

function dial(target: NetConnectOpts, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    const giveUp = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', giveUp));
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

async function exchange(target: NetConnectOpts, bytes: string, signal: AbortSignal): Promise<string> {
  const socket = await dial(target, signal);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.once('data', (data) => {
      resolve(data.toString('latin1'));
      socket.destroy();
    });
    socket.write(bytes);
  });
}

/** Resolves when Redis answers a PING; one that asks for a password answers too. */
export async function redisAnswers(url: string, signal: AbortSignal): Promise<void> {
  const parsed = new URL(url);
  if (parsed.protocol === 'rediss:') return reachable(parsed, 6379, signal);
  const target =
    parsed.protocol === 'unix:'
      ? { path: parsed.pathname }
      : { host: parsed.hostname, port: Number(parsed.port || 6379) };
  const said = (await exchange(target, 'PING\r\n', signal)).trim();
  if (said !== '+PONG' && !said.startsWith('-NOAUTH')) throw new Error(said);
}

/** Resolves when something accepts connections at the URL's host and port (or at its `?host=/directory` socket). */
export async function reachable(url: URL, defaultPort: number, signal: AbortSignal): Promise<void> {
  const directory = url.searchParams.get('host');
  const port = Number(url.port || defaultPort);
  const target = directory?.startsWith('/')
    ? { path: `${directory}/.s.PGSQL.${port}` }
    : { host: url.hostname, port };
  (await dial(target, signal)).destroy();
}
