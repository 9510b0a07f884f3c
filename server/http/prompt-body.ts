import type { RequestHandler } from 'express';
import type { Logger } from '../../lib/log.ts';
import { PlatformError } from '../domain/errors.ts';
import { sendFailure } from './errors.ts';

/**
 * Refuses a request whose body has not arrived in time, and cuts it. The server's own limit cannot do it: it has to leave room for a
 * push over a slow line, and everything else is small.
 */
export function promptBody(log: Logger, ms: number): RequestHandler {
  return (req, res, next) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = req.headers;
    if (length !== undefined || encoding !== undefined) {
      const late = setTimeout(() => {
        if (req.complete) return;
        if (!res.headersSent) res.set('Connection', 'close');
        res.once('finish', () => req.destroy());
        sendFailure(log, PlatformError.of('request_timeout', {}), res);
      }, ms);
      res.once('close', () => clearTimeout(late));
    }
    next();
  };
}
