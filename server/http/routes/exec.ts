import { listReservations, reserve } from '../../contract/endpoints/exec.ts';
import { PlatformError } from '../../domain/errors.ts';
import { instanceName } from '../../domain/instance.ts';
import { route, type Call, type Route } from '../route.ts';
import type { Services } from '../services.ts';

/** `ps:exec` of the Platform API's clients, who then come over SSH. */
export function execRoutes(services: Pick<Services, 'apps' | 'instances' | 'execGrants'>): readonly Route[] {
  return [
    route(listReservations, async (call) => {
      const app = await services.apps.operable(call.actor, appOf(call), call.signal);
      const instances = await services.instances.list(call.actor, app.id, call.signal);
      const running = instances.filter(({ state }) => state === 'starting' || state === 'ready');
      return { body: [...new Set(running.map(instanceName))].map((name) => ({ dyno_name: name })) };
    }),
    route(reserve, async (call) => {
      const order = { app: appOf(call), instance: call.params.dyno, publicKey: call.body.client_key };
      const { user, instance, hostKey } = await services.execGrants.grant(call.actor, order, call.signal);
      return {
        body: {
          // The client dials port 80 there; what listens there leads to our door.
          tunnel_host: '127.0.0.1',
          client_user: user,
          proxy_public_key: hostKey,
          dyno_ip: instance.address ?? '',
        },
      };
    }),
  ];
}

/** These calls name their app nowhere but in their credentials. */
function appOf(call: Pick<Call, 'header'>): string {
  const [, value = ''] = /^basic +(\S+)$/i.exec(call.header('authorization') ?? '') ?? [];
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const name = pair.slice(0, Math.max(pair.indexOf(':'), 0));
  if (/^[\x21-\x7e]{1,100}$/.test(name)) return name;
  throw PlatformError.of('invalid_params', {
    field: 'The app',
    problem: 'must be the user name of Basic credentials',
  });
}
