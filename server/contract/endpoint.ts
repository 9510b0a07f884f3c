import type * as z from 'zod';

/**
 * What a caller must be allowed to call an endpoint; declared with every endpoint, kept by the services, and proved by
 * the matrix test of all endpoints and all kinds of callers.
 *
 * - `open`: nobody needs to be known · `link`: whoever has the link, which is a secret
 * - `identity`: anybody who is known, by whatever token · `platform:read`: the same, about what the platform offers
 * - `self:read`, `self:write`: one's own account, so a token that is good for everything
 * - `apps:list`: whatever of them the caller may view · `apps:create`
 * - `teams:list`: those the caller is in · `teams:create`
 * - `pipelines:list`: those the caller may see something of · `pipelines:create`
 * - `pipeline:…`: the right to look at, to change, to destroy or to give away the pipeline of the path, or of the body;
 *   `pipeline:couple` is to change it and to operate the app
 * - `app:…`: a role on the app of the path, or of the body; `app:secrets` is to read config vars, `app:configure` to change them,
 *   `app:run` to run commands where they are, `app:share` to say what others may do with it, `app:give` to give it away
 * - `team:…`: a role in the team of the path
 * - `platform:admin`: an administrator of the platform
 */
export const NEEDS = [
  'open',
  'link',
  'identity',
  'platform:read',
  'platform:admin',
  'self:read',
  'self:write',
  'apps:list',
  'apps:create',
  'teams:list',
  'teams:create',
  'pipelines:list',
  'pipelines:create',
  'pipeline:view',
  'pipeline:manage',
  'pipeline:admin',
  'pipeline:give',
  'pipeline:couple',
  'app:view',
  'app:secrets',
  'app:configure',
  'app:run',
  'app:deploy',
  'app:operate',
  'app:manage',
  'app:share',
  'app:admin',
  'app:give',
  'team:view',
  'team:admin',
] as const;
export type Need = (typeof NEEDS)[number];

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The names in a path: `app` and `domain` of `/apps/:app/domains/:domain`. `*rest` is one that may hold slashes. */
type ParamNames<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamNames<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : Path extends `${string}*${infer Name}`
      ? Name
      : never;

export type ParamsOf<Path extends string> = Readonly<Record<ParamNames<Path>, string>>;

/** One call of the HTTP API, described: the server serves it, clients make it, the documentation shows it. */
export interface Endpoint<
  Path extends string = string,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  readonly method: Method;
  /** `/apps/:app`; what the Platform API does not have is under `/gantry`. */
  readonly path: Path;
  /** What it does, as the documentation says it: `list the apps the caller may view`. */
  readonly summary: string;
  readonly needs: Need;
  /** Default 200; what a call that worked answers with. */
  readonly status?: 201 | 202;
  readonly query?: Query;
  /** Default: an object in which only `confirm` may be given, as clients repeat a refused call with it. */
  readonly body?: Body;
  readonly answer: Answer;
  /** It answers with a stream of events instead, for as long as the client listens. */
  readonly streams?: 'text/event-stream';
  /** Of a list: the fields by which a Range header may order and cut it, the usual one first. */
  readonly ranges?: readonly string[];
}

/** Describes an endpoint; exists so that the types of its parts are kept. */
export function endpoint<
  const Path extends string,
  Answer extends z.ZodType,
  Query extends z.ZodType = z.ZodType<Readonly<Record<string, never>>>,
  Body extends z.ZodType = z.ZodType<{ readonly confirm?: string | undefined }>,
>(described: Endpoint<Path, Query, Body, Answer>): Endpoint<Path, Query, Body, Answer> {
  return described;
}

/** The parts of a path: `['apps', ':app']`. */
export function segments(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}
