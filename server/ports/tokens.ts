import type { Scope } from '../domain/actor.ts';

/** What lets a program in on behalf of a person; the Platform API calls it an OAuth authorization. */
export interface Token {
  readonly id: string;
  readonly userId: string;
  readonly email: string;
  readonly description: string;
  readonly scopes: readonly Scope[];
  /** Made by a login, and ended by a logout. */
  readonly session: boolean;
  /** Where the login came from. */
  readonly ip: string | null;
  /** The networks it may be used from; none: from anywhere. */
  readonly addresses: readonly string[];
  /** Its last characters, to tell one from another. */
  readonly hint: string;
  /** How long it lives after each rotation; null for ever. */
  readonly lifetimeMs: number | null;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type TokenDraft = Omit<Token, 'email' | 'lastUsedAt' | 'updatedAt'> & { readonly hash: string };

/** Tokens of people; those that have expired are not there. Whose they are is part of every question. */
export interface Tokens {
  /**
   * Of an account that is gone nothing is made: undefined. Beside `most` tokens of a person there is room for none, and
   * `too_many_tokens` is thrown; but a login always finds room, in place of the oldest one.
   */
  create(draft: TokenDraft, most: number, signal: AbortSignal): Promise<Token | undefined>;
  /** Oldest first. */
  list(userId: string, signal: AbortSignal): Promise<readonly Token[]>;
  find(userId: string, id: string, signal: AbortSignal): Promise<Token | undefined>;
  describe(userId: string, id: string, description: string, signal: AbortSignal): Promise<Token | undefined>;
  /** From now on another secret opens what this one opened. */
  rotate(
    userId: string,
    id: string,
    fresh: { readonly hash: string; readonly hint: string; readonly expiresAt: Date | null },
    signal: AbortSignal,
  ): Promise<Token | undefined>;
  revoke(userId: string, id: string, signal: AbortSignal): Promise<Token | undefined>;
  /** Notes that it was used now, unless that was noted after `since` already. */
  touch(id: string, since: Date, signal: AbortSignal): Promise<void>;
}
