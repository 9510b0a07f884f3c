import type { Response } from 'express';
import { ZodError } from 'zod';
import type { KnownError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { problemOf } from '../../lib/zod-problem.ts';
import type { FailureResource } from '../contract/resources.ts';
import { PlatformError } from '../domain/errors.ts';
import { contextOf } from './context.ts';
import { NO_OBJECT } from './json-body.ts';

type ErrorId = (typeof PlatformError.ids)[number];

/** The one place where a failure gets its HTTP status; docs/errors.md shows it. */
export const STATUS: Readonly<Record<ErrorId, number>> = {
  bad_request: 400,
  not_acceptable: 406,
  request_timeout: 408,
  head_too_large: 431,
  body_too_large: 413,
  method_unknown: 501,
  expectation_failed: 417,
  unauthorized: 401,
  login_failed: 401,
  two_factor: 403,
  forbidden: 403,
  forbidden_platform: 403,
  app_locked: 403,
  forbidden_team: 403,
  not_in_team: 403,
  forbidden_pipeline: 403,
  forbidden_transfer: 403,
  role_too_high: 403,
  scope_too_small: 403,
  forbidden_address: 403,
  token_bound: 403,
  not_found: 404,
  invitation_over: 404,
  login_request_over: 404,
  process_type_not_found: 404,
  instance_not_found: 404,
  app_changed: 409,
  outcome_unknown: 409,
  build_superseded: 409,
  deploy_in_progress: 409,
  pipeline_promoting: 409,
  fenced: 409,
  invalid_params: 422,
  two_factor_on: 422,
  two_factor_off: 422,
  email_taken: 422,
  user_owns_apps: 422,
  last_admin: 422,
  name_taken: 422,
  key_taken: 422,
  domain_taken: 422,
  too_many_domains: 422,
  too_many_certificates: 422,
  user_unknown: 422,
  team_needs_admin: 422,
  team_not_empty: 422,
  app_coupled: 422,
  transfer_over: 422,
  nothing_changed: 422,
  not_offered: 422,
  too_many_instances: 422,
  nothing_to_promote: 422,
  nothing_to_run: 422,
  too_many_runs: 429,
  release_command_not_scalable: 422,
  no_rollback_target: 422,
  image_collected: 422,
  networks_used_up: 422,
  config_too_large: 422,
  push_refused: 422,
  source_refused: 422,
  start_refused: 422,
  upload_missing: 422,
  upload_too_large: 413,
  checksum_wrong: 422,
  build_over: 422,
  slug_refused: 422,
  feature_fixed: 422,
  confirmation_required: 423,
  rate_limit: 429,
  too_many_tokens: 422,
  too_many_webhooks: 422,
  too_many_drains: 422,
  egress_refused: 422,
  egress_failed: 503,
  too_many_streams: 429,
  uploads_full: 429,
  login_locked: 429,
  too_many_git_commands: 429,
  git_too_slow: 408,
  internal_error: 500,
  builder_away: 503,
  restarting: 503,
  logins_busy: 503,
  router_away: 503,
  engine_away: 503,
  database_away: 503,
  config_unreadable: 500,
  image_missing: 503,
  copy_failed: 503,
  start_failed: 503,
  database_newer: 503,
  database_of_another: 503,
  database_lost: 503,
  database_not_empty: 503,
  dump_tool_unfit: 503,
};

/**
 * How many seconds those who are told to come back later had better wait, of failures that know (S-API-08): a token
 * gets a call back in less than a second, and the others last as long as what somebody else does.
 */
const RETRY_AFTER_S: Partial<Readonly<Record<ErrorId, number>>> = {
  rate_limit: 1,
  too_many_git_commands: 5,
  logins_busy: 5,
  restarting: 5,
  too_many_streams: 30,
  too_many_runs: 60,
  uploads_full: 60,
};

function retryAfter({ id, params }: KnownError): number | undefined {
  if (id === 'login_locked') return Number(params['minutes']) * 60;
  return isErrorId(id) ? RETRY_AFTER_S[id] : undefined;
}

/** Answers with the failure. What is not a row of the error table is a bug: logged in full, told in one sentence. */
export function sendFailure(log: Logger, err: unknown, res: Response): void {
  const context = contextOf(res);
  const known = asKnown(err);
  // Whoever went away is not told, and their going is no fault of ours.
  if (context.signal.aborted) {
    res.destroy();
    return;
  }
  if (known === undefined) {
    log.error({ err, request_id: context.requestId, method: res.req.method }, 'request failed unexpectedly');
  }
  // An answer that has begun cannot become another one.
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const told = known ?? PlatformError.of('internal_error', {});
  const resource = resourceOf(told);
  const body: FailureResource = {
    id: told.id,
    message: told.message,
    ...(resource !== undefined && { resource }),
    retry: told.retry,
    request_id: context.requestId,
  };
  if (told.id === 'unauthorized') res.set('WWW-Authenticate', 'Basic realm="Gantry"');
  const seconds = retryAfter(told);
  if (seconds !== undefined) res.set('Retry-After', String(seconds));
  res.status(statusOf(told)).json(body);
}

/** The status of a failure; a row of another table is none of the client's making. */
export function statusOf({ id }: KnownError): number {
  return isErrorId(id) ? STATUS[id] : 500;
}

function resourceOf(err: KnownError): string | undefined {
  if (err.id === 'process_type_not_found') return 'formation';
  if (err.id === 'instance_not_found') return 'dyno';
  return typeof err.params['resource'] === 'string' ? err.params['resource'] : undefined;
}

function asKnown(err: unknown): KnownError | undefined {
  if (PlatformError.is(err)) return err;
  if (err instanceof ZodError) return invalid(err);
  // express and its body parser throw errors that carry a status of the client's fault
  if (err instanceof Error && 'status' in err && typeof err.status === 'number' && err.status < 500) {
    if (typeOf(err) === 'entity.too.large') return PlatformError.of('body_too_large', {}, err);
    const undecoded =
      err instanceof URIError ? 'its path is not percent-encoded as UTF-8' : 'it is malformed';
    return PlatformError.of('bad_request', { problem: PROBLEMS[typeOf(err)] ?? undecoded }, err);
  }
  return undefined;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  'entity.parse.failed': NO_OBJECT,
  'encoding.unsupported': 'compressed bodies are not accepted',
  'charset.unsupported': 'its body is not in UTF-8',
  'request.aborted': 'its body ended too early',
  'request.size.invalid': 'its body is not as long as it said',
};

function typeOf(err: Error): string {
  return 'type' in err && typeof err.type === 'string' ? err.type : '';
}

function invalid(err: ZodError): KnownError {
  const issue = err.issues[0];
  if (issue === undefined)
    return PlatformError.of('invalid_params', { field: 'The body', problem: 'is not as expected' });
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const field = path.length === 0 ? 'The body' : path.map(String).join('.').slice(0, 100);
  return PlatformError.of('invalid_params', { field, problem: problemOf(issue) });
}

/** True for a call of which something is not as it must be, whoever makes it. */
export function isInvalid(err: unknown): boolean {
  return asKnown(err)?.id === 'invalid_params';
}

/** True for a failure that is the caller's: nothing was done. */
export function isRefusal(err: unknown): boolean {
  const known = asKnown(err);
  return known !== undefined && isErrorId(known.id) && STATUS[known.id] < 500;
}

function isErrorId(id: string): id is ErrorId {
  return id in STATUS;
}
