import type { RequestHandler } from 'express';
import { PlatformError } from '../domain/errors.ts';

const OURS = 'application/vnd.heroku+json';
/** Whatever is asked for by these is had. */
const ANY = ['*/*', 'application/*', 'application/json'];

/**
 * The version that a client insists on and cannot have; undefined: it is content with version 3, or with anything. Clients
 * of the Platform API ask for `3` and for variants of it, `3.sdk`; what else they would take does not matter here.
 */
export function unspokenVersion(accept: string | undefined): string | undefined {
  const ranges = (accept ?? '').split(',').map(readRange);
  if (ranges.some(({ type, version }) => ANY.includes(type) || (type === OURS && isThree(version))))
    return undefined;
  return ranges.find(({ type }) => type === OURS)?.version;
}

/** Answers nobody in a version that they did not ask for. Throws `not_acceptable`. */
export const mediaVersion: RequestHandler = (req, _res, next) => {
  const version = unspokenVersion(req.headers.accept);
  if (version !== undefined)
    throw PlatformError.of('not_acceptable', { version: version.replace(/[^\w.-]/g, '?').slice(0, 20) });
  next();
};

function isThree(version: string | undefined): boolean {
  return version === undefined || /^3(?:\.|$)/.test(version);
}

function readRange(range: string): { readonly type: string; readonly version: string | undefined } {
  const [type = '', ...params] = range.split(';').map((part) => part.trim());
  const version = params.find((param) => /^version\s*=/i.test(param));
  return { type: type.toLowerCase(), version: version?.replace(/^[^=]*=\s*/, '').replace(/^"(.*)"$/, '$1') };
}
