import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { parsePublicKey } from '../domain/ssh-key.ts';
import type { Accounts as AccountStore, Key } from '../ports/accounts.ts';
import type { Clock } from '../ports/clock.ts';
import { needGlobal } from './reach.ts';

export interface Accounts {
  /** Throws `unauthorized` for a token that is unknown, expired or not a token at all. */
  authenticate(token: string, signal: AbortSignal): Promise<Actor>;
  /** Undefined for a key nobody has registered. */
  authenticateKey(fingerprint: string, signal: AbortSignal): Promise<Actor | undefined>;
  me(
    actor: Actor,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly email: string; readonly createdAt: Date }>;
  /** Registers one OpenSSH public key. Throws `invalid_params`, `key_taken`. */
  addKey(actor: Actor, publicKey: string, signal: AbortSignal): Promise<Key>;
  keys(actor: Actor, signal: AbortSignal): Promise<readonly Key[]>;
  removeKey(actor: Actor, idOrFingerprint: string, signal: AbortSignal): Promise<Key>;
  /** Makes the first admin, who has this token, unless there is any user; true when it did. */
  welcomeAdmin(email: string, token: Secret, signal: AbortSignal): Promise<boolean>;
}

/** A token is 256 random bits behind a prefix that secret scanners can recognise; only its hash is kept. */
const TOKEN_FORM = /^gantry_[A-Za-z0-9_-]{43}$/;

export function createAccounts({ store, clock }: { store: AccountStore; clock: Clock }): Accounts {
  return {
    async authenticate(token, signal) {
      const actor = TOKEN_FORM.test(token)
        ? await store.findByTokenHash(hashToken(token), signal)
        : undefined;
      if (!actor) throw PlatformError.of('unauthorized', {});
      return actor;
    },

    authenticateKey: (fingerprint, signal) => store.findByKeyFingerprint(fingerprint, signal),

    async me(actor, signal) {
      const account = await store.findAccount(actor.userId, signal);
      if (!account) throw PlatformError.of('unauthorized', {});
      return account;
    },

    async addKey(actor, publicKey, signal) {
      needGlobal(actor, 'changing SSH keys');
      const key = parsePublicKey(publicKey);
      if (typeof key === 'string')
        throw PlatformError.of('invalid_params', { field: 'The key', problem: key });
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

/** A token nobody has yet. */
export function newToken(): Secret {
  return new Secret(`gantry_${randomBytes(32).toString('base64url')}`);
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
