import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';
import { PlatformError } from '../domain/errors.ts';
import type { UploadName } from '../ports/uploads.ts';
import { contextOf } from './context.ts';
import type { Links } from './links.ts';
import type { Call } from './route.ts';
import type { Services } from './services.ts';

/** Addresses to which sources are sent, and from which they are read; like those of streams, they are the permission. */
export interface Sources {
  addresses(call: Pick<Call, 'origin'>, upload: UploadName): { readonly put: string; readonly get: string };
  /** Undefined for an address that is none of ours. Throws `upload_missing` for one whose time is over. */
  uploadAt(url: string): UploadName | undefined;
  readonly put: RequestHandler;
  readonly get: RequestHandler;
}

/** Each writes to the disk as fast as it can. */
const MOST_AT_ONCE = 16;
const PATH = /^\/sources\/([A-Za-z0-9_-]{20,2000})$/;

export function createSources({
  uploads,
  links,
  now,
}: {
  readonly uploads: Services['uploads'];
  readonly links: Links;
  readonly now: () => Date;
}): Sources {
  let running = 0;

  function opened(text: unknown, access: 'get' | 'put'): UploadName {
    const target = typeof text === 'string' && text.length <= 2000 ? links.open(text, now()) : undefined;
    if (target?.kind !== 'source' || target.access !== access)
      throw PlatformError.of('not_found', {
        resource: 'source',
        name: 'its time is over, or there never was one',
      });
    return { id: target.id, userId: target.userId };
  }

  return {
    addresses({ origin }, { id, userId }) {
      const url = (access: 'get' | 'put'): string =>
        `${origin}/sources/${links.seal({ kind: 'source', access, id, userId }, now())}`;
      return { put: url('put'), get: url('get') };
    },

    uploadAt(url) {
      const text = URL.canParse(url) ? PATH.exec(new URL(url).pathname)?.[1] : undefined;
      if (text === undefined) return undefined;
      const target = links.open(text, now());
      if (target?.kind === 'source') return { id: target.id, userId: target.userId };
      // By whatever name the client reached us, the path with such a text in it is of our making.
      throw PlatformError.of('upload_missing', {});
    },

    async put(req: Request, res: Response) {
      const upload = opened(req.params['source'], 'put');
      if (running >= MOST_AT_ONCE) throw PlatformError.of('rate_limit', {});
      running += 1;
      try {
        await uploads.put(upload, req, contextOf(res).signal);
        res.status(200).json({});
      } catch (err) {
        // What is still being sent will not be read: the connection is of no more use.
        res.set('Connection', 'close');
        throw err;
      } finally {
        running -= 1;
      }
    },

    async get(req: Request, res: Response) {
      const { signal } = contextOf(res);
      const { bytes, content } = await uploads.read(opened(req.params['source'], 'get'), signal);
      res.set({
        'Content-Type': 'application/octet-stream',
        'Content-Length': String(bytes),
        'Cache-Control': 'no-store',
      });
      await pipeline(content, res, { signal });
    },
  };
}
