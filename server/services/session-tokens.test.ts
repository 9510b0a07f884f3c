import { describe, expect, it } from 'vitest';
import { EVERYTHING, type Actor } from '../domain/actor.ts';
import type { Accounts } from './accounts.ts';
import { createSessionTokens, withSessionTokens } from './session-tokens.ts';

const patient = new AbortController().signal;
const ann: Actor = { userId: 'ann', email: 'ann@example.com', admin: false, scopes: EVERYTHING };

/** Accounts that know one key, as long as it is there, and no token. */
function accountsOf(keys: Map<string, Actor>): Accounts {
  const accounts: Partial<Accounts> = {
    authenticate: () => Promise.reject(new Error('asked for a token of its own')),
    authenticateKey: (fingerprint) => Promise.resolve(keys.get(fingerprint)),
  };
  return accounts as Accounts; // nothing else is asked for here
}

describe('a token that is lent to a key', () => {
  it('is good for what the key is good for, as long as that is there', async () => {
    const keys = new Map([['SHA256:ann', ann]]);
    const tokens = createSessionTokens();
    const accounts = withSessionTokens(accountsOf(keys), tokens);
    using lent = tokens.lend('SHA256:ann');
    expect(await accounts.authenticate(lent.token.reveal(), '192.0.2.7', patient)).toBe(ann);
    keys.clear();
    await expect(accounts.authenticate(lent.token.reveal(), '192.0.2.7', patient)).rejects.toMatchObject({
      id: 'unauthorized',
    });
  });

  it('is good for nothing once every command it was lent to has ended', async () => {
    const tokens = createSessionTokens();
    const accounts = withSessionTokens(accountsOf(new Map([['SHA256:ann', ann]])), tokens);
    const [first, second] = [tokens.lend('SHA256:ann'), tokens.lend('SHA256:ann')];
    const token = first.token.reveal();
    expect(second.token.reveal()).toBe(token);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(await accounts.authenticate(token, '192.0.2.7', patient)).toBe(ann);
    second[Symbol.dispose]();
    await expect(accounts.authenticate(token, '192.0.2.7', patient)).rejects.toThrow(
      'asked for a token of its own',
    );
  });

  it('is another one for another key and in another process', () => {
    const [tokens, others] = [createSessionTokens(), createSessionTokens()];
    const all = [tokens.lend('SHA256:ann'), tokens.lend('SHA256:bob'), others.lend('SHA256:ann')];
    expect(new Set(all.map(({ token }) => token.reveal())).size).toBe(3);
    expect(tokens.holder(all[2]?.token.reveal() ?? '')).toBeUndefined();
    expect(tokens.holder('gantry_session_x')).toBeUndefined();
  });
});
