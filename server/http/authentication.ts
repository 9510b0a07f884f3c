import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { withDeadline } from '../../lib/deadline.ts';
import { NOBODY } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { contextOf, setContext } from './context.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Services } from './services.ts';

const TOKEN = /^[\x21-\x7e]{1,512}$/;

/** The token of an Authorization header: Bearer, or the password of Basic whatever its user name. */
export function tokenOf(header: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(header ?? '') ?? [];
  let token: string | undefined;
  if (scheme.toLowerCase() === 'bearer') token = value;
  if (scheme.toLowerCase() === 'basic') {
    const pair = Buffer.from(value, 'base64').toString('utf8');
    token = pair.slice(pair.indexOf(':') + 1);
  }
  return token !== undefined && TOKEN.test(token) ? token : undefined;
}

/** Finds out who asks, and how often they may. Everything behind it has an actor. */
export function authentication(
  accounts: Services['accounts'],
  rateLimit: RateLimit,
  version: string,
): RequestHandler {
  return async (req, res, next) => {
    const context = contextOf(res);
    const token = tokenOf(req.headers.authorization);
    if (token === undefined) throw PlatformError.of('unauthorized', {});
    const actor = await withDeadline(10_000, context.signal, (signal) =>
      accounts.authenticate(token, signal),
    );
    // Counted after authentication, so that guesses cannot use up memory or another's share.
    const left = rateLimit.spend(createHash('sha256').update(token).digest('base64url'));
    res.set({ 'RateLimit-Remaining': String(left ?? 0), 'Gantry-Version': version });
    setContext(res, { ...context, actor, callsLeft: left ?? 0 });
    if (left === null) throw PlatformError.of('rate_limit', {});
    next();
  };
}

/**
 * For what needs nobody to be known: the caller is nobody, who may do nothing by any other service. How often they may
 * ask is counted by address.
 */
export function openDoor(rateLimit: RateLimit, version: string): RequestHandler {
  return (req, res, next) => {
    setContext(res, { ...contextOf(res), actor: NOBODY });
    const left = rateLimit.spend(`address ${req.ip ?? ''}`);
    res.set({ 'RateLimit-Remaining': String(left ?? 0), 'Gantry-Version': version });
    if (left === null) throw PlatformError.of('rate_limit', {});
    next();
  };
}
