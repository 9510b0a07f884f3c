import { createHmac } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { withDeadline } from '../../lib/deadline.ts';
import type { Secret } from '../../lib/secret.ts';
import type { Idempotency } from '../ports/accounts.ts';
import { actorOf, contextOf } from './context.ts';
import { pageOf, parseRange, type RangeFields } from './range.ts';

/** What a route answers with. */
export interface Answer<Body = unknown> {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Body;
}

type Route = (req: Request, res: Response, signal: AbortSignal) => Promise<Answer>;

/** Clients give up after 60 s; what takes longer answers early with a pending state. */
const DEADLINE_MS = 50_000;

export interface Answering {
  /** A route that changes nothing; given up when the client goes away. */
  readonly read: (route: Route) => RequestHandler;
  /**
   * A route that changes something. It runs to its end even when the client goes away, and a repeated Request-Id
   * gets the first answer again instead of a second change. An answer that holds secrets is not kept: `replay` makes it again.
   * The answer is kept after the work: of a process that is killed between the two, the change stays, and a repeat makes it again.
   */
  readonly write: (route: Route, options?: { readonly replay?: Route }) => RequestHandler;
}

export interface AnsweringDeps {
  readonly idempotency: Idempotency;
  /** Keys the fingerprints of calls that are kept with their answers. */
  readonly key: Secret;
  /** Aborts when the door closes for good. */
  readonly closing: AbortSignal;
}

/** One call that is to be done once. */
interface Once {
  readonly userId: string;
  readonly requestId: string;
  /** Tells one call from another under the same id. */
  readonly request: string;
  readonly work: () => Promise<Answer>;
  readonly replay: (() => Promise<Answer>) | undefined;
}

const keptAnswer = z.object({
  request: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown(),
});

export function createAnswering({ idempotency, key, closing }: AnsweringDeps): Answering {
  // Repeats that arrive while the first call still runs (a client whose connection broke retries at once).
  const running = new Map<string, Promise<Answer>>();

  function fingerprint(req: Request): string {
    const call = `${req.method} ${req.path}\0${JSON.stringify(req.body ?? null)}`;
    return createHmac('sha256', key.reveal()).update(call).digest('base64url');
  }

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
    const known = await idempotency.find(call.userId, call.requestId, signal);
    const kept = keptAnswer.safeParse(known?.body).data;
    if (known !== undefined) {
      // Another call under the same id: there is nothing to replay, so it is simply done.
      if (kept?.request !== call.request) return call.work();
      const again = call.replay === undefined ? kept : await call.replay();
      const headers = { ...kept.headers, 'Idempotent-Replayed': 'true' };
      return { status: known.status, headers, body: again.body };
    }
    const answer = await call.work();
    const { status = 200, headers = {} } = answer;
    const body = call.replay === undefined ? answer.body : null;
    await idempotency.remember(
      call.userId,
      call.requestId,
      { status, body: { request: call.request, headers, body } },
      signal,
    );
    return answer;
  }

  return {
    read: (route) => async (req, res) => {
      send(res, await withDeadline(DEADLINE_MS, contextOf(res).signal, (signal) => route(req, res, signal)));
    },
    write: (route, options) => async (req, res) => {
      const { idempotencyKey: requestId } = contextOf(res);
      const { userId } = actorOf(res);
      const answer = await withDeadline(DEADLINE_MS, closing, (signal) => {
        const work = (): Promise<Answer> => route(req, res, signal);
        if (requestId === null) return work();
        const again = options?.replay;
        const replay = again && ((): Promise<Answer> => again(req, res, signal));
        return shared({ userId, requestId, request: fingerprint(req), work, replay }, signal);
      });
      send(res, answer);
    },
  };
}

function send(res: Response, answer: Answer): void {
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.set(name, value);
  res.status(answer.status ?? 200).json(answer.body);
}

/** Answers with the part of a list that the Range header asks for: 206 when it cuts the list, else 200. */
export function listAnswer<T, R>(
  range: string | undefined,
  items: readonly T[],
  fields: RangeFields<T>,
  shape: (item: T) => R,
): Answer<R[]> {
  const names = Object.keys(fields);
  const page = pageOf(items, fields, parseRange(range, names));
  return {
    ...(page.next !== null && { status: 206 }),
    headers: { 'Accept-Ranges': names.join(', '), ...(page.next !== null && { 'Next-Range': page.next }) },
    body: page.items.map(shape),
  };
}
