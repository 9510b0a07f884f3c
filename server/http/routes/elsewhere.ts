import * as elsewhere from '../../contract/endpoints/elsewhere.ts';
import { PlatformError } from '../../domain/errors.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';

/** The systems that clients of the Platform API show a state of. */
const SYSTEMS = ['Apps', 'Data', 'Tools'];

/** What this platform has not: empty lists for who asks, a refusal with a reason for who wants some. */
export function elsewhereRoutes(apps: Pick<Services['apps'], 'find' | 'operable'>): readonly Route[] {
  const none = () => Promise.resolve({ body: [] });
  return [
    route(elsewhere.listSpaces, none),
    route(elsewhere.listNotifications, none),
    route(elsewhere.listFavorites, none),
    route(elsewhere.listClients, none),
    route(elsewhere.createClient, () =>
      Promise.reject(
        PlatformError.of('not_offered', {
          what: 'OAuth clients',
          instead: 'give programs a token of their own (gantry authorizations:create)',
        }),
      ),
    ),
    route(elsewhere.listTelemetryDrains, async ({ actor, params, signal }) => {
      await apps.find(actor, params.app, signal);
      return { body: [] };
    }),
    route(elsewhere.listAddonServices, none),
    route(elsewhere.listAllAddons, none),
    route(elsewhere.listAddonAttachments, none),
    route(elsewhere.listAppAddonAttachments, async ({ actor, params, signal }) => {
      await apps.find(actor, params.app, signal);
      return { body: [] };
    }),
    route(elsewhere.createAddon, async ({ actor, params, signal }) => {
      const app = await apps.operable(actor, params.app, signal);
      throw PlatformError.of('not_offered', {
        what: 'add-ons',
        instead: `run the service elsewhere and tell the app its address (gantry config:set -a ${app.name})`,
      });
    }),
    route(elsewhere.currentStatus, () =>
      Promise.resolve({
        body: {
          status: SYSTEMS.map((system) => ({ system, status: 'green' as const })),
          incidents: [],
          scheduled: [],
        },
      }),
    ),
  ];
}
