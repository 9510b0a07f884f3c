/** A request that leaves the platform because a user said so. */
export interface EgressRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Calls what users name. A name is resolved once and every address of it is judged; the address that was judged is the
 * one that is dialled. Bounded in time and in what is read of the answer.
 */
export interface Egress {
  /**
   * Throws `egress_refused` for what can never be called, whoever asks for its addresses: a host that is literally an
   * address which may not be called, and port 0. What a name leads to is judged when it is called.
   */
  check(host: string, port: number): void;
  /**
   * POSTs and answers the status; follows no redirects. Throws `egress_refused` for a target that may not be called,
   * `egress_failed` otherwise.
   */
  post(request: EgressRequest, signal: AbortSignal): Promise<number>;
  /**
   * GETs, and hands what comes to `take`, whose answer it answers. Each redirect is judged as the first address was, and
   * none leads from https to http. More than `bytes` are not read. Throws as `post`; what `take` throws it lets pass.
   */
  fetch<T>(
    request: { readonly url: string; readonly bytes: number },
    take: (content: AsyncIterable<Uint8Array>) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
}
