import * as z from 'zod';
import { pause } from '../../lib/deadline.ts';
import {
  account,
  app,
  build,
  configVars,
  deployBranch,
  deployment,
  dyno,
  failure,
  formation,
  key,
  logSession,
  release,
  type AccountResource,
  type AppResource,
  type BuildResource,
  type ConfigVarsResource,
  type DeployBranchResource,
  type DeploymentResource,
  type DynoResource,
  type FailureResource,
  type FormationResource,
  type KeyResource,
  type LogSessionResource,
  type ReleaseResource,
} from './resources.ts';
import { serverEvents, type ServerEvent } from './sse.ts';

/** The server understood the call and refused it. */
export class ApiError extends Error {
  readonly status: number;
  readonly id: string;
  readonly retry: boolean;
  readonly resource: string | undefined;
  readonly requestId: string;

  constructor(status: number, body: FailureResource) {
    super(body.message);
    this.name = 'ApiError';
    this.status = status;
    this.id = body.id;
    this.retry = body.retry;
    this.resource = body.resource;
    this.requestId = body.request_id;
  }
}

/** Nobody answered, or not in the way a Gantry server answers. */
export class UnreachableError extends Error {
  readonly url: string;

  constructor(url: string, why: string, cause?: unknown) {
    super(`No Gantry server answers at ${url}: ${why}`, { cause });
    this.name = 'UnreachableError';
    this.url = url;
  }
}

export interface ClientOptions {
  /** Origin of the API; a path in it is ignored. */
  readonly url: string;
  readonly token: string;
  readonly userAgent?: string;
  /** For tests. */
  readonly fetch?: typeof fetch;
  /** The longest wait for an answer to begin, in milliseconds. Default 60 s, as the server answers early. */
  readonly timeoutMs?: number;
}

/** A change of config answers with all values, and with the release that it made, if any. */
interface ConfigAnswer {
  readonly config: ConfigVarsResource;
  readonly release: number | null;
}

export interface LogQuery {
  readonly lines?: number;
  readonly tail?: boolean;
  readonly source?: string;
  readonly dyno?: string;
}

/** The HTTP API, typed. Every method throws ApiError for a refusal and UnreachableError when nobody answers. */
export interface Client {
  readonly url: string;
  account(signal: AbortSignal): Promise<AccountResource>;
  keys(signal: AbortSignal): Promise<KeyResource[]>;
  addKey(publicKey: string, signal: AbortSignal): Promise<KeyResource>;
  removeKey(id: string, signal: AbortSignal): Promise<KeyResource>;
  apps(signal: AbortSignal): Promise<AppResource[]>;
  app(name: string, signal: AbortSignal): Promise<AppResource>;
  createApp(name: string | undefined, signal: AbortSignal): Promise<AppResource>;
  destroyApp(name: string, signal: AbortSignal): Promise<AppResource>;
  /** The one branch that deploys the app; null: `main` or `master`, whichever is deployed first. */
  deployBranch(app: string, signal: AbortSignal): Promise<DeployBranchResource>;
  setDeployBranch(app: string, branch: string | null, signal: AbortSignal): Promise<DeployBranchResource>;
  config(app: string, signal: AbortSignal): Promise<ConfigVarsResource>;
  changeConfig(
    app: string,
    change: Readonly<Record<string, string | null>>,
    signal: AbortSignal,
  ): Promise<ConfigAnswer>;
  formation(app: string, signal: AbortSignal): Promise<FormationResource[]>;
  /** Quantities as the wire has them: `2`, `+1`, `-1`. */
  scale(app: string, changes: ReadonlyMap<string, string>, signal: AbortSignal): Promise<FormationResource[]>;
  dynos(app: string, signal: AbortSignal): Promise<DynoResource[]>;
  /** Restarts everything, one process type (`web`) or one instance (`web.1`); null when nothing is deployed. */
  restart(app: string, which: string | undefined, signal: AbortSignal): Promise<DeploymentResource | null>;
  /** Newest first. */
  releases(app: string, max: number, signal: AbortSignal): Promise<ReleaseResource[]>;
  release(app: string, versionOrId: string, signal: AbortSignal): Promise<ReleaseResource>;
  /** The latest deployment of a release; null when it never had one. */
  deployment(app: string, versionOrId: string, signal: AbortSignal): Promise<DeploymentResource | null>;
  /** Null: to the release before the current one. */
  rollback(app: string, versionOrId: string | null, signal: AbortSignal): Promise<ReleaseResource>;
  builds(app: string, signal: AbortSignal): Promise<BuildResource[]>;
  logSession(app: string, query: LogQuery, signal: AbortSignal): Promise<LogSessionResource>;
  /** The events of a log session, until the server ends the stream. */
  logEvents(
    url: string,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ServerEvent, void, undefined>;
  /** The text of an output stream as it comes, until it is complete. */
  output(url: string, signal: AbortSignal): AsyncGenerator<string, void, undefined>;
}

const TRIES = 3;

/** Writes carry one Request-Id over all tries, so repeating one after a broken connection changes nothing twice. */
export function createClient(options: ClientOptions): Client {
  const call = createCall(options);
  const one = <T>(schema: z.ZodType<T>, method: string, path: string, body: unknown, signal: AbortSignal) =>
    call({ method, path, body }, signal).then((answer) => understand(schema, answer.body, options.url));
  const get = <T>(schema: z.ZodType<T>, path: string, signal: AbortSignal) =>
    one(schema, 'GET', path, undefined, signal);
  const list = <T>(schema: z.ZodType<T>, path: string, signal: AbortSignal) =>
    listAll(call, { path, range: undefined }, signal).then((items) =>
      understand(z.array(schema), items, options.url),
    );

  return {
    url: options.url,
    account: (signal) => get(account, '/account', signal),
    keys: (signal) => list(key, '/account/keys', signal),
    addKey: (publicKey, signal) => one(key, 'POST', '/account/keys', { public_key: publicKey }, signal),
    removeKey: (id, signal) => one(key, 'DELETE', `/account/keys/${part(id)}`, undefined, signal),
    apps: (signal) => list(app, '/apps', signal),
    app: (name, signal) => get(app, appPath(name), signal),
    createApp: (name, signal) => one(app, 'POST', '/apps', name === undefined ? {} : { name }, signal),
    destroyApp: (name, signal) => one(app, 'DELETE', appPath(name), { confirm: name }, signal),
    deployBranch: (name, signal) => get(deployBranch, ownPath(name, 'deploy-branch'), signal),
    setDeployBranch: (name, branch, signal) =>
      one(deployBranch, 'PUT', ownPath(name, 'deploy-branch'), { branch }, signal),
    config: (name, signal) => get(configVars, appPath(name, 'config-vars'), signal),
    async changeConfig(name, change, signal) {
      const path = appPath(name, 'config-vars');
      const answer = await call({ method: 'PATCH', path, body: change }, signal);
      const version = Number(answer.headers.get('gantry-release') ?? '');
      return {
        config: understand(configVars, answer.body, options.url),
        release: version > 0 ? version : null,
      };
    },
    formation: (name, signal) => list(formation, appPath(name, 'formation'), signal),
    scale(name, changes, signal) {
      const updates = [...changes].map(([type, quantity]) => ({ type, quantity }));
      return one(z.array(formation), 'PATCH', appPath(name, 'formation'), { updates }, signal);
    },
    dynos: (name, signal) => list(dyno, appPath(name, 'dynos'), signal),
    restart(name, which, signal) {
      const path = which === undefined ? ['dynos'] : [which.includes('.') ? 'dynos' : 'formations', which];
      return one(maybe(deployment), 'DELETE', appPath(name, ...path), undefined, signal);
    },
    async releases(name, max, signal) {
      const range = `version ..; max=${max}, order=desc`;
      const answer = await call({ method: 'GET', path: appPath(name, 'releases'), range }, signal);
      return understand(z.array(release), answer.body, options.url);
    },
    release: (name, which, signal) => get(release, appPath(name, 'releases', which), signal),
    deployment: (name, which, signal) =>
      get(deployment, appPath(name, 'releases', which, 'deployment'), signal).catch((err: unknown) => {
        if (err instanceof ApiError && err.resource === 'deployment') return null;
        throw err;
      }),
    rollback: (name, which, signal) =>
      one(release, 'POST', appPath(name, 'releases'), { release: which }, signal),
    builds: (name, signal) => list(build, appPath(name, 'builds'), signal),
    logSession: (name, query, signal) =>
      one(logSession, 'POST', appPath(name, 'log-sessions'), query, signal),
    async *logEvents(url, lastEventId, signal) {
      const headers = {
        accept: 'text/event-stream',
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      };
      yield* serverEvents(streamText(options, url, headers, signal));
    },
    async *output(url, signal) {
      // The server keeps a silent stream open with NUL characters.
      for await (const text of streamText(options, url, {}, signal)) yield text.replaceAll('\0', '');
    },
  };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly range?: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

type Caller = (call: Call, signal: AbortSignal) => Promise<Answer>;

function createCall(options: ClientOptions): Caller {
  return async (call, signal) => {
    const headers = {
      accept: 'application/vnd.heroku+json; version=3',
      authorization: `Bearer ${options.token}`,
      'request-id': crypto.randomUUID(),
      ...(options.userAgent !== undefined && { 'user-agent': options.userAgent }),
      ...(call.range !== undefined && { range: call.range }),
      ...(call.body !== undefined && { 'content-type': 'application/json' }),
    };
    const init = {
      method: call.method,
      headers,
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
    };
    for (let attempt = 1; ; attempt += 1) {
      const res = await ask(options, call.path, init, signal).catch((err: unknown) => {
        if (attempt >= TRIES || signal.aborted) throw err;
        return undefined;
      });
      if (res !== undefined) return answerOf(options.url, res);
      await pause(200 * attempt, signal);
    }
  };
}

function answerOf(url: string, res: { status: number; headers: Headers; text: string }): Answer {
  const body = parseJson(res.text);
  if (res.status < 400) return { status: res.status, headers: res.headers, body };
  const refused = failure.safeParse(body);
  if (refused.success) throw new ApiError(res.status, refused.data);
  throw new UnreachableError(url, `it answered ${res.status} without saying why`);
}

/** Follows `Next-Range` until the list is complete. */
async function listAll(
  call: Caller,
  first: { path: string; range: string | undefined },
  signal: AbortSignal,
) {
  const items: unknown[] = [];
  let range = first.range;
  for (;;) {
    const answer = await call({ method: 'GET', path: first.path, range }, signal);
    if (!Array.isArray(answer.body)) return answer.body;
    items.push(...(answer.body as unknown[]));
    range = answer.headers.get('next-range') ?? undefined;
    if (answer.status !== 206 || range === undefined) return items;
  }
}

/**
 * `*.localhost` means this machine to browsers and curl, but not to Node's resolver: connect to the
 * loopback address and say the name in the Host header.
 */
function target(origin: string, path: string): { readonly url: string; readonly host: string | undefined } {
  const url = new URL(path, origin);
  if (!url.hostname.endsWith('.localhost')) return { url: url.href, host: undefined };
  const host = url.host;
  url.hostname = '127.0.0.1';
  return { url: url.href, host };
}

async function open(
  options: ClientOptions,
  path: string,
  init: { method?: string; headers: Record<string, string>; body?: string },
  signal: AbortSignal,
): Promise<Response> {
  const { url, host } = target(options.url, path);
  const headers = host === undefined ? init.headers : { ...init.headers, host };
  try {
    return await (options.fetch ?? fetch)(url, { ...init, headers, redirect: 'error', signal });
  } catch (err) {
    signal.throwIfAborted();
    throw new UnreachableError(new URL(path, options.url).origin, reasonOf(err), err);
  }
}

/** One request with its whole answer, within the deadline. */
async function ask(
  options: ClientOptions,
  path: string,
  init: { method: string; headers: Record<string, string>; body?: string },
  signal: AbortSignal,
): Promise<{ status: number; headers: Headers; text: string }> {
  const own = new AbortController();
  const stop = (): void => own.abort(signal.reason);
  const late = (): void =>
    own.abort(new UnreachableError(options.url, 'the answer took longer than a minute'));
  const timer = setTimeout(late, options.timeoutMs ?? 60_000);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const res = await open(options, path, init, own.signal);
    const text = await res.text().catch((err: unknown) => {
      own.signal.throwIfAborted();
      throw new UnreachableError(options.url, reasonOf(err), err);
    });
    return { status: res.status, headers: res.headers, text };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

async function* streamText(
  options: ClientOptions,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const res = await open(options, url, { headers }, signal);
  if (!res.ok) {
    answerOf(options.url, { status: res.status, headers: res.headers, text: await res.text() });
  }
  if (res.body === null) return;
  const decoder = new TextDecoder();
  try {
    for await (const bytes of res.body as AsyncIterable<Uint8Array>)
      yield decoder.decode(bytes, { stream: true });
  } catch (err) {
    signal.throwIfAborted();
    throw new UnreachableError(options.url, reasonOf(err), err);
  }
}

function understand<T>(schema: z.ZodType<T>, body: unknown, url: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UnreachableError(
    url,
    `the answer is not one of a Gantry server (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`,
    parsed.error,
  );
}

/** `{}` stands for nothing, because the Platform API always answers with an object. */
function maybe<T>(schema: z.ZodType<T>): z.ZodType<T | null> {
  return z.union([schema, z.strictObject({}).transform(() => null)]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // judged by whoever knows what it should have been
  }
}

function reasonOf(err: unknown): string {
  if (!(err instanceof Error)) return String(err);
  return err.cause instanceof Error && err.cause.message !== '' ? err.cause.message : err.message;
}

/**
 * One segment of a path. Dots alone would climb out of it, escaped or not, and reach another resource: an instance
 * called `..` would be its app.
 */
function part(text: string): string {
  if (text !== '' && !/^\.{1,2}$/.test(text)) return encodeURIComponent(text);
  throw new ApiError(404, {
    id: 'not_found',
    message: `"${text}" cannot be the name of anything.`,
    retry: false,
    request_id: '',
  });
}

/** What the Platform API does not have is under a prefix of our own. */
function ownPath(name: string, ...rest: readonly string[]): string {
  return `/gantry${appPath(name, ...rest)}`;
}

function appPath(name: string, ...rest: readonly string[]): string {
  return ['/apps', ...[name, ...rest].map(part)].join('/');
}
