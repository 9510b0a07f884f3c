import { row } from '../../../lib/errors.ts';

/** What each permission on an app is for, in a sentence about who or what lacks it. */
const PERMITS: Readonly<Record<string, (it: string, its: string) => string>> = {
  view: (it) => `looking at ${it}`,
  secrets: (_, its) => `reading ${its} config vars`,
  configure: (_, its) => `changing ${its} config vars`,
  run: (it) => `running commands in ${it}`,
  deploy: (it) => `deploying ${it}`,
  operate: (it) => `operating ${it} (scaling, restarts, domains)`,
  manage: (it) => `managing ${it}`,
  share: (it) => `saying who may do what with ${it}`,
  admin: (it) => `destroying ${it}`,
  give: (it) => `giving ${it} away`,
};

/** What a permission on an app is for, in words: `reading shop's config vars`. */
export function permitted(permission: string, app: string): string {
  return PERMITS[permission]?.(app, `${app}'s`) ?? `${permission} on ${app}`;
}

/** Failures of who may do what: credentials, rights, accounts, teams. */
export const PEOPLE_FAILURES = {
  unauthorized: row<object>({
    retry: false,
    say: () => 'No valid credentials were given; log in, or set GANTRY_API_KEY to a token of this platform.',
  }),
  forbidden: row<{ app: string; role: string; permission: string }>({
    retry: false,
    say: ({ app, role, permission }) =>
      `Your role on ${app} is ${role}, which does not include ${PERMITS[permission]?.('it', 'its') ?? permission}; ask whoever manages ${app}.`,
  }),
  app_locked: row<{ app: string }>({
    retry: false,
    say: ({ app }) =>
      `${app} is locked, so that members of its team cannot join it by themselves; ask an administrator of the team to add you, or to unlock it.`,
  }),
  forbidden_platform: row<{ what: string }>({
    retry: false,
    say: ({ what }) => `Only an administrator of the platform may ${what}.`,
  }),
  forbidden_team: row<{ team: string; role: string }>({
    retry: false,
    say: ({ team, role }) =>
      `You are ${role} of team ${team}, which does not include this; ask an administrator of the team.`,
  }),
  not_in_team: row<{ team: string }>({
    retry: false,
    say: ({ team }) =>
      `An app of team ${team} is shared with you, and you are not in the team; ask one of its administrators.`,
  }),
  forbidden_pipeline: row<{ pipeline: string; may: string; not: string }>({
    retry: false,
    say: ({ pipeline, may, not }) =>
      `You may ${may} pipeline ${pipeline}, but not ${not}; ask its owner, or an administrator of the team it belongs to.`,
  }),
  forbidden_transfer: row<{ app: string; recipient: string }>({
    retry: false,
    say: ({ app, recipient }) => `${app} was offered to ${recipient}, and only they may answer.`,
  }),
  role_too_high: row<{ app: string; role: string }>({
    retry: false,
    say: ({ app, role }) =>
      `Your role on ${app} is ${role}; you cannot give, change or take rights beyond that.`,
  }),
  user_unknown: row<{ who: string }>({
    retry: false,
    say: ({ who }) =>
      `There is no account ${who} here; an administrator of the platform makes one: gantry users:add ${who}.`,
  }),
  team_needs_admin: row<{ team: string }>({
    retry: false,
    say: ({ team }) => `Team ${team} would have no administrator left; make somebody else one first.`,
  }),
  team_not_empty: row<{ team: string }>({
    retry: false,
    say: ({ team }) => `Team ${team} still has apps; transfer or destroy them first.`,
  }),
  transfer_over: row<{ app: string }>({
    retry: false,
    say: ({ app }) =>
      `This offer of ${app} is over: it was answered, or ${app} belongs to somebody else now.`,
  }),
  scope_too_small: row<{ what: string }>({
    retry: false,
    say: ({ what }) =>
      `The scope of this token does not cover ${what}; use a token with a wider scope (gantry authorizations:create).`,
  }),
  forbidden_address: row<{ address: string }>({
    retry: false,
    say: ({ address }) =>
      `This token may not be used from ${address}, but from other addresses only; use it from one of those, or another token.`,
  }),
  token_bound: row<{ what: string }>({
    retry: false,
    say: ({ what }) =>
      `This token may be used from some addresses only, and ${what} would let somebody in from anywhere; use a token that is not bound to addresses.`,
  }),
  login_failed: row<object>({
    retry: false,
    say: () =>
      'Email or password is wrong; try again, or ask an administrator for a new invitation (gantry users:invite).',
  }),
  login_request_over: row<object>({
    retry: false,
    say: () =>
      'This login was decided already, has expired, or never was one; begin again with gantry login (or heroku login).',
  }),
  login_locked: row<{ minutes: number }>({
    retry: true,
    say: ({ minutes }) =>
      `Too many tries to log in; wait ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} and try again.`,
  }),
  logins_busy: row<object>({
    retry: true,
    say: () => 'Too many people log in at this moment; wait a few seconds and retry.',
  }),
  two_factor: row<{ problem: 'needed' | 'wrong' }>({
    retry: false,
    say: ({ problem }) =>
      problem === 'needed'
        ? 'A code of the second factor is needed: give the one your authenticator app shows, or a recovery code.'
        : 'The code of the second factor is wrong, or was used before; give the next one your authenticator app shows.',
  }),
  two_factor_on: row<object>({
    retry: false,
    say: () => 'The account has a second factor already; remove it first (gantry auth:2fa:disable).',
  }),
  two_factor_off: row<object>({
    retry: false,
    say: () => 'The account has no second factor; set one up first (gantry auth:2fa:enable).',
  }),
  invitation_over: row<object>({
    retry: false,
    say: () =>
      'This invitation was used, has expired, or never was one; ask an administrator for a new one (gantry users:invite).',
  }),
  email_taken: row<{ email: string }>({
    retry: false,
    say: ({ email }) =>
      `${email} has an account already; for a new invitation, run gantry users:invite ${email}.`,
  }),
  user_owns_apps: row<{ email: string; apps: readonly string[] }>({
    retry: false,
    say: ({ email, apps }) =>
      `${email} still owns ${apps.join(', ')}; destroy these apps or give them to somebody else first.`,
  }),
  last_admin: row<{ email: string }>({
    retry: false,
    say: ({ email }) =>
      `${email} is the only administrator of the platform; make somebody else one first (gantry users:admin).`,
  }),
  key_taken: row<{ fingerprint: string }>({
    retry: false,
    say: ({ fingerprint }) => `The key ${fingerprint} is registered already; a key belongs to one account.`,
  }),
};
