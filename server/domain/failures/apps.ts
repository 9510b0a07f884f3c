import { row } from '../../../lib/errors.ts';

/** Failures of an app and what belongs to it: names, processes, config, hosts, limits. */
export const APP_FAILURES = {
  app_coupled: row<{ app: string; pipeline: string }>({
    retry: false,
    say: ({ app, pipeline }) =>
      `${app} is in pipeline ${pipeline} already, and an app is in one at most; take it out first (gantry pipelines:remove -a ${app}).`,
  }),
  pipeline_promoting: row<{ pipeline: string }>({
    retry: true,
    say: ({ pipeline }) =>
      `A promotion in pipeline ${pipeline} is under way, and would go with it untold; wait until it is decided, then destroy the pipeline.`,
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
  app_changed: row<{ app: string }>({
    retry: true,
    say: ({ app }) => `${app} was changed by someone else at the same moment; look again and retry.`,
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
  too_many_instances: row<{ app: string; wanted: number | string; limit: number }>({
    retry: false,
    say: ({ app, wanted, limit }) =>
      `${app} would have ${wanted} instances; at most ${limit} of all process types together fit in its private network, where a deploy has old and new ones side by side.`,
  }),
  release_command_not_scalable: row<{ app: string }>({
    retry: false,
    say: ({ app }) =>
      `The release command of ${app} cannot be scaled: it is no process that stays up, but a command that is run once for each new release.`,
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
  feature_fixed: row<{ feature: string; why: string }>({
    retry: false,
    say: ({ feature, why }) => `${feature} cannot be switched off: ${why}.`,
  }),
  start_refused: row<{ instance: string; reason: string }>({
    retry: false,
    say: ({ instance, reason }) => `${instance} could not be started: ${reason}.`,
  }),
  start_failed: row<{ instance: string; reason: string }>({
    retry: true,
    say: ({ instance, reason }) => `The container engine failed to start ${instance}: ${reason}.`,
  }),
  too_many_webhooks: row<{ limit: number }>({
    retry: false,
    say: ({ limit }) => `This app has ${limit} webhooks, which is the most; remove one first.`,
  }),
  too_many_drains: row<{ limit: number }>({
    retry: false,
    say: ({ limit }) => `This app has ${limit} log drains, which is the most; remove one first.`,
  }),
};
