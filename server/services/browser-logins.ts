import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { pause } from '../../lib/deadline.ts';
import { Secret } from '../../lib/secret.ts';
import { MOST_TOKENS, type Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { toBase32 } from '../domain/totp.ts';
import type { Accounts } from '../ports/accounts.ts';
import type { Clock } from '../ports/clock.ts';
import type { LoginRequest, LoginRequests } from '../ports/login-requests.ts';
import type { People } from '../ports/people.ts';
import type { Tokens } from '../ports/tokens.ts';
import { hashToken } from './accounts.ts';
import type { Audit } from './audit.ts';
import type { Authorizations } from './authorizations.ts';
import type { LoginAttempt, Logins } from './logins.ts';

/** A login that has begun: one secret opens the page on which it is approved, the other is the program's own. */
interface BegunLogin {
  readonly page: Secret;
  readonly client: Secret;
  /** Shown by the program and by the page, for the person to compare. */
  readonly code: string;
}

export interface AskedLogin extends LoginRequest {
  readonly code: string;
}

interface Verdict {
  readonly by: Actor;
  readonly approved: boolean;
  /** The address of the browser. */
  readonly ip: string;
}

/** Logging a program in by approving it in a browser, where passwords are typed instead. */
export interface BrowserLogins {
  begin(
    asked: { readonly description: string; readonly ip: string },
    signal: AbortSignal,
  ): Promise<BegunLogin>;
  /** What asks. Throws `login_request_over`. */
  look(page: Secret, signal: AbortSignal): Promise<AskedLogin>;
  /** Signs a browser in: a cookie that is good for these pages and nothing else. Throws what `byPassword` throws. */
  signIn(attempt: LoginAttempt, signal: AbortSignal): Promise<Secret>;
  /** Who a browser is signed in as. */
  whoIs(cookie: Secret, signal: AbortSignal): Promise<Actor | undefined>;
  /** Decides once. Throws `login_request_over`. */
  decide(page: Secret, verdict: Verdict, signal: AbortSignal): Promise<void>;
  /** Waits for the decision: the token, once, or null when it was denied. Throws `login_request_over`. */
  wait(client: Secret, signal: AbortSignal): Promise<Secret | null>;
}

const OPEN_MS = 10 * 60_000;
const COOKIE_MS = 12 * 3_600_000;
const LOOK_EVERY_MS = 700;

export interface BrowserLoginsDeps {
  readonly requests: LoginRequests;
  readonly accounts: Pick<Accounts, 'findByTokenHash'>;
  readonly people: Pick<People, 'findLogin'>;
  readonly tokens: Pick<Tokens, 'create'>;
  readonly logins: Pick<Logins, 'byPassword'>;
  readonly authorizations: Pick<Authorizations, 'create'>;
  readonly audit: Pick<Audit, 'around'>;
  readonly clock: Clock;
}

export function createBrowserLogins(deps: BrowserLoginsDeps): BrowserLogins {
  const { requests, accounts, people, tokens, logins, authorizations, audit, clock } = deps;
  const newSecret = (): Secret => new Secret(randomBytes(32).toString('base64url'));

  return {
    async begin({ description, ip }, signal) {
      const [page, client] = [newSecret(), newSecret()];
      const createdAt = clock.now();
      const hashes = { pageHash: hashToken(page.reveal()), clientHash: hashToken(client.reveal()) };
      const expiresAt = new Date(createdAt.getTime() + OPEN_MS);
      await requests.create({ id: randomUUID(), description, ip, createdAt, expiresAt, ...hashes }, signal);
      return { page, client, code: codeOf(page) };
    },

    async look(page, signal) {
      const found = await requests.find(hashToken(page.reveal()), signal);
      if (!found) throw PlatformError.of('login_request_over', {});
      return { ...found, code: codeOf(page) };
    },

    async signIn(attempt, signal) {
      const { userId } = await logins.byPassword(attempt, signal);
      const cookie = newSecret();
      const createdAt = clock.now();
      const made = await tokens.create(
        {
          ...{ id: randomUUID(), userId, hash: cookieHash(cookie), hint: '', createdAt },
          ...{ description: 'Browser', scopes: ['identity'], session: true, ip: attempt.ip, addresses: [] },
          ...{ lifetimeMs: COOKIE_MS, expiresAt: new Date(createdAt.getTime() + COOKIE_MS) },
        },
        MOST_TOKENS,
        signal,
      );
      if (!made) throw PlatformError.of('login_failed', {});
      return cookie;
    },

    whoIs: (cookie, signal) => accounts.findByTokenHash(cookieHash(cookie), signal),

    decide(page, { by, approved, ip }, signal) {
      const verdict = {
        status: approved ? 'approved' : 'denied',
        userId: approved ? by.userId : null,
      } as const;
      const call = {
        ...{ actor: by, door: 'api' as const, action: `${approved ? 'approve' : 'deny'} a login`, ip },
        ...{ requestId: null, target: { code: codeOf(page) } },
      };
      return audit.around(
        call,
        async () => {
          if (!(await requests.decide(hashToken(page.reveal()), verdict, signal)))
            throw PlatformError.of('login_request_over', {});
        },
        signal,
      );
    },

    async wait(client, signal) {
      for (;;) {
        const found = await requests.collect(hashToken(client.reveal()), signal);
        if (found === undefined) throw PlatformError.of('login_request_over', {});
        if (found === 'denied') return null;
        if (found !== 'pending') {
          const login = await people.findLogin(found.userId, signal);
          if (!login) throw PlatformError.of('login_request_over', {});
          const { description, ip } = found.request;
          const call = { actor: login.actor, door: 'api', action: 'log in by browser', ip } as const;
          const made = await audit.around(
            { ...call, requestId: null, target: { description } },
            () => authorizations.create(login.actor, { description, ip }, signal),
            signal,
          );
          return made.secret;
        }
        await pause(LOOK_EVERY_MS, signal);
      }
    },
  };
}

/** Not the hash of a token: a cookie opens no API, and a token no page. */
function cookieHash(cookie: Secret): string {
  return hashToken(`browser cookie ${cookie.reveal()}`);
}

/** `ABCD-EFGH`: enough to tell one login from another, and nothing to guess the page by. */
function codeOf(page: Secret): string {
  const text = toBase32(createHash('sha256').update(`code of ${page.reveal()}`).digest().subarray(0, 5));
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}
