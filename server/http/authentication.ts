import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { withDeadline } from '../../lib/deadline.ts';
import { Secret } from '../../lib/secret.ts';
import { NOBODY, type Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { contextOf, setContext, type RequestContext } from './context.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Services } from './services.ts';

/**
 * All tokens of a person may spend as much as this many of them: more tokens are no more calls, and a program that has
 * used up its own does not lock its owner out.
 */
const TOKENS_WORTH = 2;

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

/** The email and password of whoever has no token yet; undefined for all else. */
function passwordOf(header: string | undefined): { email: string; password: Secret } | undefined {
  const [, value = ''] = /^basic +(\S{1,2000})$/i.exec(header ?? '') ?? [];
  const [, email, password] =
    /^([^:]{1,254}@[^:]{1,254}):(.{1,1000})$/s.exec(Buffer.from(value, 'base64').toString('utf8')) ?? [];
  if (email === undefined || password === undefined || password.startsWith('gantry_')) return undefined;
  return { email, password: new Secret(password) };
}

/** The one call that a password opens; its answer is a token, which opens the others. */
const isLogin = ({ method, path }: Request): boolean => method === 'POST' && path === '/oauth/authorizations';

/** Finds out who asks, and how often they may. Everything behind it has an actor. */
export function authentication(
  { accounts, logins }: Pick<Services, 'accounts' | 'logins'>,
  rateLimit: RateLimit,
  version: string,
): RequestHandler {
  async function logIn(req: Request, context: RequestContext): Promise<Actor | undefined> {
    const given = isLogin(req) ? passwordOf(req.headers.authorization) : undefined;
    if (given === undefined) return undefined;
    const code = req.get('heroku-two-factor-code')?.slice(0, 50);
    const attempt = { ...given, code: code === '' ? undefined : code, ip: req.ip ?? '' };
    return withDeadline(20_000, context.signal, (signal) => logins.byPassword(attempt, signal));
  }

  return async (req, res, next) => {
    const context = contextOf(res);
    const person = await logIn(req, context);
    if (person !== undefined) {
      res.set({ 'Gantry-Version': version });
      setContext(res, { ...context, actor: person });
      next();
      return;
    }
    const token = tokenOf(req.headers.authorization);
    if (token === undefined) throw PlatformError.of('unauthorized', {});
    const actor = await withDeadline(10_000, context.signal, (signal) =>
      accounts.authenticate(token, req.ip ?? '', signal),
    );
    // Counted after authentication, so that guesses cannot use up memory or another's share.
    const key = createHash('sha256').update(token).digest('base64url');
    const left = rateLimit.spend([key], [`person ${actor.userId}`, TOKENS_WORTH]);
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
    const left = rateLimit.spend([`address ${req.ip ?? ''}`]);
    res.set({ 'RateLimit-Remaining': String(left ?? 0), 'Gantry-Version': version });
    if (left === null) throw PlatformError.of('rate_limit', {});
    next();
  };
}
