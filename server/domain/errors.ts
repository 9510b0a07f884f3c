import { errorTable, row } from '../../lib/errors.ts';

/** What each permission on an app is for, in a sentence about who lacks it. */
const PERMITS: Readonly<Record<string, string>> = {
  secrets: 'reading its config vars',
  configure: 'changing its config vars',
  deploy: 'deploying it',
  operate: 'operating it (scaling, restarts, domains)',
  manage: 'managing it',
  admin: 'destroying it or giving it away',
};

/**
 * Every failure a user of the server can meet. Ids are permanent and go on the wire; where the Platform API has an id
 * for it (`not_found`, `invalid_params`, …) it is that one. docs/errors.md is generated from this table.
 */
export const PlatformError = errorTable({
  unauthorized: row<object>({
    retry: false,
    say: () => 'No valid credentials were given; log in, or set GANTRY_API_KEY to a token of this platform.',
  }),
  not_found: row<{ resource: string; name: string }>({
    retry: false,
    say: ({ resource, name }) =>
      `Couldn't find that ${resource.replaceAll('_', ' ')}: ${name}. It may not exist, or you may not see it.`,
  }),
  not_offered: row<{ what: string; instead: string }>({
    retry: false,
    say: ({ what, instead }) => `There are no ${what} on this platform; ${instead}.`,
  }),
  forbidden: row<{ app: string; role: string; permission: string }>({
    retry: false,
    say: ({ app, role, permission }) =>
      `Your role on ${app} is ${role}, which does not include ${PERMITS[permission] ?? permission}; ask whoever manages ${app}.`,
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
  forbidden_pipeline: row<{ pipeline: string }>({
    retry: false,
    say: ({ pipeline }) =>
      `You may look at pipeline ${pipeline}, but not change it; ask its owner, or a member of the team it belongs to.`,
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
  app_coupled: row<{ app: string; pipeline: string }>({
    retry: false,
    say: ({ app, pipeline }) =>
      `${app} is in pipeline ${pipeline} already, and an app is in one at most; take it out first (gantry pipelines:remove -a ${app}).`,
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
  invalid_params: row<{ field: string; problem: string }>({
    retry: false,
    say: ({ field, problem }) => `${field} ${problem}.`,
  }),
  bad_request: row<{ problem: string }>({
    retry: false,
    say: ({ problem }) => `The request could not be read: ${problem}.`,
  }),
  outcome_unknown: row<object>({
    retry: false,
    say: () =>
      'This call was begun before and cut off by a restart of the platform, so it may or may not have been done; look at what is there, then make it anew.',
  }),
  confirmation_required: row<{ name: string }>({
    retry: false,
    say: ({ name }) => `Destroying ${name} cannot be undone; confirm by giving its name: --confirm ${name}.`,
  }),
  name_taken: row<{ name: string }>({
    retry: false,
    say: ({ name }) => `Name ${name} is already taken; choose another.`,
  }),
  domain_taken: row<{ hostname: string }>({
    retry: false,
    say: ({ hostname }) =>
      `${hostname} is in use by an app already, by itself or by a wildcard; remove it there first.`,
  }),
  too_many_domains: row<{ app: string; limit: number }>({
    retry: false,
    say: ({ app, limit }) =>
      `${app} has ${limit} domains, and no app may have more; remove one, or use a wildcard.`,
  }),
  too_many_certificates: row<{ app: string; limit: number }>({
    retry: false,
    say: ({ app, limit }) => `${app} has ${limit} certificates, and no app may have more; remove one.`,
  }),
  key_taken: row<{ fingerprint: string }>({
    retry: false,
    say: ({ fingerprint }) => `The key ${fingerprint} is registered already; a key belongs to one account.`,
  }),
  app_changed: row<{ app: string }>({
    retry: true,
    say: ({ app }) => `${app} was changed by someone else at the same moment; look again and retry.`,
  }),
  build_superseded: row<{ app: string }>({
    retry: false,
    say: ({ app }) => `This build of ${app} is no longer wanted: a newer push took its place.`,
  }),
  deploy_in_progress: row<{ app: string; version: number }>({
    retry: true,
    say: ({ app, version }) =>
      `v${version} of ${app} is still being deployed; wait for it to finish and retry.`,
  }),
  nothing_changed: row<{ app: string }>({
    retry: false,
    say: ({ app }) => `Nothing would change for ${app}: it has these values already.`,
  }),
  process_type_not_found: row<{ type: string; known: readonly string[] }>({
    retry: false,
    say: ({ type, known }) =>
      known.length === 0
        ? `There is no process type ${type}: nothing is deployed yet.`
        : `There is no process type ${type}; this app has ${known.join(', ')}.`,
  }),
  instance_not_found: row<{ app: string; name: string; there: readonly string[] }>({
    retry: false,
    say: ({ app, name, there }) =>
      there.length === 0
        ? `No ${name} runs: ${app} has no processes now; see gantry ps.`
        : `No ${name} runs: the processes of ${app} are ${there.join(', ')}.`,
  }),
  too_many_instances: row<{ app: string; wanted: number; limit: number }>({
    retry: false,
    say: ({ app, wanted, limit }) =>
      `${app} would have ${wanted} instances; at most ${limit} of all process types together fit in its private network, where a deploy has old and new ones side by side.`,
  }),
  release_command_not_scalable: row<{ app: string }>({
    retry: false,
    say: ({ app }) =>
      `The release command of ${app} cannot be scaled: it is no process that stays up. This version of Gantry does not run it at all yet.`,
  }),
  no_rollback_target: row<{ app: string; wanted: string }>({
    retry: false,
    say: ({ app, wanted }) =>
      `${app} cannot be rolled back to ${wanted}: only a release that ran and is not the current one can be a target.`,
  }),
  image_collected: row<{ app: string; version: number; commit: string | null }>({
    retry: false,
    say: ({ app, version, commit }) =>
      `${app} cannot be rolled back to v${version} any more: its image was collected, for only the newest ones are kept (GANTRY_KEEP_IMAGES); ${commit === null ? 'deploy its source again' : `push commit ${commit.slice(0, 8)} again`}.`,
  }),
  nothing_to_promote: row<{ app: string }>({
    retry: false,
    say: ({ app }) => `${app} has no release that runs, so there is nothing to promote; deploy it first.`,
  }),
  copy_failed: row<{ app: string }>({
    retry: false,
    say: ({ app }) =>
      `The image could not be copied for ${app}, because the builder or the registry is away; see \`gantry doctor\`, then promote again.`,
  }),
  nothing_to_run: row<{ app: string }>({
    retry: false,
    say: ({ app }) =>
      `Nothing is deployed to ${app} yet, so there is nothing to run a command in; push first.`,
  }),
  too_many_runs: row<{ app: string; limit: number; what: string }>({
    retry: true,
    say: ({ app, limit, what }) =>
      `${app} has ${limit} ${what} at once already, which is the most; wait for one to end or stop one (gantry ps:stop).`,
  }),
  networks_used_up: row<object>({
    retry: false,
    say: () =>
      'Every private network this platform may hand out is in use; destroy an app that is no longer needed.',
  }),
  config_too_large: row<{ app: string; limit: number }>({
    retry: false,
    say: ({ app, limit }) =>
      `The config vars of ${app} would be longer than ${limit} bytes in all; keep large values in files or a store.`,
  }),
  push_refused: row<{ reason: string }>({
    retry: false,
    say: ({ reason }) => `Push refused: ${reason}.`,
  }),
  source_refused: row<{ reason: string }>({
    retry: false,
    say: ({ reason }) => `The source was refused: ${reason}.`,
  }),
  upload_missing: row<object>({
    retry: false,
    say: () =>
      'Nothing was sent to the address of this source yet, or too long ago; PUT the archive to put_url, then ask again.',
  }),
  upload_too_large: row<{ limit: number }>({
    retry: false,
    say: ({ limit }) =>
      `The source is larger than ${Math.floor(limit / 1024 ** 2)} MiB; leave out what the build does not need (.slugignore).`,
  }),
  uploads_full: row<{ limit: number }>({
    retry: true,
    say: ({ limit }) =>
      `You have sent ${Math.floor(limit / 1024 ** 2)} MiB of sources within an hour, which is all that is kept; wait until the first of them are forgotten.`,
  }),
  source_elsewhere: row<object>({
    retry: false,
    say: () =>
      'The source is not fetched from other addresses: get one of this platform by POST /sources, PUT the archive there, and name its get_url.',
  }),
  checksum_wrong: row<{ said: string; is: string }>({
    retry: false,
    say: ({ said, is }) =>
      `The archive is not the one that was meant: its checksum is SHA256:${is}, not ${said}; send it again.`,
  }),
  build_over: row<{ app: string; status: string }>({
    retry: false,
    say: ({ app, status }) =>
      `This build of ${app} cannot be cancelled: it has ${status} already${status === 'succeeded' ? '; gantry rollback goes back to what served before' : ''}.`,
  }),
  feature_fixed: row<{ feature: string; why: string }>({
    retry: false,
    say: ({ feature, why }) => `${feature} cannot be switched off: ${why}.`,
  }),
  slug_refused: row<{ app: string }>({
    retry: false,
    say: ({ app }) =>
      `${app} takes no slugs that were made elsewhere: what runs is an image that this platform built; send the source (gantry deploy, or POST /apps/${app}/builds).`,
  }),
  builder_away: row<object>({
    retry: true,
    say: () =>
      'The builder stopped answering in the middle of the build; the platform restarts it by itself.',
  }),
  router_away: row<object>({
    retry: true,
    say: () => 'The router did not acknowledge the change; the platform restarts it by itself.',
  }),
  engine_away: row<object>({
    retry: true,
    say: () => 'The container engine does not answer; see `gantry doctor`.',
  }),
  image_missing: row<{ image: string }>({
    retry: true,
    say: ({ image }) => `The image ${image} could not be fetched from the registry; see \`gantry doctor\`.`,
  }),
  start_refused: row<{ instance: string; reason: string }>({
    retry: false,
    say: ({ instance, reason }) => `${instance} could not be started: ${reason}.`,
  }),
  start_failed: row<{ instance: string; reason: string }>({
    retry: true,
    say: ({ instance, reason }) => `The container engine failed to start ${instance}: ${reason}.`,
  }),
  fenced: row<{ epoch: number }>({
    retry: false,
    say: ({ epoch }) => `A newer server process has taken over from this one (epoch ${epoch}).`,
  }),
  database_away: row<object>({
    retry: true,
    say: () => 'The database does not answer; the platform restarts it by itself, see `gantry doctor`.',
  }),
  config_unreadable: row<{ what: string }>({
    retry: false,
    say: ({ what }) =>
      `${what} cannot be opened: it was sealed with another master key, or altered. Put back the secrets/master-key that belongs to this database.`,
  }),
  database_newer: row<{ migration: string }>({
    retry: false,
    say: ({ migration }) =>
      `The database was written by a newer Gantry (it has migration ${migration}); start that version, or restore a backup made by this one.`,
  }),
  database_of_another: row<{ owner: string }>({
    retry: false,
    say: ({ owner }) =>
      `The database belongs to another platform (its id is ${owner}); set DATABASE_URL to the one of this platform.`,
  }),
  database_lost: row<object>({
    retry: false,
    say: () =>
      'The database is empty, but there are repositories of apps in GANTRY_HOME/repos; set DATABASE_URL to the database that knows them, or restore it. To begin anew, move that directory away.',
  }),
  rate_limit: row<object>({
    retry: true,
    say: () => 'Too many requests with this token; wait a minute and retry.',
  }),
  too_many_streams: row<{ limit: number }>({
    retry: true,
    say: ({ limit }) =>
      `You follow ${limit} streams already, which is the most, or everybody together follows too many; end one and retry.`,
  }),
  too_many_webhooks: row<{ limit: number }>({
    retry: false,
    say: ({ limit }) => `This app has ${limit} webhooks, which is the most; remove one first.`,
  }),
  too_many_drains: row<{ limit: number }>({
    retry: false,
    say: ({ limit }) => `This app has ${limit} log drains, which is the most; remove one first.`,
  }),
  egress_refused: row<{ host: string; reason: string }>({
    retry: false,
    say: ({ host, reason }) =>
      `${host} may not be called: ${reason}; an operator can allow a private network (GANTRY_EGRESS_ALLOW).`,
  }),
  egress_failed: row<{ host: string; reason: string }>({
    retry: true,
    say: ({ host, reason }) => `${host} could not be called: ${reason}.`,
  }),
  too_many_git_commands: row<object>({
    retry: true,
    say: () => 'Too many git commands are running at once; wait for one to finish and retry.',
  }),
  restarting: row<object>({
    retry: true,
    say: () => 'The platform is restarting; wait a few seconds and retry.',
  }),
  internal_error: row<object>({
    retry: true,
    say: () => 'Something went wrong inside the platform; the request id names the log lines that tell what.',
  }),
});
