import { randomBytes } from 'node:crypto';
import { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import { matchingStep, otpauthUrl, toBase32 } from '../domain/totp.ts';
import type { Clock } from '../ports/clock.ts';
import type { People } from '../ports/people.ts';
import { hashToken } from './accounts.ts';
import { plainRecoveryCode, type Logins } from './logins.ts';
import { needGlobal } from './reach.ts';

/** The second factor of the one who asks: codes of an authenticator app, and recovery codes for when it is lost. */
export interface TwoFactor {
  status(
    actor: Actor,
    signal: AbortSignal,
  ): Promise<{ readonly enabled: boolean; readonly recoveryCodes: number }>;
  /** A key to put into an authenticator app; it counts only when `confirm` has seen a code of it. Throws `login_failed`. */
  begin(
    actor: Actor,
    given: { readonly password: Secret | null; readonly ip: string },
    signal: AbortSignal,
  ): Promise<{ readonly key: Secret; readonly url: Secret }>;
  /** The recovery codes, which nobody sees again. Throws `two_factor`. */
  confirm(actor: Actor, code: string, signal: AbortSignal): Promise<readonly Secret[]>;
  /** Throws `two_factor` without a code that is right. */
  disable(
    actor: Actor,
    given: { readonly code: string; readonly ip: string },
    signal: AbortSignal,
  ): Promise<void>;
}

const KEY_BYTES = 20;
const RECOVERY_CODES = 10;
/** 80 bits: what a fast hash of it cannot be searched for. */
const RECOVERY_BYTES = 10;

export interface TwoFactorDeps {
  readonly people: People;
  readonly logins: Pick<Logins, 'confirmPassword' | 'useCode'>;
  readonly clock: Clock;
  /** What the authenticator app shows beside the account. */
  readonly issuer: string;
}

export function createTwoFactor({ people, logins, clock, issuer }: TwoFactorDeps): TwoFactor {
  async function recordOf(actor: Actor, signal: AbortSignal) {
    needGlobal(actor, 'changing the second factor');
    const record = await people.findLogin(actor.userId, signal);
    if (!record) throw PlatformError.of('unauthorized', {});
    return record;
  }

  return {
    async status(actor, signal) {
      const { totp, recoveryCodes } = await recordOf(actor, signal);
      return { enabled: totp !== null, recoveryCodes };
    },

    async begin(actor, given, signal) {
      const record = await logins.confirmPassword(actor, given, signal);
      if (record.totp !== null) throw PlatformError.of('two_factor_on', {});
      const key = new Secret(toBase32(randomBytes(KEY_BYTES)));
      await people.beginTotp(actor.userId, key, signal);
      return { key, url: new Secret(otpauthUrl(key.reveal(), record.actor.email, issuer)) };
    },

    async confirm(actor, code, signal) {
      const { totp, totpPending } = await recordOf(actor, signal);
      if (totp !== null) throw PlatformError.of('two_factor_on', {});
      if (totpPending === null) throw PlatformError.of('two_factor_off', {});
      const step = matchingStep(totpPending.reveal(), code, clock.now());
      if (step === undefined) throw PlatformError.of('two_factor', { problem: 'wrong' });
      const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
      const recoveryHashes = codes.map((one) => hashToken(plainRecoveryCode(one.reveal())));
      if (!(await people.confirmTotp(actor.userId, { step, recoveryHashes }, signal)))
        throw PlatformError.of('two_factor_on', {});
      return codes;
    },

    async disable(actor, given, signal) {
      const record = await recordOf(actor, signal);
      if (record.totp === null) throw PlatformError.of('two_factor_off', {});
      await logins.useCode(record, given, signal);
      await people.clearTotp(actor.userId, signal);
    },
  };
}

/** `ABCD-EFGH-IJKL-MNOP` */
function newRecoveryCode(): Secret {
  const text = toBase32(randomBytes(RECOVERY_BYTES));
  return new Secret(text.replace(/(.{4})(?=.)/g, '$1-'));
}
