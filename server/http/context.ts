import type { Response } from 'express';
import type { Actor } from '../domain/actor.ts';

/** What is known about a request while it is answered. */
export interface RequestContext {
  readonly requestId: string;
  /** The client's own id, if it gave one: the key under which a write is done once. */
  readonly idempotencyKey: string | null;
  /** Aborts when the client goes away or the door closes. */
  readonly signal: AbortSignal;
  /** Set by authentication. */
  readonly actor?: Actor;
  /** How many more calls the actor may make now. */
  readonly callsLeft?: number;
}

// Keyed by the response, so that no property of express' objects is borrowed without a type.
const contexts = new WeakMap<Response, RequestContext>();

export function setContext(res: Response, context: RequestContext): void {
  contexts.set(res, context);
}

export function contextOf(res: Response): RequestContext {
  const context = contexts.get(res);
  if (context === undefined) throw new Error('a request reached a handler before it got its context');
  return context;
}

/** Who asks; a route that is reached without authentication is a bug here, not a refusal. */
export function actorOf(res: Response): Actor {
  const { actor } = contextOf(res);
  if (actor === undefined) throw new Error('a route that needs an actor stands before authentication');
  return actor;
}

const REQUEST_ID = /^[A-Za-z0-9_-]{8,128}$/;

/** The first id of a Request-Id header (clients append the ids of earlier calls); null when there is no usable one. */
export function firstRequestId(header: string | undefined): string | null {
  const first = header?.split(',', 1)[0]?.trim() ?? '';
  return REQUEST_ID.test(first) ? first : null;
}
