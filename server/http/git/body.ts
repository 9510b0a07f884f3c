import type { IncomingMessage } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PlatformError } from '../../domain/errors.ts';

/** The body of a request on its way to git. */
export interface Body {
  /** Inflated; ends however the body does: with it, at the limit, where it is broken, or with its sender. */
  readonly input: Readable;
  /** What was wrong with it; undefined while nothing is. */
  problem(): Error | undefined;
}

/**
 * The body of a request, at most `limit` bytes after inflation, and never held as a whole. Throws `bad_request` for an
 * encoding git does not use.
 */
export function bodyOf(req: IncomingMessage, limit: number): Body {
  const encoding = req.headers['content-encoding'] ?? 'identity';
  let problem: Error | undefined;
  let bytes = 0;
  const input = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= limit) done(null, chunk);
      else {
        stop(`its body is larger than ${limit} bytes`);
        done();
      }
    },
  });
  const stop = (what?: string): void => {
    if (what !== undefined) problem ??= PlatformError.of('bad_request', { problem: what });
    source.unpipe(input);
    if (!input.writableEnded) input.end();
    req.unpipe();
    req.resume(); // the rest of it is nobody's
  };
  let source: Readable = req;
  if (encoding === 'gzip' || encoding === 'x-gzip') {
    const gunzip = createGunzip();
    gunzip.on('error', () => stop('its body is not the gzip it says it is'));
    source = req.pipe(gunzip);
  } else if (encoding !== 'identity') {
    throw PlatformError.of('bad_request', { problem: 'its body is compressed in another way than gzip' });
  }
  req.on('error', () => undefined); // the client left; `close` follows
  req.once('close', () => {
    if (!req.complete) stop('its body ended too early');
  });
  source.pipe(input);
  return { input, problem: () => problem };
}

/** Resolves when the whole request has been read, or after `ms`: an answer given before would be cut off with the connection. */
export function wholeRead(req: IncomingMessage, ms: number): Promise<void> {
  if (req.readableEnded || req.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      req.off('end', done).off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    req.on('end', done).on('close', done);
    req.unpipe();
    req.resume();
  });
}
