import type { Actor } from '../domain/actor.ts';

export interface Key {
  readonly id: string;
  readonly userId: string;
  readonly email: string;
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly comment: string;
  readonly createdAt: Date;
}

/** What a person is told of themselves. */
export interface Account {
  readonly id: string;
  readonly email: string;
  readonly name: string | null;
  readonly admin: boolean;
  readonly twoFactor: boolean;
  readonly lastLoginAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Accounts {
  /** Makes the first admin with this token's hash unless any user exists; true when it did. */
  createFirstAdmin(email: string, tokenHash: string, signal: AbortSignal): Promise<boolean>;
  findByTokenHash(hash: string, signal: AbortSignal): Promise<Actor | undefined>;
  findByKeyFingerprint(fingerprint: string, signal: AbortSignal): Promise<Actor | undefined>;
  /** The actor as they are now; undefined when they, or what they proved themselves with, are gone. */
  renew(actor: Actor, signal: AbortSignal): Promise<Actor | undefined>;
  findAccount(userId: string, signal: AbortSignal): Promise<Account | undefined>;
  setName(userId: string, name: string | null, signal: AbortSignal): Promise<Account | undefined>;
  /** Throws `key_taken` when the fingerprint is registered already, to anyone. */
  addKey(key: Omit<Key, 'email'>, signal: AbortSignal): Promise<Key>;
  listKeys(userId: string, signal: AbortSignal): Promise<readonly Key[]>;
  /** True when there was such a key of this user. */
  removeKey(userId: string, idOrFingerprint: string, signal: AbortSignal): Promise<boolean>;
}

/** The answer of a finished call; `request` tells which call it was. */
interface KeptAnswer {
  readonly request: string;
  readonly status: number;
  readonly body: unknown;
}

/**
 * Calls that are done once, by the caller's request id: kept before the work, so that a repeat after a crash knows that
 * something was begun. Kept for a day.
 */
export interface Idempotency {
  /**
   * Claims the id for a call. `begun`: it is new, and the caller's to do. `unfinished`: it was begun and never ended.
   * Otherwise what it was answered with. Another call under the same id is told by its `request`.
   */
  begin(
    userId: string,
    requestId: string,
    request: string,
    signal: AbortSignal,
  ): Promise<'begun' | { readonly unfinished: string } | KeptAnswer>;
  /** Keeps the answer; the first one stays. */
  finish(userId: string, requestId: string, answer: KeptAnswer, signal: AbortSignal): Promise<void>;
  /** Gives the id up again: the call was refused, so nothing was done. A finished call stays. */
  giveUp(userId: string, requestId: string, signal: AbortSignal): Promise<void>;
}
