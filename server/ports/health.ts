/** Asks one instance directly whether it is ready: connects, or requests a path and wants 2xx–3xx. */
export interface Health {
  /** Never throws for an unhealthy instance; `reason` completes "it is not ready: …". */
  check(
    target: {
      readonly address: string;
      readonly port: number;
      readonly path: string | null;
      readonly host: string;
    },
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly ready: true } | { readonly ready: false; readonly reason: string }>;
}
