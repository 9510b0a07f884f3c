/** A request that leaves the platform because a user said so. */
export interface EgressRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Calls what users name. A name is resolved once and every address of it is judged; the address that was judged is the
 * one that is dialled. Redirects are not followed. Bounded in time and in what is read of the answer.
 */
export interface Egress {
  /** POSTs and answers the status. Throws `egress_refused` for a target that may not be called, `egress_failed` otherwise. */
  post(request: EgressRequest, signal: AbortSignal): Promise<number>;
}
