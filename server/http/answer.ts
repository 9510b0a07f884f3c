import { createHmac } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { withDeadline } from '../../lib/deadline.ts';
import type { Secret } from '../../lib/secret.ts';
import { PlatformError } from '../domain/errors.ts';
import { isRefusal } from './errors.ts';
import type { Actor } from '../domain/actor.ts';
import type { Idempotency } from '../ports/accounts.ts';
import { actorOf, contextOf } from './context.ts';
import { begin, KEEPALIVE_MS, pump, whileOpen } from './pump.ts';
import { pageOf, parseRange, type RangeFields } from './range.ts';
import { Written } from './written.ts';

/** What a route answers with. */
export interface Answer<Body = unknown> {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Body | Written;
  /** Instead of a body: server-sent events, until they end or the client goes away. */
  readonly stream?: {
    readonly begin: string;
    readonly pieces: (signal: AbortSignal) => Promise<AsyncIterable<string>>;
  };
}

type Route = (req: Request, res: Response, signal: AbortSignal) => Promise<Answer>;

/** Clients give up after 60 s; what takes longer answers early with a pending state. */
const DEADLINE_MS = 50_000;

export interface Answering {
  /** A route that changes nothing; given up when the client goes away. */
  readonly read: (route: Route) => RequestHandler;
  /**
   * A route that changes something. It runs to its end even when the client goes away, and a repeated Request-Id
   * gets the first answer again instead of a second change.
   */
  readonly write: (route: Route, options?: WriteOptions) => RequestHandler;
}

interface WriteOptions {
  /** Makes the answer of a repeat again, for one that holds secrets and so is not kept. */
  readonly replay?: Route | undefined;
  /**
   * Whether doing this call twice is the same as doing it once. Of others nobody can tell what a first try did that was
   * cut off by a crash: their repeat is refused with `outcome_unknown`.
   */
  readonly repeatable?: ((req: Request) => boolean) | undefined;
}

export interface AnsweringDeps {
  readonly idempotency: Idempotency;
  /** Keys the fingerprints of calls that are kept with their answers. */
  readonly key: Secret;
  /** Aborts when streams must end. */
  readonly ending: AbortSignal;
  /** Aborts when the door closes for good. */
  readonly closing: AbortSignal;
  /** How often a silent stream is written to. */
  readonly keepAliveMs?: number;
}

/** One call that is to be done once. */
interface Once {
  readonly userId: string;
  readonly requestId: string;
  /** Tells one call from another under the same id. */
  readonly request: string;
  readonly work: () => Promise<Answer>;
  readonly replay: (() => Promise<Answer>) | undefined;
  readonly repeatable: boolean;
}

const keptBody = z.object({ headers: z.record(z.string(), z.string()), body: z.unknown() });

export function createAnswering(deps: AnsweringDeps): Answering {
  const { idempotency, key, closing } = deps;
  // Repeats that arrive while the first call still runs (a client whose connection broke retries at once).
  const running = new Map<string, Promise<Answer>>();

  async function shared(call: Once, signal: AbortSignal): Promise<Answer> {
    const name = `${call.userId} ${call.requestId} ${call.request}`;
    const first = running.get(name);
    if (first !== undefined) return first;
    const promise = remembered(call, signal);
    running.set(name, promise);
    try {
      return await promise;
    } finally {
      running.delete(name);
    }
  }

  async function remembered(call: Once, signal: AbortSignal): Promise<Answer> {
    const { userId, requestId, request } = call;
    const known = await idempotency.begin(userId, requestId, request, signal);
    if (known === 'begun') return first(call, signal);
    if ('unfinished' in known) {
      if (known.unfinished === request && !call.repeatable) throw PlatformError.of('outcome_unknown', {});
      return known.unfinished === request ? first(call, signal) : call.work();
    }
    const kept = keptBody.safeParse(known.body).data;
    // Another call under the same id: there is nothing to replay, so it is simply done.
    if (known.request !== request || kept === undefined) return call.work();
    const again = call.replay === undefined ? kept : await call.replay();
    const headers = { ...kept.headers, 'Idempotent-Replayed': 'true' };
    return { status: known.status, headers, body: again.body };
  }

  async function first(call: Once, signal: AbortSignal): Promise<Answer> {
    const { userId, requestId, request } = call;
    let answer: Answer;
    try {
      answer = await call.work();
    } catch (err) {
      // A refusal has changed nothing, so a later try may succeed. Of any other failure nobody knows.
      if (isRefusal(err)) await idempotency.giveUp(userId, requestId, signal).catch(() => undefined);
      throw err;
    }
    const { status = 200, headers = {} } = answer;
    const body = { headers, body: call.replay === undefined ? answer.body : null };
    await idempotency.finish(userId, requestId, { request, status, body }, signal);
    return answer;
  }

  return {
    read: (route) => async (req, res) => {
      const client = contextOf(res).signal;
      const answer = await withDeadline(DEADLINE_MS, client, (signal) => route(req, res, signal));
      if (answer.stream === undefined) send(res, answer);
      else await sendStream(deps, res, answer.stream);
    },
    write: (route, options) => async (req, res) => {
      const { idempotencyKey: requestId } = contextOf(res);
      const actor = actorOf(res);
      const answer = await withDeadline(DEADLINE_MS, closing, (signal) => {
        const work = (): Promise<Answer> => route(req, res, signal);
        if (requestId === null) return work();
        const again = options?.replay;
        const replay = again && ((): Promise<Answer> => again(req, res, signal));
        const repeatable = options?.repeatable?.(req) ?? false;
        const call = { userId: actor.userId, requestId, request: fingerprint(key, req, actor) };
        return shared({ ...call, work, replay, repeatable }, signal);
      });
      send(res, answer);
    },
  };
}

/** Tells one call from another. With what the caller proved themselves is part of it: what one token was shown is not for another of theirs. */
function fingerprint(key: Secret, req: Request, { credential }: Actor): string {
  const confirmed = req.get('x-confirm') ?? '';
  const how = `${credential?.kind ?? ''} ${credential?.id ?? ''}`;
  const call = `${how}\0${req.method} ${req.originalUrl}\0${confirmed}\0${JSON.stringify(req.body ?? null)}`;
  return createHmac('sha256', key.reveal()).update(call).digest('base64url');
}

async function sendStream(
  { ending, keepAliveMs = KEEPALIVE_MS }: AnsweringDeps,
  res: Response,
  { begin: first, pieces }: NonNullable<Answer['stream']>,
): Promise<void> {
  await whileOpen(contextOf(res).signal, ending, async (signal) => {
    begin(res, 'text/event-stream');
    res.write(first);
    // What ends a stream is told by its end: its client comes again, and then gets its answer.
    const silence = { text: ':keepalive\n\n', everyMs: keepAliveMs };
    await pump(res, untilRefused(await pieces(signal)), silence, signal);
  });
}

/** A right that is gone, or a database that is away, ends a stream as its end does. */
async function* untilRefused(pieces: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  try {
    yield* pieces;
  } catch (err) {
    if (!PlatformError.is(err)) throw err;
  }
}

function send(res: Response, answer: Answer): void {
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.set(name, value);
  res.status(answer.status ?? 200);
  if (!(answer.body instanceof Written)) res.json(answer.body);
  else res.set('ETag', answer.body.etag).type('json').send(answer.body.json);
}

/** Answers with the part of a list that the Range header asks for: 206 when it cuts the list, else 200. */
export function listAnswer<T, R>(
  range: string | undefined,
  items: readonly T[],
  fields: RangeFields<T>,
  shape: (item: T) => R,
): Answer<R[]> {
  const { page, ...answer } = pageAnswer(range, items, fields);
  return { ...answer, body: page.map(shape) };
}

/** As `listAnswer`, of a list that `createLists` writes. */
export function writtenListAnswer<T>(
  range: string | undefined,
  items: readonly T[],
  fields: RangeFields<T>,
  write: (items: readonly T[]) => Written,
): Answer<never> {
  const { page, ...answer } = pageAnswer(range, items, fields);
  return { ...answer, body: write(page) };
}

function pageAnswer<T>(range: string | undefined, items: readonly T[], fields: RangeFields<T>) {
  const names = Object.keys(fields);
  const page = pageOf(items, fields, parseRange(range, names));
  return {
    ...(page.next !== null && { status: 206 }),
    headers: { 'Accept-Ranges': names.join(', '), ...(page.next !== null && { 'Next-Range': page.next }) },
    page: page.items,
  };
}
