import type { Endpoint } from '../endpoint.ts';
import * as account from './account.ts';
import * as apps from './apps.ts';
import * as appSetups from './app-setups.ts';
import * as audit from './audit.ts';
import * as builds from './builds.ts';
import * as certificates from './certificates.ts';
import * as collaborators from './collaborators.ts';
import * as configVars from './config-vars.ts';
import * as domains from './domains.ts';
import * as dynos from './dynos.ts';
import * as elsewhere from './elsewhere.ts';
import * as exec from './exec.ts';
import * as events from './events.ts';
import * as formation from './formation.ts';
import * as hosts from './hosts.ts';
import * as login from './login.ts';
import * as logs from './logs.ts';
import * as masterKey from './master-key.ts';
import * as oauth from './oauth.ts';
import * as options from './options.ts';
import * as people from './people.ts';
import * as pipelines from './pipelines.ts';
import * as platform from './platform.ts';
import * as releases from './releases.ts';
import * as drains from './drains.ts';
import * as webhooks from './webhooks.ts';
import * as runs from './runs.ts';
import * as teamApps from './team-apps.ts';
import * as teams from './teams.ts';
import * as transfers from './transfers.ts';
import * as users from './users.ts';
import * as schema from './schema.ts';

/** Every endpoint of the HTTP API by topic, as the documentation lists them. */
export const TOPICS: Readonly<Record<string, Readonly<Record<string, Endpoint>>>> = {
  account,
  apps,
  appSetups,
  audit,
  builds,
  certificates,
  collaborators,
  configVars,
  domains,
  drains,
  dynos,
  elsewhere,
  exec,
  events,
  formation,
  hosts,
  login,
  logs,
  masterKey,
  oauth,
  options,
  people,
  pipelines,
  platform,
  releases,
  runs,
  teamApps,
  teams,
  transfers,
  users,
  schema,
  webhooks,
};

export const ENDPOINTS: readonly Endpoint[] = Object.values(TOPICS).flatMap((topic) => Object.values(topic));
