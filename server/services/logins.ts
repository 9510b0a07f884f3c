import type { Secret } from '../../lib/secret.ts';
import { addressSource } from '../../lib/address-source.ts';
import { NOBODY, type Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { passwordProblem } from '../domain/password.ts';
import { matchingStep } from '../domain/totp.ts';
import type { Clock } from '../ports/clock.ts';
import type { Passwords } from '../ports/passwords.ts';
import type { LoginRecord, People } from '../ports/people.ts';
import { hashToken } from './accounts.ts';
import type { Audit } from './audit.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { needAnywhere, needGlobal } from './reach.ts';

export interface LoginAttempt {
  readonly email: string;
  readonly password: Secret;
  /** Of the authenticator app, or one of the recovery codes. */
  readonly code: string | undefined;
  /** The address it comes from. */
  readonly ip: string;
}

/** Coming in by password, and proving once more that one is who one is. */
export interface Logins {
  /**
   * Throws `login_failed` alike for an email nobody has and for a wrong password, after the same time; `two_factor` when a
   * code is needed or wrong; `login_locked` after too many tries.
   */
  byPassword(attempt: LoginAttempt, signal: AbortSignal): Promise<Actor>;
  /** Throws what `byPassword` throws, and `invalid_params` for a password that will not do. */
  changePassword(
    actor: Actor,
    change: { readonly old: Secret | null; readonly fresh: Secret; readonly ip: string },
    signal: AbortSignal,
  ): Promise<void>;
  /** Has the actor prove that they know the password, if they have one. */
  confirmPassword(
    actor: Actor,
    given: { readonly password: Secret | null; readonly ip: string },
    signal: AbortSignal,
  ): Promise<LoginRecord>;
  /** Throws `two_factor` unless this is a code of theirs that nobody used before. */
  useCode(
    record: LoginRecord,
    given: { readonly code: string; readonly ip: string },
    signal: AbortSignal,
  ): Promise<void>;
}

export interface LoginsDeps {
  readonly people: People;
  readonly passwords: Passwords;
  readonly throttle: LoginThrottle;
  readonly audit: Pick<Audit, 'around'>;
  readonly clock: Clock;
}

/** As it stands in the audit trail. */
const LOGIN = { actor: NOBODY, door: 'api', action: 'log in by password', requestId: null } as const;

export function createLogins({ people, passwords, throttle, audit, clock }: LoginsDeps): Logins {
  /** Does what may be a guess, counted as one until it proves right. */
  async function guarded<T>(email: string, ip: string, work: () => Promise<T>): Promise<T> {
    const source = addressSource(ip);
    const minutes = throttle.attempt(email, source);
    if (minutes !== null) throw PlatformError.of('login_locked', { minutes });
    try {
      const done = await work();
      throttle.succeeded(email, source);
      return done;
    } catch (err) {
      const guess =
        PlatformError.is(err, 'login_failed') ||
        (PlatformError.is(err, 'two_factor') && err.params['problem'] === 'wrong');
      if (!guess) throttle.excuse(email, source);
      throw err;
    }
  }

  async function checkCode(record: LoginRecord, code: string, signal: AbortSignal): Promise<void> {
    const { actor, totp } = record;
    if (totp === null) return;
    const step = matchingStep(totp.reveal(), code, clock.now());
    if (step !== undefined && (await people.useTotpStep(actor.userId, step, signal))) return;
    const recovery = hashToken(plainRecoveryCode(code));
    if (step === undefined && (await people.useRecoveryCode(actor.userId, recovery, signal))) return;
    throw PlatformError.of('two_factor', { problem: 'wrong' });
  }

  async function enter(name: string, { password, code }: LoginAttempt, signal: AbortSignal): Promise<Actor> {
    const record = await people.findLogin(name, signal);
    const right = await passwords.verify(record?.password ?? null, password, signal);
    if (!record || !right) throw PlatformError.of('login_failed', {});
    if (record.totp !== null && code === undefined)
      throw PlatformError.of('two_factor', { problem: 'needed' });
    if (code !== undefined) await checkCode(record, code, signal);
    await people.noteLogin(record.actor.userId, signal);
    return record.actor;
  }

  const logins: Logins = {
    byPassword: (attempt, signal) => {
      const { ip } = attempt;
      const name = attempt.email.trim().toLowerCase();
      const call = { ...LOGIN, ip, target: { email: name } };
      // Within the limit of tries: a flood of guesses does not become one of rows.
      return guarded(name, ip, () => audit.around(call, () => enter(name, attempt, signal), signal));
    },

    async confirmPassword(actor, { password, ip }, signal) {
      needGlobal(actor, 'changing how to log in');
      const record = await people.findLogin(actor.userId, signal);
      if (!record) throw PlatformError.of('unauthorized', {});
      if (record.password === null) return record;
      return guarded(record.actor.email, ip, async () => {
        const right = password !== null && (await passwords.verify(record.password, password, signal));
        if (!right) throw PlatformError.of('login_failed', {});
        return record;
      });
    },

    async changePassword(actor, { old, fresh, ip }, signal) {
      needAnywhere(actor, 'another password');
      const { actor: now } = await logins.confirmPassword(actor, { password: old, ip }, signal);
      const problem = passwordProblem(fresh.reveal(), now.email);
      if (problem !== undefined)
        throw PlatformError.of('invalid_params', { field: 'The new password', problem });
      const keep = { tokenId: actor.credential?.kind === 'token' ? actor.credential.id : null };
      await people.setPassword(now.userId, await passwords.hash(fresh, signal), keep, signal);
    },

    useCode: (record, { code, ip }, signal) =>
      guarded(record.actor.email, ip, () => checkCode(record, code, signal)),
  };
  return logins;
}

/** However it was typed: small letters, spaces, without its dashes. */
export function plainRecoveryCode(text: string): string {
  return text.toUpperCase().replace(/[^A-Z2-7]/g, '');
}
