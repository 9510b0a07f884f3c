import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'express';
import type { KnownError } from '../../lib/errors.ts';
import { PlatformError } from '../domain/errors.ts';
import { refusal, sendRefusal } from './refusal.ts';

/** For whoever was refused in the middle of sending to read why: closed at once, the answer would be lost with the rest. */
const LINGER_MS = 2_000;

/**
 * Answers what never becomes a request: what Node's parser refuses or gives up waiting for. It is told as everything else
 * is, in its turn: never in the middle of another answer on the same connection.
 */
export function answerUnread(server: Server): Server {
  const answering = new WeakMap<Duplex, { req: IncomingMessage; res: ServerResponse }>();
  const refused = new WeakSet<Duplex>();
  const refuse = (socket: Duplex, err: KnownError): void => {
    if (!socket.writable) return void socket.destroy();
    socket.end(refusal(err));
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
  server.prependListener('request', (req, res) => answering.set(req.socket, { req, res }));
  return server.on('clientError', (err, socket) => {
    // The parser says it again of every further byte.
    if (refused.has(socket)) return;
    refused.add(socket);
    const known = refusalOf(err);
    const { req, res } = answering.get(socket) ?? {};
    if (req === undefined || res === undefined || res.writableFinished) refuse(socket, known);
    else if (req.complete) res.once('finish', () => refuse(socket, known));
    // It is the body of this request that is wrong.
    else if (res.headersSent) socket.destroy();
    else refuse(socket, known);
  });
}

/** The failure that an error of Node's HTTP server is. */
function refusalOf(err: Error): KnownError {
  const code = 'code' in err && typeof err.code === 'string' ? err.code : '';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return PlatformError.of('request_timeout', {}, err);
  if (code === 'HPE_HEADER_OVERFLOW') return PlatformError.of('head_too_large', {}, err);
  if (code === 'HPE_INVALID_METHOD') {
    const method = methodOf(err);
    if (method !== undefined) return PlatformError.of('method_unknown', { method }, err);
  }
  return PlatformError.of('bad_request', { problem: PROBLEMS[code] ?? 'it is not HTTP' }, err);
}

const PROBLEMS: Readonly<Record<string, string>> = {
  HPE_INVALID_URL: 'its path holds characters that must be percent-encoded',
  HPE_INVALID_VERSION: 'it is not of HTTP/1.0 or HTTP/1.1',
  HPE_PAUSED_H2_UPGRADE: 'HTTP/2 is spoken over TLS only',
  HPE_INVALID_HEADER_TOKEN: 'one of its header fields holds a character that none may hold',
  HPE_INVALID_CONTENT_LENGTH: 'its Content-Length is not a number',
  HPE_UNEXPECTED_CONTENT_LENGTH: 'its Content-Length is given twice, or beside a Transfer-Encoding',
  HPE_INVALID_TRANSFER_ENCODING: 'its Transfer-Encoding does not end with chunked',
  HPE_INVALID_CHUNK_SIZE: 'a chunk of its body does not begin with its size',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'the chunks of its body have too many extensions',
  HPE_INVALID_EOF_STATE: 'it ended too early',
};

/** The method of a request line that is one but for its method; undefined for what is no request line. */
function methodOf(err: Error): string | undefined {
  if (!('rawPacket' in err) || !Buffer.isBuffer(err.rawPacket)) return undefined;
  const text = err.rawPacket.toString('latin1');
  const at = 'bytesParsed' in err && typeof err.bytesParsed === 'number' ? err.bytesParsed : 0;
  const line = text.slice(text.lastIndexOf('\n', at) + 1);
  return /^([A-Za-z-]{1,30}) \S+ HTTP\/1\.[01]\r?\n/.exec(line)?.[1];
}

/** Serves what asks for a path; what does not (`*`, the host of a tunnel) no router of ours would look at. */
export function withPath(serve: RequestListener): RequestListener {
  return (req, res) => {
    if (PATH.test(req.url ?? '')) serve(req, res);
    else sendRefusal(PlatformError.of('bad_request', { problem: 'it asks for no path' }), res);
  };
}
const PATH = /^(?:https?:\/\/[^/?#]+)?\//i;

/** Refuses what Node itself would refuse without a word that our clients read. */
export const wellFormed: RequestHandler = (req, _res, next) => {
  const { host, expect } = req.headers;
  if (host === undefined && req.httpVersion === '1.1')
    throw PlatformError.of('bad_request', { problem: 'it has no Host header' });
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    throw PlatformError.of('expectation_failed', {});
  next();
};
