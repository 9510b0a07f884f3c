import { randomUUID } from 'node:crypto';
import { isNetwork } from '../../lib/networks.ts';
import type { Secret } from '../../lib/secret.ts';
import { appOfScope, isScope } from '../domain/access.ts';
import { EVERYTHING, MOST_TOKENS, type Actor, type Scope } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Apps } from '../ports/apps.ts';
import type { Clock } from '../ports/clock.ts';
import type { Token, Tokens } from '../ports/tokens.ts';
import { hashToken, newToken } from './accounts.ts';
import { needAnywhere, needGlobal, reach } from './reach.ts';

/** A token with its secret, which nobody sees again. */
export interface Issued {
  readonly token: Token;
  readonly secret: Secret;
}

interface TokenWish {
  readonly description?: string | undefined;
  /** As the client wrote them; an app of `deploy:` by name or id. Default: everything. */
  readonly scopes?: readonly string[] | undefined;
  /** Null: for ever, which a login never is. */
  readonly lifetimeSeconds?: number | null | undefined;
  /** Addresses and networks it may be used from. Default: anywhere. */
  readonly addresses?: readonly string[] | undefined;
  /** Where the client is. */
  readonly ip: string;
}

/** The tokens of the one who asks. An id may be `~`: the token that the call was made with. */
export interface Authorizations {
  /** Whoever asks without a token has given a password: what they get is a session. Throws `invalid_params`. */
  create(actor: Actor, wish: TokenWish, signal: AbortSignal): Promise<Issued>;
  list(actor: Actor, signal: AbortSignal): Promise<readonly Token[]>;
  find(actor: Actor, id: string, signal: AbortSignal): Promise<Token>;
  describe(actor: Actor, id: string, description: string, signal: AbortSignal): Promise<Token>;
  /** A new secret for the same token; the old one ends at once. */
  rotate(actor: Actor, id: string, signal: AbortSignal): Promise<Issued>;
  revoke(actor: Actor, id: string, signal: AbortSignal): Promise<Token>;
  /** The tokens that logins made. */
  sessions(actor: Actor, signal: AbortSignal): Promise<readonly Token[]>;
  endSession(actor: Actor, id: string, signal: AbortSignal): Promise<Token>;
}

const DAY_MS = 24 * 3_600_000;
const SESSION_MS = 30 * DAY_MS;
const TOKEN_MS = 90 * DAY_MS;
const HINT_CHARS = 6;

export interface AuthorizationsDeps {
  readonly store: Tokens;
  readonly apps: Pick<Apps, 'find' | 'findFor'>;
  readonly clock: Clock;
}

export function createAuthorizations({ store, apps, clock }: AuthorizationsDeps): Authorizations {
  async function found(
    actor: Actor,
    id: string,
    what: 'authorization' | 'session',
    signal: AbortSignal,
  ): Promise<Token> {
    const token = await store.find(actor.userId, ownId(actor, id), signal);
    return token && (what === 'authorization' || token.session) ? token : absent(what, id);
  }

  return {
    async create(actor, wish, signal) {
      needGlobal(actor, 'making tokens');
      needAnywhere(actor, 'another token');
      const { description, scopes = EVERYTHING, lifetimeSeconds, addresses = [], ip } = wish;
      const parsed = await Promise.all(scopes.map((text) => parseScope(apps, actor, text, signal)));
      const session = actor.credential === undefined;
      const lifetimeMs = lifetimeOf(lifetimeSeconds, session);
      const secret = newToken();
      const createdAt = clock.now();
      const token = await store.create(
        {
          ...{ id: randomUUID(), userId: actor.userId, session, lifetimeMs, createdAt },
          ...sealed(secret, lifetimeMs, createdAt),
          scopes: [...new Set(parsed)],
          addresses: readNetworks(addresses),
          description: description ?? (session ? 'Login' : 'Long-lived user authorization'),
          ip: session ? ip : null,
        },
        MOST_TOKENS,
        signal,
      );
      if (!token) throw PlatformError.of('unauthorized', {});
      return { token, secret };
    },

    async list(actor, signal) {
      needGlobal(actor, 'listing tokens');
      return store.list(actor.userId, signal);
    },

    async find(actor, id, signal) {
      needGlobal(actor, 'looking at tokens');
      return found(actor, id, 'authorization', signal);
    },

    async describe(actor, id, description, signal) {
      needGlobal(actor, 'changing tokens');
      const token = await store.describe(actor.userId, ownId(actor, id), description, signal);
      return token ?? absent('authorization', id);
    },

    async rotate(actor, id, signal) {
      needGlobal(actor, 'changing tokens');
      const { lifetimeMs, id: own } = await found(actor, id, 'authorization', signal);
      if (own !== actor.credential?.id) needAnywhere(actor, 'the secret of another token');
      const secret = newToken();
      const token = await store.rotate(actor.userId, own, sealed(secret, lifetimeMs, clock.now()), signal);
      return { token: token ?? absent('authorization', id), secret };
    },

    async revoke(actor, id, signal) {
      needGlobal(actor, 'revoking tokens');
      const token = await store.revoke(actor.userId, ownId(actor, id), signal);
      return token ?? absent('authorization', id);
    },

    async sessions(actor, signal) {
      needGlobal(actor, 'listing sessions');
      return (await store.list(actor.userId, signal)).filter(({ session }) => session);
    },

    async endSession(actor, id, signal) {
      needGlobal(actor, 'ending sessions');
      const token = await found(actor, id, 'session', signal);
      return (await store.revoke(actor.userId, token.id, signal)) ?? absent('session', id);
    },
  };
}

async function parseScope(
  apps: Pick<Apps, 'find' | 'findFor'>,
  actor: Actor,
  text: string,
  signal: AbortSignal,
): Promise<Scope> {
  const app = appOfScope(text);
  if (app !== undefined) return `deploy:${(await reach(apps, actor, 'deploy', app, signal)).id}`;
  if (isScope(text)) return text;
  throw PlatformError.of('invalid_params', {
    field: 'scope',
    problem: 'must be of global, identity, read, write, read-protected, write-protected and deploy:APP',
  });
}

function readNetworks(addresses: readonly string[]): readonly string[] {
  const wrong = addresses.find((one) => !isNetwork(one));
  if (wrong === undefined) return [...new Set(addresses)];
  const problem = `must be addresses or networks such as 192.0.2.4, 10.0.0.0/8 or 2001:db8::/32, which ${wrong.slice(0, 50)} is not`;
  throw PlatformError.of('invalid_params', { field: 'addresses', problem });
}

function ownId({ credential }: Actor, id: string): string {
  return id === '~' ? (credential?.id ?? '') : id;
}

function absent(resource: string, id: string): never {
  throw PlatformError.of('not_found', { resource, name: id.slice(0, 100) });
}

function lifetimeOf(seconds: number | null | undefined, session: boolean): number | null {
  if (seconds !== null && seconds !== undefined) return seconds * 1000;
  if (session) return SESSION_MS;
  return seconds === null ? null : TOKEN_MS;
}

function sealed(secret: Secret, lifetimeMs: number | null, now: Date) {
  const text = secret.reveal();
  return {
    hash: hashToken(text),
    hint: text.slice(-HINT_CHARS),
    expiresAt: lifetimeMs === null ? null : new Date(now.getTime() + lifetimeMs),
  };
}
