/** The key with which all that is secret is sealed, and those whose place it took. */
export interface MasterKey {
  /** By name: the current one first, then those that may still be needed for what they sealed. */
  ids(): readonly [string, ...string[]];
  /**
   * Makes a new key the current one; what was sealed before opens all the same. Nothing is sealed with it before it is
   * safely kept. While a former key is needed still it changes nothing.
   */
  renew(): Promise<void>;
  /** Forgets the former keys: what they sealed opens nowhere any more. Idempotent. */
  forgetFormer(): Promise<void>;
}

/** All that is sealed and stored. */
export interface SealedValues {
  /** How many values are sealed with another key than this one. Throws `database_away`. */
  sealedOtherwise(keyId: string, signal: AbortSignal): Promise<number>;
  /**
   * Seals each of them anew, one by one, so that it may be ended anywhere and begun again. Answers how many it did, and
   * how many cannot be opened with any key there is; those stay as they are. Throws `database_away`.
   */
  resealAll(
    keyId: string,
    signal: AbortSignal,
  ): Promise<{ readonly resealed: number; readonly unreadable: number }>;
}
