import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import * as z from 'zod';
import { addressSource } from '../../lib/address-source.ts';
import { withDeadline } from '../../lib/deadline.ts';
import { createSeats } from '../../lib/seats.ts';
import { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { AskedLogin } from '../services/browser-logins.ts';
import { tokenOf } from './authentication.ts';
import { contextOf } from './context.ts';
import { statusOf } from './errors.ts';
import { originOf } from './links.ts';
import { decisionForm, page, signInForm, STYLE } from './login-html.ts';
import { KEEPALIVE_MS } from './pump.ts';
import type { Services } from './services.ts';

export interface LoginPageDeps {
  readonly services: Pick<Services, 'browserLogins'>;
  /** Signs the forms. */
  readonly key: Secret;
  readonly apiHost: string;
  readonly now: () => Date;
  /** Aborts when the door closes. */
  readonly ending: AbortSignal;
}

const LIMIT_MS = 25_000;
/** Programs that wait at once, from one place and from all: each asks the database again and again. */
const WAITERS = { each: 10, all: 200 };
/** Styles are allowed by their hash, everything else that a page could load or run is not. */
const CSP = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const form = z.object({
  action: z.enum(['sign-in', 'approve', 'deny']),
  email: z.string().max(254).default(''),
  password: z.string().max(1_000).default(''),
  code: z.string().max(50).default(''),
  proof: z.string().max(100).default(''),
});

/** The pages on which a person approves the login of a program, and the call with which the program waits for it. */
export function loginPages(deps: LoginPageDeps): RequestHandler {
  const { browserLogins } = deps.services;
  const router = Router({ caseSensitive: true, strict: true });
  const readForm = express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 10, inflate: false });

  async function show(req: Request, res: Response, asked: Secret, signal: AbortSignal): Promise<void> {
    const request = await browserLogins.look(asked, signal);
    const cookie = cookieOf(req);
    const actor = cookie && (await browserLogins.whoIs(cookie, signal));
    send(
      res,
      200,
      cookie && actor ? decide(request, actor, proofOf(deps.key, cookie, asked)) : signIn(request, undefined),
    );
  }

  const signIn = (request: AskedLogin, problem: string | undefined): string =>
    page('Log in', signInForm(request, problem, deps.now()));
  const decide = (request: AskedLogin, { email }: Actor, proof: string): string =>
    page('Approve the login', decisionForm(request, { email, proof }, deps.now()));

  async function act(req: Request, res: Response, asked: Secret, signal: AbortSignal): Promise<void> {
    if (req.get('origin') !== originOf(req, deps.apiHost))
      throw PlatformError.of('bad_request', { problem: 'it comes from a page of another site' });
    const given = form.parse(req.body ?? {});
    if (given.action === 'sign-in') return signInBy(req, res, { asked, given }, signal);
    const cookie = cookieOf(req);
    const actor = cookie && (await browserLogins.whoIs(cookie, signal));
    if (!cookie || !actor || !same(given.proof, proofOf(deps.key, cookie, asked)))
      return show(req, res, asked, signal);
    const approved = given.action === 'approve';
    await browserLogins.decide(asked, { by: actor, approved, ip: req.ip ?? '' }, signal);
    const text = approved
      ? 'The program is logged in. You may close this page.'
      : 'The login was denied. You may close this page.';
    send(res, 200, page(approved ? 'Logged in' : 'Denied', [{ text }]));
  }

  async function signInBy(
    req: Request,
    res: Response,
    { asked, given }: { readonly asked: Secret; readonly given: z.infer<typeof form> },
    signal: AbortSignal,
  ): Promise<void> {
    const request = await browserLogins.look(asked, signal);
    const { email, password, code } = given;
    const attempt = { email, password: new Secret(password), code: code === '' ? undefined : code };
    try {
      const cookie = await browserLogins.signIn({ ...attempt, ip: req.ip ?? '' }, signal);
      setCookie(req, res, cookie);
      // To the page itself, whose path is known: nothing of the request says where.
      res.redirect(303, `/auth/browser/${asked.reveal()}`);
    } catch (err) {
      if (!PlatformError.is(err)) throw err;
      send(res, statusOf(err), signIn(request, err.message));
    }
  }

  const handle =
    (
      work: (req: Request, res: Response, asked: Secret, signal: AbortSignal) => Promise<void>,
    ): RequestHandler =>
    async (req, res) => {
      headers(res);
      try {
        const asked = secretOf(req.params['page']);
        await withDeadline(LIMIT_MS, contextOf(res).signal, (signal) => work(req, res, asked, signal));
      } catch (err) {
        if (!PlatformError.is(err)) throw err;
        send(res, statusOf(err), page('That did not work', [{ text: err.message }]));
      }
    };

  router.get('/auth/browser/:page', handle(show));
  router.post('/auth/browser/:page', readForm, handle(act));
  router.get('/auth/wait', waiting(deps));
  return router;
}

/** Proves that a form was made for this browser's session and this login. */
function proofOf(key: Secret, cookie: Secret, asked: Secret): string {
  const text = `${cookie.reveal()} ${asked.reveal()}`;
  return createHmac('sha256', key.reveal()).update(`login form\0${text}`).digest('base64url');
}

/**
 * Answers a program when its person has decided. The answer begins at once and is kept open by spaces, which JSON allows
 * before a value: no proxy and no client between here and there gives up.
 */
function waiting({ services: { browserLogins }, ending }: LoginPageDeps): RequestHandler {
  const seats = createSeats(WAITERS);
  return async (req, res) => {
    const { signal } = contextOf(res);
    const client = secretOf(tokenOf(req.headers.authorization));
    const leaveSeat = seats.take(addressSource(req.ip ?? ''));
    if (!leaveSeat) throw PlatformError.of('logins_busy', {});
    const stop = new AbortController();
    const leave = (): void => stop.abort(new Error('nobody waits any more'));
    for (const reason of [signal, ending]) reason.addEventListener('abort', leave, { once: true });
    if (signal.aborted || ending.aborted) leave();
    const spaces = setInterval(() => begin(res).write(' '), KEEPALIVE_MS);
    try {
      const token = await browserLogins.wait(client, stop.signal);
      const said = token === null ? { error: 'The login was denied.' } : { access_token: token.reveal() };
      begin(res).end(JSON.stringify(said));
    } catch (err) {
      if (!res.headersSent && !stop.signal.aborted) throw err;
      res.end(
        JSON.stringify({
          error: PlatformError.is(err) ? err.message : 'The platform is restarting; try again.',
        }),
      );
    } finally {
      leaveSeat();
      clearInterval(spaces);
      for (const reason of [signal, ending]) reason.removeEventListener('abort', leave);
    }
  };
}

function begin(res: Response): Response {
  if (!res.headersSent) {
    res.set({ 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
    res.flushHeaders();
  }
  return res;
}

function secretOf(text: unknown): Secret {
  if (typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text)) return new Secret(text);
  throw PlatformError.of('login_request_over', {});
}

function headers(res: Response): void {
  res.set({
    'Content-Security-Policy': CSP,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'X-Frame-Options': 'DENY',
    'Cache-Control': 'no-store',
    // Not `no-referrer`: with it browsers would not say where a form comes from.
    'Referrer-Policy': 'same-origin',
  });
}

function send(res: Response, status: number, html: string): void {
  res.status(status).type('html').send(html);
}

/** The prefix binds it to this host and to TLS; without TLS a browser would refuse a cookie of that name. */
const cookieName = (req: Request): string =>
  req.get('x-forwarded-proto') === 'https' ? '__Host-gantry' : 'gantry-login';

function setCookie(req: Request, res: Response, cookie: Secret): void {
  const name = cookieName(req);
  const secure = name.startsWith('__Host-');
  res.cookie(name, cookie.reveal(), { path: '/', httpOnly: true, sameSite: 'strict', secure });
}

function cookieOf(req: Request): Secret | undefined {
  const name = cookieName(req);
  const [, value] =
    new RegExp(`(?:^|; )${name}=([A-Za-z0-9_-]{43})(?:;|$)`).exec(req.headers.cookie ?? '') ?? [];
  return value === undefined ? undefined : new Secret(value);
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
