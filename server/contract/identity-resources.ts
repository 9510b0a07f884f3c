import * as z from 'zod';

/** Who may come in, with what: the Platform API's OAuth authorizations and sessions, and people and invitations of ours. */
const time = z.string();
const secret = z.object({
  id: z.string(),
  /** Whole only in the answer that made it; afterwards its beginning and its end, with ten asterisks between. */
  token: z.string(),
  /** Seconds from now. */
  expires_in: z.number().nullable(),
});

export const authorization = z.object({
  id: z.string(),
  description: z.string(),
  scope: z.array(z.string()),
  access_token: secret,
  refresh_token: secret.nullable(),
  client: z.null(),
  grant: z.null(),
  session: z.object({ id: z.string() }).nullable(),
  user: z.object({ id: z.string(), email: z.string(), full_name: z.string().nullable() }),
  created_at: time,
  updated_at: time,
  /** Ours: when it ends, and when it was used last, to the minute. */
  expires_at: time.nullable(),
  last_used_at: time.nullable(),
});
export type AuthorizationResource = z.infer<typeof authorization>;

export const session = z.object({
  id: z.string(),
  description: z.string(),
  expires_in: z.number().nullable(),
  created_at: time,
  updated_at: time,
  /** Ours. */
  ip: z.string().nullable(),
  last_used_at: time.nullable(),
  /** Whether the call that asks was made with it. */
  current: z.boolean(),
});
export type SessionResource = z.infer<typeof session>;

export const rateLimits = z.object({ remaining: z.number() });

export const accountFeature = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  display_name: z.string(),
  doc_url: z.string(),
  enabled: z.boolean(),
  feedback_email: z.string(),
  state: z.string(),
  created_at: time,
  updated_at: time,
});
