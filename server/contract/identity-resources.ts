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
  /** Ours: the addresses and networks it may be used from; none: from anywhere. */
  addresses: z.array(z.string()),
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

export const twoFactor = z.object({ enabled: z.boolean(), recovery_codes_left: z.number() });

export const twoFactorKey = z.object({
  /** The key in base32, and as the URL that authenticator apps read from a QR code. */
  secret: z.string(),
  url: z.string(),
});

/** Shown in this answer only; each stands for a code of the app, once. */
export const recoveryCodes = z.object({ recovery_codes: z.array(z.string()) });

export const user = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  admin: z.boolean(),
  two_factor_authentication: z.boolean(),
  has_password: z.boolean(),
  invited_until: time.nullable(),
  last_login: time.nullable(),
  created_at: time,
  updated_at: time,
});
export type UserResource = z.infer<typeof user>;

/** The token is shown in this answer only; whoever has it chooses the password. */
export const invitation = z.object({ user, token: z.string(), expires_at: time });

export const begunLogin = z.object({
  /** Paths on this server: clients of the Platform API put its address before them. */
  browser_url: z.string(),
  cli_url: z.string(),
  /** For `cli_url`, as bearer. */
  token: z.string(),
  /** Ours: shown by the page too, for the person to compare. */
  code: z.string(),
});
