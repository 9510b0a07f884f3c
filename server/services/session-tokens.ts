import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Secret } from '../../lib/secret.ts';
import type { Accounts } from './accounts.ts';
import { PlatformError } from '../domain/errors.ts';

/**
 * Tokens for commands that run in this process on behalf of an SSH key. They are kept in memory only and end with the
 * command. What one is good for is asked anew with every use: exactly what the key is good for at that moment, so a key
 * that was removed opens nothing any more. One key always gets the same token, so that its calls are counted together.
 */
export interface SessionTokens {
  lend(fingerprint: string): LentToken;
  /** The key that a token was lent to; undefined when it is none of these, or was given back. */
  holder(token: string): string | undefined;
}

interface LentToken extends Disposable {
  readonly token: Secret;
}

const FORM = /^gantry_session_[A-Za-z0-9_-]{43}$/;

export function createSessionTokens(): SessionTokens {
  const secret = randomBytes(32);
  const lent = new Map<string, { readonly token: string; holders: number }>();
  return {
    lend(fingerprint) {
      const digest = createHmac('sha256', secret).update(fingerprint).digest('base64url');
      const entry = lent.get(fingerprint) ?? { token: `gantry_session_${digest}`, holders: 0 };
      entry.holders += 1;
      lent.set(fingerprint, entry);
      let back = false;
      return {
        token: new Secret(entry.token),
        [Symbol.dispose]() {
          if (back) return;
          back = true;
          entry.holders -= 1;
          if (entry.holders === 0) lent.delete(fingerprint);
        },
      };
    },
    holder(token) {
      if (!FORM.test(token)) return undefined;
      for (const [fingerprint, entry] of lent)
        if (timingSafeEqual(Buffer.from(entry.token), Buffer.from(token))) return fingerprint;
      return undefined;
    },
  };
}

/** The same accounts, for which lent tokens are credentials too. */
export function withSessionTokens<T extends Pick<Accounts, 'authenticate' | 'authenticateKey'>>(
  accounts: T,
  tokens: SessionTokens,
): T {
  return {
    ...accounts,
    async authenticate(token: string, address: string, signal: AbortSignal) {
      const fingerprint = tokens.holder(token);
      if (fingerprint === undefined) return accounts.authenticate(token, address, signal);
      const actor = await accounts.authenticateKey(fingerprint, signal);
      if (!actor) throw PlatformError.of('unauthorized', {});
      return actor;
    },
  };
}
