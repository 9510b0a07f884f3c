import { isUtf8 } from 'node:buffer';
import express, { type RequestHandler } from 'express';
import { isText } from '../../lib/unicode.ts';
import { PlatformError } from '../domain/errors.ts';

/** What is wrong with a body that is anything else: no JSON, a list, a text, null. */
export const NO_OBJECT = 'its body must be a JSON object';

/**
 * Reads every body as JSON, whatever type is claimed: one that is silently not read would be a change that is silently
 * not made. Throws `bad_request` for what is no JSON object, no UTF-8, or holds text that cannot be written as UTF-8.
 */
export function jsonBody(): readonly RequestHandler[] {
  const parse = express.json({
    limit: '1mb',
    inflate: false,
    type: () => true,
    // Otherwise bytes that are no text become U+FFFD, and are kept as that.
    verify: (_req, _res, bytes) => {
      if (!isUtf8(bytes)) throw Object.assign(new Error(), { status: 400, type: 'charset.unsupported' });
    },
  });
  return [
    parse,
    (req, _res, next) => {
      if (Array.isArray(req.body)) throw PlatformError.of('bad_request', { problem: NO_OBJECT });
      const problem = problemOf(req.body);
      if (problem !== undefined) throw PlatformError.of('bad_request', { problem });
      next();
    },
  ];
}

/** Nothing that is asked for is a tenth as deep, and what writes JSON calls itself for each level (S-API-08). */
const DEEPEST = 32;

/** What nobody could do anything with. A body is as deep as 1 MB of brackets can be, so this does not call itself. */
function problemOf(body: unknown): string | undefined {
  const left: { readonly one: unknown; readonly depth: number }[] = [{ one: body, depth: 1 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { one, depth } = next;
    if (typeof one === 'string' && !isText(one)) return HALF;
    if (typeof one !== 'object' || one === null) continue;
    if (depth > DEEPEST) return `its body is nested more than ${DEEPEST} levels deep`;
    if (!Array.isArray(one) && !Object.keys(one).every(isText)) return HALF;
    for (const value of Object.values(one)) left.push({ one: value, depth: depth + 1 });
  }
  return undefined;
}

const HALF = 'its body holds half a surrogate pair (\\ud800 to \\udfff alone), which is no text';
