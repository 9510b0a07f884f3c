import type * as z from 'zod';
import type { Endpoint, ParamsOf } from '../contract/endpoint.ts';
import type { Actor } from '../domain/actor.ts';
import type { Answer } from './answer.ts';

/** One call of an endpoint, read and checked. */
export interface Call<Params = Readonly<Record<string, string>>, Query = unknown, Body = unknown> {
  readonly actor: Actor;
  /** The pieces of the path; each could be the name or id of something. */
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The body as it was sent, for what must be judged name by name. */
  readonly sent: unknown;
  /** The Range header. */
  readonly range: string | undefined;
  header(name: string): string | undefined;
  /** Where the client reached us: `http://api.example.com`. */
  readonly origin: string;
  readonly requestId: string;
  /** How many more calls the caller may make now. */
  readonly callsLeft: number;
  /** The address of the client's machine, as far as it is known. */
  readonly ip: string;
  /** Aborts at the deadline and, for calls that change nothing, when the client goes away. */
  readonly signal: AbortSignal;
}

/** The call of an endpoint, with the types its description gives. */
export type CallOf<E extends Endpoint> = Call<
  ParamsOf<E['path']>,
  z.output<NonNullable<E['query']>>,
  z.output<NonNullable<E['body']>>
>;

/** An endpoint and what answers it. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly handle: (call: Call) => Promise<Answer>;
  readonly options: RouteOptions;
}

interface RouteOptions {
  /** Makes the answer of a repeated write again, for answers that hold secrets and so are not kept. */
  readonly replay?: (call: Call) => Promise<Answer>;
  /**
   * Whether making this call twice is the same as making it once, so that one that was cut off by a crash may simply be
   * made again. Default: of PUT, PATCH and DELETE.
   */
  readonly repeatable?: (sent: unknown) => boolean;
  /** For writes by their method that change nothing: there is nothing to do once. */
  readonly changesNothing?: true;
  /** For reads that are written down as changes are, since what they answer is worth as much: who has seen it is known. */
  readonly tellsSecrets?: true;
}

type Handler<E extends Endpoint> = (call: CallOf<E>) => Promise<Answer<z.input<E['answer']>>>;

/** Ties an endpoint to its handler. The status is the endpoint's, unless the handler says another. */
export function route<E extends Endpoint>(
  endpoint: E,
  handle: Handler<E>,
  options: Omit<RouteOptions, 'replay'> & { readonly replay?: Handler<E> } = {},
): Route {
  // The dispatcher gives a handler what its own endpoint describes: the one place where the types meet.
  return { endpoint, handle, options } as unknown as Route;
}
