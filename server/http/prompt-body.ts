import type { RequestHandler } from 'express';

/**
 * Cuts a request whose body has not arrived in time. The server's own limit cannot do it: it has to leave room for a
 * push over a slow line, and everything else is small.
 */
export function promptBody(ms: number): RequestHandler {
  return (req, res, next) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = req.headers;
    if (length !== undefined || encoding !== undefined) {
      const late = setTimeout(() => {
        if (!req.complete) req.destroy();
      }, ms);
      res.once('close', () => clearTimeout(late));
    }
    next();
  };
}
