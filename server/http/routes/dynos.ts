import {
  listDynos,
  restartDyno,
  restartDynos,
  restartFormation,
  showDyno,
} from '../../contract/endpoints/dynos.ts';
import type { Actor } from '../../domain/actor.ts';
import type { App } from '../../domain/app.ts';
import { PlatformError } from '../../domain/errors.ts';
import { instanceName, type Instance } from '../../domain/instance.ts';
import type { Outputs } from '../outputs.ts';
import { route, type Call, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { shapeDeployment, shapeDyno, uuidOf } from '../shapes.ts';

type Deps = Pick<Services, 'apps' | 'formations' | 'instances' | 'releases'>;

export function dynoRoutes(services: Deps, outputs: Outputs): readonly Route[] {
  async function restart(call: Call<{ readonly app: string }>, which: string) {
    const { actor, params, signal } = call;
    const app = await services.apps.find(actor, params.app, signal);
    const place = which === '' ? {} : await placeOf(actor, app, which, signal);
    const deployment = await services.instances.restart(actor, app.id, place, signal);
    if (deployment === undefined) return { body: {} };
    return { body: shapeDeployment(deployment, app, outputs.ofTranscript(call, deployment.id)) };
  }

  /** `web.1`, `web`, or the UUID of an instance. */
  async function placeOf(
    actor: Actor,
    app: App,
    which: string,
    signal: AbortSignal,
  ): Promise<{ type: string; number?: number }> {
    const [, type, number] = /^([A-Za-z0-9_-]+)\.(\d{1,6})$/.exec(which) ?? [];
    if (type !== undefined) return { type, number: Number(number) };
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(which)) return { type: which };
    const instance = pick(app, await services.instances.list(actor, app.id, signal), which);
    return { type: instance.type, number: instance.number };
  }

  async function shaperFor(actor: Actor, app: App, signal: AbortSignal) {
    const instances = await services.instances.list(actor, app.id, signal);
    const counts = await services.formations.list(actor, app.id, signal);
    const commands = new Map(counts.map((count) => [count.type, count.command]));
    const versions = [...new Set(instances.map((instance) => instance.release))];
    const releases = new Map(
      await Promise.all(
        versions.map(async (version) => {
          const release = await services.releases.find(actor, app.id, `v${version}`, signal);
          return [version, release] as const;
        }),
      ),
    );
    const shape = (instance: Instance) => {
      const release = releases.get(instance.release);
      const ownCommand = release?.image?.processes[instance.type]?.command;
      const command = ownCommand ?? commands.get(instance.type) ?? '';
      return shapeDyno(instance, app, { command, releaseId: release?.id ?? uuidOf(`release:${app.id}`) });
    };
    return { instances, shape };
  }

  return [
    route(listDynos, async ({ actor, params, signal }) => {
      const app = await services.apps.find(actor, params.app, signal);
      const { instances, shape } = await shaperFor(actor, app, signal);
      return { body: [...instances].sort(byPlace).map(shape) };
    }),

    route(showDyno, async ({ actor, params, signal }) => {
      const app = await services.apps.find(actor, params.app, signal);
      const { instances, shape } = await shaperFor(actor, app, signal);
      return { body: shape(pick(app, instances, params.dyno)) };
    }),

    route(restartDynos, (call) => restart(call, '')),
    route(restartDyno, (call) => restart(call, call.params.dyno)),
    route(restartFormation, (call) => restart(call, call.params.type)),
  ];
}

/** By name or id; while one deployment replaces another, a name means the newer instance. */
function pick(app: App, instances: readonly Instance[], which: string): Instance {
  const newestFirst = [...instances].sort((a, b) => b.seq - a.seq || b.attempt - a.attempt);
  const found = newestFirst.find(
    (instance) => instanceName(instance) === which || uuidOf(`instance:${instance.id}`) === which,
  );
  if (found !== undefined) return found;
  const there = [...new Set(instances.map(instanceName))].toSorted();
  throw PlatformError.of('instance_not_found', { app: app.name, name: which, there });
}

/** By type and number; of two deployments the newer last. */
function byPlace(a: Instance, b: Instance): number {
  return a.type.localeCompare(b.type) || a.number - b.number || a.seq - b.seq || a.attempt - b.attempt;
}
