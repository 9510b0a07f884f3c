import * as z from 'zod';

/** What clients may send about tokens, passwords and people. */
const ignored = z.unknown().optional();
const TEN_YEARS_S = 10 * 366 * 86_400;

const description = z.string().min(1).max(200);

export const createAuthorization = z.strictObject({
  description: description.nullish(),
  /** Seconds; null: it does not end. Default: 90 days, of a login 30. */
  expires_in: z.int().min(1).max(TEN_YEARS_S).nullish(),
  scope: z.array(z.string().max(150)).min(1).max(50).optional(),
  client: ignored,
});

export const updateAuthorization = z.strictObject({ description, client: ignored });

export const updateAccount = z.strictObject({
  name: z.string().max(100).nullish(),
  allow_tracking: ignored,
  beta: ignored,
});
