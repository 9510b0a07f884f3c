import { ENDPOINTS } from '../../contract/endpoints/all.ts';
import { NEEDS, type Endpoint } from '../../contract/endpoint.ts';
import type { Outputs } from '../outputs.ts';
import type { Route } from '../route.ts';
import type { Services } from '../services.ts';
import type { Sources } from '../sources.ts';
import type { Place } from '../shapes.ts';
import { accountRoutes } from './account.ts';
import { appRoutes } from './apps.ts';
import { appSetupRoutes } from './app-setups.ts';
import { auditRoutes } from './audit.ts';
import { buildRoutes } from './builds.ts';
import { certificateRoutes } from './certificates.ts';
import { collaboratorRoutes } from './collaborators.ts';
import { configVarRoutes } from './config-vars.ts';
import { domainRoutes } from './domains.ts';
import { dynoRoutes } from './dynos.ts';
import { elsewhereRoutes } from './elsewhere.ts';
import { execRoutes } from './exec.ts';
import { eventRoutes } from './events.ts';
import { hostRoutes } from './hosts.ts';
import { formationRoutes } from './formation.ts';
import { loginRoutes } from './login.ts';
import { logRoutes } from './logs.ts';
import { masterKeyRoutes } from './master-key.ts';
import { oauthRoutes } from './oauth.ts';
import { peopleRoutes } from './people.ts';
import { optionRoutes } from './options.ts';
import { pipelineRoutes } from './pipelines.ts';
import { platformRoutes } from './platform.ts';
import { releaseRoutes } from './releases.ts';
import { drainRoutes } from './drains.ts';
import { webhookRoutes } from './webhooks.ts';
import { runRoutes } from './runs.ts';
import { teamRoutes } from './teams.ts';
import { transferRoutes, userRoutes } from './transfers.ts';
import { schemaRoutes } from './schema.ts';

export interface RouteDeps {
  readonly services: Services;
  readonly outputs: Outputs;
  readonly sources: Sources;
  readonly place: Place;
  readonly now: () => Date;
  readonly version: string;
}

/** Every route there is. Throws for an endpoint that nobody serves, that two serve, or that says not what it needs. */
export function allRoutes({ services, outputs, sources, place, now, version }: RouteDeps): readonly Route[] {
  const routes = [
    ...accountRoutes(services.accounts),
    ...appRoutes(services.apps, place),
    ...appSetupRoutes(services.appSetups, { outputs, sources }),
    ...auditRoutes(services.audit),
    ...certificateRoutes(services, place),
    ...buildRoutes(services, { outputs, sources, place }),
    ...collaboratorRoutes(services.collaborators),
    ...configVarRoutes(services.configVars),
    ...domainRoutes(services, place),
    ...dynoRoutes(services, outputs),
    ...elsewhereRoutes(services.apps),
    ...execRoutes(services),
    ...eventRoutes(services),
    ...formationRoutes(services),
    ...hostRoutes(services.hosts),
    ...loginRoutes(services.browserLogins),
    ...logRoutes(services.apps, outputs, now),
    ...masterKeyRoutes(services.masterKeys),
    ...oauthRoutes(services.authorizations, now),
    ...peopleRoutes(services, now),
    ...optionRoutes(services.options, version),
    ...pipelineRoutes(services, place),
    ...platformRoutes(),
    ...webhookRoutes(services.webhooks),
    ...drainRoutes(services.drains),
    ...releaseRoutes(services, outputs),
    ...runRoutes(services, outputs, place),
    ...teamRoutes(services, place),
    ...transferRoutes(services.transfers),
    ...userRoutes(services.directory),
    ...schemaRoutes(version),
  ];
  mustBeComplete(routes, ENDPOINTS);
  return routes;
}

/** The server does not start with a hole in its table: what is described is served, what is served is described. */
export function mustBeComplete(
  routes: readonly Pick<Route, 'endpoint'>[],
  endpoints: readonly Endpoint[],
): void {
  const nameOf = ({ method, path }: Endpoint): string => `${method} ${path.replaceAll(/[:*]\w+/g, ':')}`;
  const served = routes.map(({ endpoint }) => nameOf(endpoint));
  const described = endpoints.map(nameOf);
  const twice = served.find((name, at) => served.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`two routes serve ${twice}`);
  const unserved = described.find((name) => !served.includes(name));
  if (unserved !== undefined) throw new Error(`no route serves ${unserved}`);
  const undescribed = served.find((name) => !described.includes(name));
  if (undescribed !== undefined)
    throw new Error(`${undescribed} is served, but not described in server/contract/endpoints`);
  const bare = endpoints.find(({ needs }) => !NEEDS.includes(needs));
  if (bare !== undefined) throw new Error(`${nameOf(bare)} does not say what a caller needs`);
}
