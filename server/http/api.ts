import { randomUUID } from 'node:crypto';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import { abortController } from '../../lib/abort.ts';
import type { Logger } from '../../lib/log.ts';
import { networks } from '../../lib/networks.ts';
import type { Secret } from '../../lib/secret.ts';
import { printablePath } from '../domain/audit.ts';
import { PlatformError } from '../domain/errors.ts';
import type { GitCommands } from '../git/commands.ts';
import { createAnswering } from './answer.ts';
import { authentication, openDoor } from './authentication.ts';
import { contextOf, firstRequestId, setContext } from './context.ts';
import { sendFailure } from './errors.ts';
import { gitHandler } from './git/handler.ts';
import { loginPages } from './login-pages.ts';
import { createLinks } from './links.ts';
import { mediaVersion } from './media-version.ts';
import { dispatch, inOrder } from './dispatch.ts';
import { jsonBody } from './json-body.ts';
import { createOutputs } from './outputs.ts';
import { promptBody } from './prompt-body.ts';
import { createRateLimit } from './rate-limit.ts';
import { allRoutes } from './routes/all.ts';
import type { Route } from './route.ts';
import type { Services } from './services.ts';
import type { Place } from './shapes.ts';
import { createSources } from './sources.ts';
import { createStreamRights } from './stream-rights.ts';
import { createStreams } from './streams.ts';
import { wellFormed } from './unread.ts';

export interface ApiDeps extends Place {
  readonly services: Services;
  readonly git: GitCommands;
  readonly log: Logger;
  readonly version: string;
  /** Whether the router follows this server yet: until then it may still be an earlier one's. */
  readonly inControl: () => boolean;
  /** Whether every app that can serve its visitors does: while the machine starts, some are still on their way. */
  readonly appsAreBack: () => boolean;
  /** Seals the links of log and output streams. The same key after a restart keeps given links alive. */
  readonly linkKey: Secret;
  /** Per token; the default is the Platform API's 4500. */
  readonly requestsPerHour?: number | undefined;
  readonly now?: () => Date;
  /** How long a change waits for a deployment that is under way, before it is refused. */
  readonly holdMs?: number;
  /** Refuses to send what an endpoint does not describe; for tests, as it costs time. */
  readonly checkAnswers?: boolean;
  /** How often a silent stream is written to; for tests. */
  readonly keepAliveMs?: number;
  /** How often is asked whether open streams may still be read; for tests. */
  readonly rightsCheckMs?: number;
  /** How long a body may take; for tests. */
  readonly bodyMs?: number;
  /** Aborts when streams must end. */
  readonly ending: AbortSignal;
  /** Aborts when everything must end. */
  readonly cut: AbortSignal;
}

const PER_HOUR = 4500;
/** For the body of a request that is not git's. */
const BODY_MS = 60_000;

/** Less than a call may take in all. */
const HOLD_MS = 40_000;

const isLoopback = networks(['127.0.0.0/8', '::1']);

/** The functions of express by the methods of HTTP. */
const METHODS = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;

/** The whole API as one request handler. */
export function createApi(deps: ApiDeps): Express {
  const { services, log, ending, cut } = deps;
  const now = deps.now ?? (() => new Date());
  const perHour = deps.requestsPerHour ?? PER_HOUR;
  const links = createLinks(deps.linkKey);
  const outputs = createOutputs(links, now);
  const { keepAliveMs } = deps;
  const answering = createAnswering({
    ...{ idempotency: services.idempotency, key: deps.linkKey, ending, closing: cut },
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  });
  const rights = createStreamRights(services, log, deps.rightsCheckMs);
  const streams = createStreams({
    services,
    links,
    rights,
    now,
    ending,
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  });
  const sources = createSources({ uploads: services.uploads, links, now });
  const rateLimit = createRateLimit(perHour, () => now().getTime());

  const api = express();
  api.disable('x-powered-by');
  api.set('query parser', 'simple');
  // One address for one thing, as the document of the API says it.
  api.set('case sensitive routing', true);
  api.set('strict routing', true);
  // The router, which tells whose request it passes on, is on this machine; what stands before what it says is hearsay.
  api.set('trust proxy', (address: string, hop: number) => hop === 0 && isLoopback(address));
  api.use(plainTilde, context(cut, perHour), logged(log), wellFormed);
  api.use(gitHandler({ git: deps.git, accounts: services.accounts, log }));
  api.put('/sources/:source', sources.put);
  api.get('/sources/:source', sources.get);
  api.use(promptBody(log, deps.bodyMs ?? BODY_MS));
  api.get('/health', (_req, res) => {
    res.json({ ok: true, in_control: deps.inControl(), apps_are_back: deps.appsAreBack() });
  });
  api.get('/streams/logs/:session', streams.logs);
  api.get('/streams/:stream', streams.output);
  api.use(['/auth/browser', '/auth/wait'], openDoor(rateLimit, deps.version));
  api.use(loginPages({ services, key: deps.linkKey, apiHost: apiHost(deps), now, ending }));
  const dispatchDeps = {
    answering,
    audit: services.audit,
    permits: services.permits,
    apiHost: apiHost(deps),
    holdMs: deps.holdMs ?? HOLD_MS,
    ...(deps.checkAnswers !== undefined && { checkAnswers: deps.checkAnswers }),
  };
  const routes = inOrder(allRoutes({ services, outputs, sources, place: deps, now, version: deps.version }));
  const mount = (some: readonly Route[], ...before: readonly RequestHandler[]): void => {
    api.use(byTopic(some, (route) => [...before, dispatch(route, dispatchDeps)]));
  };
  api.use(mediaVersion);
  const json = jsonBody();
  const isOpen = ({ endpoint }: Route): boolean => endpoint.needs === 'open' || endpoint.needs === 'link';
  mount(routes.filter(isOpen), openDoor(rateLimit, deps.version), ...json);
  api.use(authentication(services, rateLimit, deps.version), ...json);
  mount(routes.filter((route) => !isOpen(route)));
  api.use((req) => {
    throw PlatformError.of('not_found', {
      resource: 'path',
      name: `${req.method} ${printablePath(req.path)}`,
    });
  });
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- express knows an error handler by its four parameters
  const failed: ErrorRequestHandler = (err, _req, res, _next) => sendFailure(log, err, res);
  api.use(failed);
  return api;
}

/**
 * Routes by the first piece of their path, so that a call is compared with the few of its topic instead of with all that
 * come before its own. Their order within a topic is kept.
 */
function byTopic(
  routes: readonly Route[],
  serve: (route: Route) => readonly RequestHandler[],
): RequestHandler {
  const topics = new Map<string, Router>();
  for (const route of routes) {
    const { method, path } = route.endpoint;
    const topic = topicOf(path);
    const router = topics.get(topic) ?? express.Router({ caseSensitive: true, strict: true });
    topics.set(topic, router);
    router[METHODS[method]](path, ...serve(route));
  }
  return (req, res, next) => {
    // A router answers OPTIONS by itself, before anybody was asked who they are.
    const router = req.method === 'OPTIONS' ? undefined : topics.get(topicOf(req.path));
    if (router === undefined) next();
    else router(req, res, next);
  };
}

function topicOf(path: string): string {
  return path.split('/', 2)[1] ?? '';
}

function apiHost({ domain, httpPort }: Place): string {
  return httpPort === 80 ? `api.${domain}` : `api.${domain}:${httpPort}`;
}

/** Some clients escape it though nothing asks them to, and routes are compared as they were sent. */
const plainTilde: RequestHandler = (req, _res, next) => {
  req.url = req.url.replace(/^[^?]*/, (path) => path.replaceAll(/%7e/gi, '~'));
  next();
};

/** Gives every request its id and its signal, and every answer the headers that all of them have. */
function context(cut: AbortSignal, perHour: number): RequestHandler {
  return (req, res, next) => {
    const idempotencyKey = firstRequestId(req.get('request-id'));
    const requestId = idempotencyKey ?? randomUUID();
    const own = abortController();
    const stop = (): void => own.abort(cut.reason);
    cut.addEventListener('abort', stop, { once: true });
    res.once('close', () => {
      cut.removeEventListener('abort', stop);
      if (!res.writableFinished) own.abort(new Error('the client went away'));
    });
    res.set({
      'Request-Id': requestId,
      'RateLimit-Remaining': String(perHour),
      'Cache-Control': 'private, no-cache',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    });
    setContext(res, { requestId, idempotencyKey, signal: own.signal });
    next();
  };
}

/** One line per change, at the level of facts; one per question, at that of details. Paths of streams and sources are secrets. */
function logged(log: Logger): RequestHandler {
  return (req, res, next) => {
    const began = performance.now();
    const [, secret] = /^\/(streams|sources|auth)\//.exec(req.path) ?? [];
    const path = secret === undefined ? printablePath(req.path) : `/${secret}/…`;
    res.once('close', () => {
      const { requestId, actor } = contextOf(res);
      const facts = {
        request_id: requestId,
        method: req.method,
        path,
        status: res.statusCode,
        ms: Math.round(performance.now() - began),
        ...(actor && { user: actor.email }),
      };
      if (req.method === 'GET') log.debug(facts, 'answered');
      else log.info(facts, 'answered a write');
    });
    next();
  };
}
