import * as z from 'zod';
import type { Endpoint, ParamsOf } from './endpoint.ts';
import {
  account,
  app,
  build,
  configVars,
  deployBranch,
  deployment,
  dyno,
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
  type FormationResource,
  type KeyResource,
  type LogSessionResource,
  type ReleaseResource,
} from './resources.ts';
import { serverEvents, type ServerEvent } from './sse.ts';
import {
  ApiError,
  createCall,
  listAll,
  sendStream,
  streamText,
  UnreachableError,
  type Caller,
  type ClientOptions,
} from './transport.ts';

/** A change of config answers with all values, and with the release that it made, if any. */
interface ConfigAnswer {
  readonly config: ConfigVarsResource;
  readonly release: MadeRelease | null;
}

/** A release that a call has made, and whose it is. */
export type MadeRelease = Pick<ReleaseResource, 'id' | 'version'> & {
  readonly app: Pick<ReleaseResource['app'], 'id'>;
};

export interface LogQuery {
  readonly lines?: number;
  readonly tail?: boolean;
  readonly source?: string;
  readonly dyno?: string;
}

/** What an endpoint is called with. */
type InputOf<E extends Endpoint> = {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: z.input<NonNullable<E['body']>>;
  readonly range?: string;
} & (keyof ParamsOf<E['path']> extends never
  ? { readonly params?: undefined }
  : { readonly params: ParamsOf<E['path']> });

/** The HTTP API, typed. Every method throws ApiError for a refusal and UnreachableError when nobody answers. */
export interface Client {
  readonly url: string;
  /** Calls any endpoint. A list is followed to its end, unless `range` asks for a part of it. */
  call<E extends Endpoint>(
    endpoint: E,
    input: InputOf<E>,
    signal: AbortSignal,
  ): Promise<z.output<E['answer']>>;
  account(signal: AbortSignal): Promise<AccountResource>;
  keys(signal: AbortSignal): Promise<KeyResource[]>;
  addKey(publicKey: string, signal: AbortSignal): Promise<KeyResource>;
  removeKey(id: string, signal: AbortSignal): Promise<KeyResource>;
  apps(signal: AbortSignal): Promise<AppResource[]>;
  app(name: string, signal: AbortSignal): Promise<AppResource>;
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
  /** What happens (`GET /gantry/events`) from a place on, until the server ends the stream. */
  happenings(
    query: Readonly<Record<string, string>>,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ServerEvent, void, undefined>;
  /** The events of a log session, until the server ends the stream. */
  logEvents(
    url: string,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ServerEvent, void, undefined>;
  /** Sends a source to the address that was given for it. */
  send(url: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** The text of an output stream as it comes, until it is complete. */
  output(url: string, signal: AbortSignal): AsyncGenerator<string, void, undefined>;
}

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
    call: (endpoint, input, signal) => callEndpoint(call, options.url, endpoint, input, signal),
    account: (signal) => get(account, '/account', signal),
    keys: (signal) => list(key, '/account/keys', signal),
    addKey: (publicKey, signal) => one(key, 'POST', '/account/keys', { public_key: publicKey }, signal),
    removeKey: (id, signal) => one(key, 'DELETE', `/account/keys/${part(id)}`, undefined, signal),
    apps: (signal) => list(app, '/apps', signal),
    app: (name, signal) => get(app, appPath(name), signal),
    destroyApp: (name, signal) => one(app, 'DELETE', appPath(name), { confirm: name }, signal),
    deployBranch: (name, signal) => get(deployBranch, ownPath(name, 'deploy-branch'), signal),
    setDeployBranch: (name, branch, signal) =>
      one(deployBranch, 'PUT', ownPath(name, 'deploy-branch'), { branch }, signal),
    config: (name, signal) => get(configVars, appPath(name, 'config-vars'), signal),
    async changeConfig(name, change, signal) {
      const path = appPath(name, 'config-vars');
      const answer = await call({ method: 'PATCH', path, body: change }, signal);
      return {
        config: understand(configVars, answer.body, options.url),
        release: madeRelease(name, answer.headers),
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
    async *happenings(query, lastEventId, signal) {
      const search = new URLSearchParams(query).toString();
      const headers = { ...eventStream(lastEventId), authorization: `Bearer ${options.token}` };
      yield* serverEvents(streamText(options, `/gantry/events?${search}`, headers, signal));
    },
    // Its address is its own permission: the token stays here.
    async *logEvents(url, lastEventId, signal) {
      yield* serverEvents(streamText(options, url, eventStream(lastEventId), signal));
    },
    send: (url, content, signal) => sendStream(options, url, content, signal),
    async *output(url, signal) {
      // The server keeps a silent stream open with NUL characters.
      for await (const text of streamText(options, url, {}, signal)) yield text.replaceAll('\0', '');
    },
  };
}

function eventStream(lastEventId: string | undefined): Record<string, string> {
  return {
    accept: 'text/event-stream',
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
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

/** What the headers say of it. An older server tells its number only: then the names that were asked for have to do. */
function madeRelease(app: string, headers: Pick<Headers, 'get'>): MadeRelease | null {
  const version = Number(headers.get('gantry-release') ?? '');
  if (!(version > 0)) return null;
  const id = headers.get('gantry-release-id') ?? `v${version}`;
  return { id, version, app: { id: headers.get('gantry-app-id') ?? app } };
}

/** `{}` stands for nothing, because the Platform API always answers with an object. */
function maybe<T>(schema: z.ZodType<T>): z.ZodType<T | null> {
  return z.union([schema, z.strictObject({}).transform(() => null)]);
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

async function callEndpoint<E extends Endpoint>(
  call: Caller,
  url: string,
  endpoint: E,
  { params, query, body, range }: InputOf<E>,
  signal: AbortSignal,
): Promise<z.output<E['answer']>> {
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
  const path = filled(endpoint.path, params ?? {}) + search;
  const whole = endpoint.ranges !== undefined && range === undefined;
  const answered = whole
    ? await listAll(call, { path, range }, signal)
    : (await call({ method: endpoint.method, path, body, range }, signal)).body;
  // The schema of a described endpoint is of the type that its description says.
  return understand(endpoint.answer as z.ZodType<z.output<E['answer']>>, answered, url);
}

/** The path of an endpoint with its names filled in. */
function filled(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/[:*](\w+)/g, (_, name: string) => part(params[name] ?? ''));
}

/** What the Platform API does not have is under a prefix of our own. */
function ownPath(name: string, ...rest: readonly string[]): string {
  return `/gantry${appPath(name, ...rest)}`;
}

function appPath(name: string, ...rest: readonly string[]): string {
  return ['/apps', ...[name, ...rest].map(part)].join('/');
}
