import { access } from './catalogue/access.ts';
import { account } from './catalogue/account.ts';
import { apps } from './catalogue/apps.ts';
import { audit } from './catalogue/audit.ts';
import { authorizations } from './catalogue/authorizations.ts';
import { certs } from './catalogue/certs.ts';
import { config } from './catalogue/config.ts';
import { deploy } from './catalogue/deploy.ts';
import { drains } from './catalogue/drains.ts';
import { domains } from './catalogue/domains.ts';
import { git } from './catalogue/git.ts';
import { help } from './catalogue/help.ts';
import { heroku } from './catalogue/heroku.ts';
import { keys } from './catalogue/keys.ts';
import { logs } from './catalogue/logs.ts';
import { maintenance } from './catalogue/maintenance.ts';
import { options } from './catalogue/options.ts';
import { pipelines } from './catalogue/pipelines.ts';
import { platform } from './catalogue/platform.ts';
import { ps } from './catalogue/ps.ts';
import { releases } from './catalogue/releases.ts';
import { teams } from './catalogue/teams.ts';
import { users } from './catalogue/users.ts';
import { run } from './catalogue/run.ts';
import { webhooks } from './catalogue/webhooks.ts';
import type { TopicSpec } from './command.ts';

/** Every command there is, by topic, in the order of the help; a topic's commands are in its own file. */
export const CATALOGUE: readonly TopicSpec[] = [
  apps,
  git,
  deploy,
  options,
  config,
  ps,
  run,
  logs,
  drains,
  releases,
  domains,
  certs,
  maintenance,
  access,
  teams,
  pipelines,
  audit,
  webhooks,
  account,
  keys,
  authorizations,
  users,
  platform,
  heroku,
  help,
];
