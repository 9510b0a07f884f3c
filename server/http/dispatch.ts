import { randomInt } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import * as z from 'zod';
import { pause } from '../../lib/deadline.ts';
import { segments, type Endpoint } from '../contract/endpoint.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Answer, Answering } from './answer.ts';
import { actorOf, contextOf } from './context.ts';
import { isInvalid } from './errors.ts';
import { originOf } from './links.ts';
import type { Call, Route } from './route.ts';
import type { Services } from './services.ts';
import { NAME, subjectOf } from './subject.ts';
import { Written } from './written.ts';

export interface DispatchDeps {
  readonly answering: Answering;
  readonly audit: Pick<Services['audit'], 'around'>;
  readonly permits: Services['permits'];
  /** How long a change waits for a deployment that is under way, before it is refused; in milliseconds. */
  readonly holdMs: number;
  /** The host in links when the client named none that can be one. */
  readonly apiHost: string;
  /** Refuses an answer that is not what its endpoint says: for tests, as it costs time. */
  readonly checkAnswers?: boolean;
}

const NO_BODY = z.strictObject({ confirm: z.string().optional() });

/**
 * Serves an endpoint: reads the call, hands it to the route's handler, and answers. Whatever may change something, or tells
 * secrets, goes through the audit trail here, so that no endpoint can forget it.
 */
export function dispatch(
  route: Route,
  { answering, audit, permits, apiHost, checkAnswers, holdMs }: DispatchDeps,
): RequestHandler {
  const { endpoint, handle, options } = route;
  const changes = endpoint.method !== 'GET' && options.changesNothing !== true;
  const audited: Route['handle'] = (call) => {
    const { actor, ip, requestId, params } = call;
    const action = `${endpoint.method} ${endpoint.path}`;
    const entry = { actor, ip, requestId, action, target: params, door: 'api' as const };
    return audit.around(entry, () => held(() => handle(call), holdMs, call.signal), call.signal);
  };
  const work =
    (handler: Route['handle']) =>
    async (req: Request, res: Response, signal: AbortSignal): Promise<Answer> => {
      const answer = await permittedFirst(
        async () => handler(readCall(endpoint, apiHost, req, res, signal)),
        () => permits.check(actorOf(res), endpoint.needs, subjectOf(readParams(req), req.body), signal),
      );
      if (checkAnswers === true) mustFit(endpoint, answer.body);
      return { ...answer, status: answer.status ?? endpoint.status ?? 200 };
    };
  // What nobody in particular asks cannot be told from another's repeat of it.
  const anonymous = endpoint.needs === 'open' || endpoint.needs === 'link';
  if (!changes) return answering.read(work(options.tellsSecrets === true ? audited : handle));
  if (anonymous) return answering.read(work(audited));
  return answering.write(work(audited), {
    replay: options.replay && work(options.replay),
    repeatable: (req) => options.repeatable?.(req.body) ?? endpoint.method !== 'POST',
  });
}

/**
 * Tells nobody what is wrong with a call that they may not make: that would say what is there, and what might work. Use
 * cases ask about the right first of all; this is for what is found wrong before there is one.
 */
async function permittedFirst<T>(work: () => Promise<T>, check: () => Promise<void>): Promise<T> {
  try {
    return await work();
  } catch (err) {
    if (isInvalid(err)) await check();
    throw err;
  }
}

/**
 * Clients of the Platform API change one thing right after another, or several at once, and none of them tries again
 * because a deployment is under way or somebody else was faster. What was refused for that has changed nothing, so it is
 * simply asked again until its turn has come.
 */
async function held<T>(work: () => Promise<T>, holdMs: number, signal: AbortSignal): Promise<T> {
  const until = performance.now() + holdMs;
  for (;;) {
    try {
      return await work();
    } catch (err) {
      const again = turnMs(err);
      if (again === null || performance.now() >= until) throw err;
      await pause(again, signal);
    }
  }
}

/** After how long it is worth asking again; null when it is not. Who collided comes back at different times. */
function turnMs(err: unknown): number | null {
  if (PlatformError.is(err, 'deploy_in_progress')) return 250;
  if (PlatformError.is(err, 'app_changed')) return randomInt(5, 50);
  return null;
}

function readCall(
  endpoint: Endpoint,
  apiHost: string,
  req: Request,
  res: Response,
  signal: AbortSignal,
): Call {
  const { requestId, callsLeft = 0 } = contextOf(res);
  return {
    actor: actorOf(res),
    params: readParams(req),
    query: endpoint.query?.parse(req.query) ?? {},
    body: (endpoint.body ?? NO_BODY).parse(req.body ?? {}),
    sent: req.body as unknown,
    range: req.headers.range,
    header: (name) => req.get(name),
    origin: originOf(req, apiHost),
    requestId,
    callsLeft,
    ip: req.ip ?? '',
    signal,
  };
}

/** As it was written, without what could do something to a terminal or a log. */
function shown(text: string): string {
  return Array.from(text.replace(/[\p{C}\p{Z}]/gu, '?'))
    .slice(0, 100)
    .join('');
}

/** What cannot be the name or id of anything is not found, before it reaches a service. */
function readParams(req: Request): Record<string, string> {
  const read = Object.entries(req.params).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join('/') : value;
    if (NAME.test(text)) return [name, text] as const;
    throw PlatformError.of('not_found', {
      resource: name,
      name: shown(text),
    });
  });
  return Object.fromEntries(read);
}

/** A bug of ours: an answer that its endpoint does not describe. What is not described is left out by clients. */
function mustFit(endpoint: Endpoint, answer: unknown): void {
  const body: unknown = answer instanceof Written ? JSON.parse(answer.json.toString()) : answer;
  const parsed = endpoint.answer.parse(body);
  const [said, sent] = [parsed, body].map((value) => JSON.stringify(sorted(value)));
  if (said !== sent)
    throw new Error(
      `${endpoint.method} ${endpoint.path} answers with what it does not describe: ${String(sent)}`,
    );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, sorted(one)]);
}

/** Routes in an order in which a name is never taken for a parameter: `/users/~/apps` before `/users/:user/apps`. */
export function inOrder(routes: readonly Route[]): readonly Route[] {
  const rank = (part: string | undefined): number => {
    if (part === undefined) return -1;
    return part.startsWith('*') ? 2 : Number(part.startsWith(':'));
  };
  return [...routes].sort((a, b) => {
    const [left, right] = [segments(a.endpoint.path), segments(b.endpoint.path)];
    for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
      const difference = rank(left[i]) - rank(right[i]);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}
