import type { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import type { Account } from './accounts.ts';

/** Somebody who has an account, as administrators see them. */
export interface Person extends Account {
  readonly hasPassword: boolean;
  /** Until when their invitation can be accepted; null without one. */
  readonly invitedUntil: Date | null;
}

/** What a login is checked against. */
export interface LoginRecord {
  readonly actor: Actor;
  /** The hash of the password; null for whoever has none. */
  readonly password: string | null;
  /** The key of the second factor, which is asked for when there is one. */
  readonly totp: Secret | null;
  /** The key that is to become it, once a code has proved it. */
  readonly totpPending: Secret | null;
  readonly recoveryCodes: number;
}

export interface Invitation {
  readonly hash: string;
  readonly expiresAt: Date;
}

/** People and how they log in. Those who were removed are not there. */
export interface People {
  /** By email. */
  list(signal: AbortSignal): Promise<readonly Person[]>;
  /** By id or email. */
  find(idOrEmail: string, signal: AbortSignal): Promise<Person | undefined>;
  /** Throws `email_taken`. */
  invite(
    person: { readonly id: string; readonly email: string; readonly admin: boolean },
    invitation: Invitation,
    signal: AbortSignal,
  ): Promise<Person>;
  /** Another invitation in place of an earlier one. */
  inviteAgain(userId: string, invitation: Invitation, signal: AbortSignal): Promise<Person | undefined>;
  /** Whose invitation this is, while it can be accepted. */
  findInvited(invitationHash: string, signal: AbortSignal): Promise<Person | undefined>;
  /** Sets the password, uses the invitation up and ends every session; undefined when it is over. */
  accept(invitationHash: string, password: string, signal: AbortSignal): Promise<Person | undefined>;
  /** Throws `last_admin`. */
  setAdmin(
    userId: string,
    rank: { readonly admin: boolean },
    signal: AbortSignal,
  ): Promise<Person | undefined>;
  /** What they made keeps their name; all they held is revoked. Throws `user_owns_apps`, `last_admin`. */
  remove(userId: string, signal: AbortSignal): Promise<Person | undefined>;

  findLogin(idOrEmail: string, signal: AbortSignal): Promise<LoginRecord | undefined>;
  noteLogin(userId: string, signal: AbortSignal): Promise<void>;
  /** Ends every session but the one of `keep`. */
  setPassword(
    userId: string,
    password: string,
    keep: { readonly tokenId: string | null },
    signal: AbortSignal,
  ): Promise<void>;

  /** Notes a key that is to become the second factor. */
  beginTotp(userId: string, key: Secret, signal: AbortSignal): Promise<void>;
  /** The pending key becomes the second factor, with these codes for when it is lost; false when none was pending. */
  confirmTotp(
    userId: string,
    proof: { readonly step: number; readonly recoveryHashes: readonly string[] },
    signal: AbortSignal,
  ): Promise<boolean>;
  /** True for the first who uses this or a later time step. */
  useTotpStep(userId: string, step: number, signal: AbortSignal): Promise<boolean>;
  /** True for the first who uses it. */
  useRecoveryCode(userId: string, hash: string, signal: AbortSignal): Promise<boolean>;
  clearTotp(userId: string, signal: AbortSignal): Promise<void>;
}
