import { createDyno, createInside, stopDyno, stopFormation } from '../../contract/endpoints/runs.ts';
import type { RunOrderBody } from '../../contract/requests.ts';
import { PlatformError } from '../../domain/errors.ts';
import { instanceName, type Instance } from '../../domain/instance.ts';
import type { RunOrder } from '../../services/runs.ts';
import type { Outputs } from '../outputs.ts';
import { route, type Route } from '../route.ts';
import { mustBeOurs, shapeDyno, shapeRun, uuidOf, type Place } from '../shapes.ts';
import { endAll, endOne, type DynoDeps } from './dynos.ts';

/** One-off processes, and commands inside instances. */
export function runRoutes(services: DynoDeps, outputs: Outputs, { rendezvousPort }: Place): readonly Route[] {
  return [
    route(createDyno, async ({ actor, params, body, origin, signal }) => {
      mustBeOurs('size', body.size);
      const order = {
        ...orderOf(body),
        command: body.command,
        attach: body.attach ?? false,
        type: body.type ?? null,
      };
      const seconds = body.time_to_live ?? null;
      const { app, release, run, secret } = await services.runs.start(
        actor,
        params.app,
        { ...order, seconds },
        signal,
      );
      const attachUrl = secret === null ? {} : { attachUrl: attachUrlOf(origin, rendezvousPort, secret) };
      return { body: shapeRun(run, app, { releaseId: release.id, ...attachUrl }) };
    }),

    route(createInside, async ({ actor, params, body, origin, signal }) => {
      mustBeOurs('size', body.size);
      const order = { ...orderOf(body), command: body.command ?? null };
      const which = await nameOf(services, { actor, app: params.app, dyno: params.dyno }, signal);
      const { app, instance, secret } = await services.runs.inside(actor, params.app, which, order, signal);
      const release = await services.releases.find(actor, app.id, `v${instance.release}`, signal);
      const from = { command: body.command ?? '', releaseId: release.id };
      return {
        body: {
          ...shapeDyno(instance, app, from),
          attach_url: attachUrlOf(origin, rendezvousPort, secret),
        },
      };
    }),

    route(stopDyno, (call) => endOne(services, outputs, call, call.params.dyno)),
    route(stopFormation, (call) => endAll(services, outputs, call, call.params.type)),
  ];
}

function orderOf({ env, force_no_tty: forceNoTty }: RunOrderBody): Pick<RunOrder, 'tty' | 'env'> {
  return { tty: forceNoTty !== true, env: new Map(env ?? []) };
}

/** Ids of instances on the wire are ours; the services know names. */
async function nameOf(
  services: DynoDeps,
  { actor, app, dyno }: { actor: Parameters<DynoDeps['runs']['list']>[0]; app: string; dyno: string },
  signal: AbortSignal,
): Promise<string> {
  if (!/^[0-9a-f-]{36}$/.test(dyno)) return dyno;
  const instances: readonly Instance[] = await services.instances.list(actor, app, signal);
  const found = instances.find((instance) => uuidOf(`instance:${instance.id}`) === dyno);
  if (found === undefined)
    throw PlatformError.of('instance_not_found', { app, name: dyno, there: instances.map(instanceName) });
  return instanceName(found);
}

/** Where the client reached us, at another port. Node's resolver does not know the names below `localhost`. */
function attachUrlOf(origin: string, port: number, secret: string): string {
  const { hostname } = new URL(origin);
  const host = hostname.endsWith('.localhost') ? 'localhost' : hostname;
  return `rendezvous://${host}:${port}/${secret}`;
}
