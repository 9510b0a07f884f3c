import * as z from 'zod';
import { oneLine } from './text.ts';

/** What clients may send about tokens, passwords and people. */
const ignored = z.unknown().optional();
const TEN_YEARS_S = 10 * 366 * 86_400;

const description = oneLine(200).min(1);
/** The heroku command passes on what was typed: a string. */
const seconds = z
  .union(
    [
      z.int(),
      z
        .string()
        .regex(/^\d{1,12}$/)
        .transform(Number),
    ],
    'must be a number of seconds',
  )
  .pipe(z.int().min(1).max(TEN_YEARS_S));

export const createAuthorization = z.strictObject({
  description: description.nullish(),
  /** Seconds; null: it does not end. Default: 90 days, of a login 30. */
  expires_in: seconds.nullish(),
  scope: z.array(z.string().max(150)).min(1).max(50).optional(),
  /** Ours: addresses and networks it may be used from; default: from anywhere. */
  addresses: z.array(z.string().max(50)).max(20).optional(),
  client: ignored,
});

export const updateAuthorization = z.strictObject({ description, client: ignored });

export const updateAccount = z.strictObject({
  name: oneLine(100).nullish(),
  allow_tracking: ignored,
  beta: ignored,
});

const password = z.string().min(1).max(1_000);
const code = z.string().min(1).max(50);
const email = z.string().min(3).max(254);

export const changePassword = z.strictObject({
  /** Left out by whoever has none yet. */
  old_password: password.nullish(),
  new_password: password,
});

export const beginTwoFactor = z.strictObject({ password: password.nullish() });
export const proveTwoFactor = z.strictObject({ code });

export const inviteUser = z.strictObject({ email, admin: z.boolean().optional() });
export const changeUser = z.strictObject({ admin: z.boolean() });
export const acceptInvitation = z.strictObject({ token: z.string().min(1).max(200), password });

export const beginLogin = z.strictObject({ description: description.optional() });
