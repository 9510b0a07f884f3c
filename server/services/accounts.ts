import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { networks } from '../../lib/networks.ts';
import { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { parsePublicKey } from '../domain/ssh-key.ts';
import type { Account, Accounts as AccountStore, Key } from '../ports/accounts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Tokens } from '../ports/tokens.ts';
import { needAnywhere, needGlobal } from './reach.ts';

export interface Accounts {
  /**
   * Throws `unauthorized` for a token that is unknown, expired or not a token at all, `forbidden_address` for one that may
   * not be used from this address.
   */
  authenticate(token: string, address: string, signal: AbortSignal): Promise<Actor>;
  /** Undefined for a key nobody has registered. */
  authenticateKey(fingerprint: string, signal: AbortSignal): Promise<Actor | undefined>;
  /** The actor as they are now. Throws `unauthorized` when they, or what they proved themselves with, are gone. */
  renew(actor: Actor, signal: AbortSignal): Promise<Actor>;
  me(actor: Actor, signal: AbortSignal): Promise<Account>;
  /** Undefined: it stays what it is. */
  setName(actor: Actor, name: string | null | undefined, signal: AbortSignal): Promise<Account>;
  /** Registers one OpenSSH public key. Throws `invalid_params`, `key_taken`. */
  addKey(actor: Actor, publicKey: string, signal: AbortSignal): Promise<Key>;
  keys(actor: Actor, signal: AbortSignal): Promise<readonly Key[]>;
  removeKey(actor: Actor, idOrFingerprint: string, signal: AbortSignal): Promise<Key>;
  /** Makes the first admin, who has this token, unless there is any user; true when it did. */
  welcomeAdmin(email: string, token: Secret, signal: AbortSignal): Promise<boolean>;
}

/** A token is 256 random bits behind a prefix that secret scanners can recognise; only its hash is kept. */
const TOKEN_FORM = /^gantry_[A-Za-z0-9_-]{43}$/;

/** That a token is used is noted at most so often. */
const NOTED_EVERY_MS = 60_000;

export interface AccountsDeps {
  readonly store: AccountStore;
  readonly tokens: Pick<Tokens, 'touch'>;
  readonly clock: Clock;
}

export function createAccounts({ store, tokens, clock }: AccountsDeps): Accounts {
  const noted = new Map<string, number>();

  async function noteUse({ credential }: Actor, signal: AbortSignal): Promise<void> {
    if (credential?.kind !== 'token') return;
    const now = clock.now().getTime();
    if ((noted.get(credential.id) ?? -Infinity) > now - NOTED_EVERY_MS) return;
    if (noted.size > 10_000) noted.clear(); // costs a write each, no more
    noted.set(credential.id, now);
    await tokens.touch(credential.id, new Date(now - NOTED_EVERY_MS), signal);
  }

  return {
    async authenticate(token, address, signal) {
      const actor = TOKEN_FORM.test(token)
        ? await store.findByTokenHash(hashToken(token), signal)
        : undefined;
      if (!actor) throw PlatformError.of('unauthorized', {});
      mustBeBoundTo(actor, address);
      await noteUse(actor, signal);
      return actor;
    },

    async renew(actor, signal) {
      const now = await store.renew(actor, signal);
      if (!now) throw PlatformError.of('unauthorized', {});
      return now;
    },

    authenticateKey: (fingerprint, signal) => store.findByKeyFingerprint(fingerprint, signal),

    async me(actor, signal) {
      const account = await store.findAccount(actor.userId, signal);
      if (!account) throw PlatformError.of('unauthorized', {});
      return account;
    },

    async setName(actor, name, signal) {
      needGlobal(actor, 'changing the account');
      const account = await renamed(store, actor.userId, name, signal);
      if (!account) throw PlatformError.of('unauthorized', {});
      return account;
    },

    async addKey(actor, publicKey, signal) {
      needGlobal(actor, 'changing SSH keys');
      needAnywhere(actor, 'a key');
      const key = readKey(publicKey);
      return store.addKey(
        {
          id: randomUUID(),
          userId: actor.userId,
          fingerprint: key.fingerprint,
          publicKey: key.line,
          comment: key.comment,
          createdAt: clock.now(),
        },
        signal,
      );
    },

    async keys(actor, signal) {
      needGlobal(actor, 'listing SSH keys');
      return store.listKeys(actor.userId, signal);
    },

    async removeKey(actor, idOrFingerprint, signal) {
      needGlobal(actor, 'changing SSH keys');
      const mine = await store.listKeys(actor.userId, signal);
      const key = mine.find((k) => [k.id, k.fingerprint, k.comment].includes(idOrFingerprint));
      if (!key || !(await store.removeKey(actor.userId, key.id, signal))) {
        throw PlatformError.of('not_found', { resource: 'key', name: idOrFingerprint.slice(0, 100) });
      }
      return key;
    },

    welcomeAdmin: (email, token, signal) => store.createFirstAdmin(email, hashToken(token.reveal()), signal),
  };
}

function readKey(text: string): Exclude<ReturnType<typeof parsePublicKey>, string> {
  const key = parsePublicKey(text);
  if (typeof key === 'string') throw PlatformError.of('invalid_params', { field: 'The key', problem: key });
  return key;
}

function mustBeBoundTo({ credential }: Actor, address: string): void {
  const bound = credential?.addresses;
  if (bound && !networks(bound)(address)) throw PlatformError.of('forbidden_address', { address });
}

/** A token nobody has yet. */
export function newToken(): Secret {
  return new Secret(`gantry_${randomBytes(32).toString('base64url')}`);
}

/** All that is kept of a token, a link or a code: with 80 random bits or more, guessing is no way back. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function renamed(
  store: AccountStore,
  userId: string,
  name: string | null | undefined,
  signal: AbortSignal,
): ReturnType<AccountStore['findAccount']> {
  return name === undefined ? store.findAccount(userId, signal) : store.setName(userId, name, signal);
}
