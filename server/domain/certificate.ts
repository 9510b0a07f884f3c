/** A certificate that somebody brought for hosts of an app. Its private key is in the store, sealed, and in the router. */
export interface Certificate {
  readonly id: string;
  readonly appId: string;
  readonly name: string;
  /** PEM, the leaf first. */
  readonly chain: string;
  /** Names chain and key together, to the router. */
  readonly digest: string;
  /** Ids of the domains whose visitors are shown it. */
  readonly domains: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** More than an app has use for; a bound on what each look at it costs. */
export const MOST_CERTIFICATES = 100;
