import { timingSafeEqual } from 'node:crypto';
import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { messageOf } from '../../lib/errors.ts';
import type { ThrowawayCertificate } from './throwaway-certificate.ts';

export interface ForwarderOptions {
  /** Origin of the API. */
  readonly url: string;
  /** What opens the API; never handed to who asks here. */
  readonly token: string;
  /** What is to be said here instead: whoever does not know it gets nothing. */
  readonly nonce: string;
  /** Certificates of authorities to trust besides the usual ones, PEM. */
  readonly ca?: string | undefined;
  /** With it the door speaks TLS. */
  readonly certificate?: ThrowawayCertificate;
  /** What to say instead of these answers, which are short; undefined for what passes as it is. */
  readonly rewrite?: (path: string, body: string) => string | undefined;
}

/** An answer that is rewritten is no longer than this. */
const REWRITTEN_BYTES = 64 * 1024;

export interface Forwarder extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or with `https` */
  readonly url: string;
}

/** An open stream that says nothing for this long is dead: the server says something every 15 seconds. */
const SILENCE_MS = 5 * 60_000;

/** What belongs to one connection, not to the message; `host` and `authorization` are our own. */
const OWN_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * A door on the loopback address of this machine that leads to the API as the user, for one program that this process
 * starts. Every request must carry the nonce (as token, as password, or in front of the path, for what sends neither) and
 * the address it was sent to; so no other user of the machine gets through, and no web page either. Nothing is buffered.
 */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const answer = (req: IncomingMessage, res: ServerResponse): void =>
    forward(req, res, { ...options, port: portOf() });
  const { certificate } = options;
  const server = certificate ? createTlsServer(certificate, answer) : createServer(answer);
  const portOf = (): number => (server.address() as AddressInfo).port; // a TCP server has no other address
  server.requestTimeout = 0; // an upload takes as long as it takes
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${portOf()}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function forward(
  req: IncomingMessage,
  res: ServerResponse,
  { url, token, nonce, ca, port, rewrite }: ForwarderOptions & { readonly port: number },
): void {
  const path = admitted(req, nonce, port);
  if (path === undefined) {
    refuse(res, 403, 'forbidden', 'This door is open to the program it was made for only.');
    return;
  }
  const to = new URL(url);
  const upstream = (to.protocol === 'https:' ? requestHttps : requestHttp)({
    // `*.localhost` is this machine, which Node's resolver does not know.
    host: to.hostname.endsWith('.localhost') ? '127.0.0.1' : to.hostname.replace(/^\[|\]$/g, ''),
    port: to.port === '' ? (to.protocol === 'https:' ? 443 : 80) : Number(to.port),
    method: req.method,
    path,
    headers: {
      ...passedOn(req.headers),
      host: to.host,
      authorization: credentials(req, token),
      ...framing(req),
    },
    timeout: SILENCE_MS,
    ...(to.protocol === 'https:' && { servername: to.hostname }),
    ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
  });
  upstream.on('timeout', () => upstream.destroy(new Error('it said nothing for five minutes')));
  upstream.on('error', (err) =>
    refuse(res, 502, 'unreachable', `No Gantry server answers at ${url}: ${messageOf(err)}`),
  );
  upstream.on('response', (answer) => {
    if (rewrite) {
      replace(answer, res, (body) => rewrite(path, body) ?? body);
      return;
    }
    res.writeHead(answer.statusCode ?? 502, passedOn(answer.headers));
    res.flushHeaders(); // a stream may have nothing to say yet
    pipeline(answer, res, () => undefined); // either side may leave; pipeline then ends the other
  });
  res.on('close', () => upstream.destroy());
  upstream.flushHeaders(); // the other side may answer before anything more is said
  pipeline(req, upstream, () => undefined);
}

/** The path on the server of a request that may pass. */
function admitted(req: IncomingMessage, nonce: string, port: number): string | undefined {
  if (req.headers.host !== `127.0.0.1:${port}`) return undefined;
  const path = req.url ?? '';
  const [, prefix = '', rest = ''] = /^\/([^/?]*)(\/.*)$/.exec(path) ?? [];
  if (same(prefix, nonce)) return rest;
  return same(secretOf(req.headers.authorization), nonce) && path.startsWith('/') ? path : undefined;
}

/** The token in place of the nonce; who says a user name means something by it. */
function credentials({ headers }: IncomingMessage, token: string): string {
  const [, value = ''] = /^basic +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const user = pair.slice(0, Math.max(pair.indexOf(':'), 0));
  return user === '' ? `Bearer ${token}` : `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
}

/** The token of an Authorization header: Bearer, or the password of Basic whatever its user name. */
function secretOf(header: string | undefined): string {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return '';
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function replace(answer: IncomingMessage, res: ServerResponse, said: (body: string) => string): void {
  const parts: Buffer[] = [];
  let length = 0;
  answer.on('data', (part: Buffer) => {
    length += part.length;
    parts.push(part);
    if (length > REWRITTEN_BYTES) answer.destroy(new Error('the answer is too long'));
  });
  answer.on('error', (err) =>
    refuse(res, 502, 'unreachable', `The server's answer broke off: ${messageOf(err)}`),
  );
  answer.on('end', () => {
    const body = said(Buffer.concat(parts).toString('utf8'));
    const headers = { ...passedOn(answer.headers), 'content-length': String(Buffer.byteLength(body)) };
    res.writeHead(answer.statusCode ?? 502, headers);
    res.end(body);
  });
}

function passedOn(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name)));
}

/** A body that is sent in parts is handed on in parts; Node itself would drop that of a DELETE. */
function framing({ headers }: IncomingMessage): { 'transfer-encoding'?: string } {
  return headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
}

function refuse(res: ServerResponse, status: number, id: string, message: string): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  res.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  res.end(JSON.stringify({ id, message }));
}
