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
import { RUN_TYPE, runName } from '../../domain/run.ts';
import type { Outputs } from '../outputs.ts';
import { route, type Call, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { runIdOf, shapeDeployment, shapeDyno, shapeRun, uuidOf } from '../shapes.ts';

export type DynoDeps = Pick<Services, 'apps' | 'formations' | 'instances' | 'releases' | 'runs'>;

export function dynoRoutes(services: DynoDeps, outputs: Outputs): readonly Route[] {
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
    const runs = (await services.runs.list(actor, app.id, signal)).map((run) =>
      // Of a release that has not been asked for already the version says enough.
      shapeRun(run, app, {
        releaseId: releases.get(run.release)?.id ?? uuidOf(`release:${app.id}:${run.release}`),
      }),
    );
    const shape = (instance: Instance) => {
      const release = releases.get(instance.release);
      const ownCommand = release?.image?.processes[instance.type]?.command;
      const command = ownCommand ?? commands.get(instance.type) ?? '';
      return shapeDyno(instance, app, { command, releaseId: release?.id ?? uuidOf(`release:${app.id}`) });
    };
    return { instances, runs, shape };
  }

  return [
    route(listDynos, async ({ actor, params, signal }) => {
      const app = await services.apps.find(actor, params.app, signal);
      const { instances, runs, shape } = await shaperFor(actor, app, signal);
      // One that was told to end is none of the app's any more, as clients count them: its place is filled or gone.
      const there = instances.filter(({ state }) => state !== 'stopping');
      return { body: [...there.sort(byPlace).map(shape), ...runs] };
    }),

    route(showDyno, async ({ actor, params, signal }) => {
      const app = await services.apps.find(actor, params.app, signal);
      const { instances, runs, shape } = await shaperFor(actor, app, signal);
      const run = runs.find(({ id, name }) => id === params.dyno || name === params.dyno);
      return { body: run ?? shape(pick(app, instances, params.dyno)) };
    }),

    route(restartDynos, (call) => restart(services, outputs, call, '')),
    route(restartDyno, (call) => endOne(services, outputs, call, call.params.dyno)),
    route(restartFormation, (call) => endAll(services, outputs, call, call.params.type)),
  ];
}

type AppCall = Call<{ readonly app: string }>;

/** What `DELETE` and `stop` of one place do: a run ends, an instance is replaced. */
export async function endOne(services: DynoDeps, outputs: Outputs, call: AppCall, which: string) {
  const { actor, params, signal } = call;
  const run = (await services.runs.list(actor, params.app, signal)).find(
    (one) => runName(one) === which || runIdOf(one) === which,
  );
  if (run === undefined) return restart(services, outputs, call, which);
  await services.runs.stop(actor, params.app, runName(run), signal);
  return { body: {} };
}

/** The same for all of a type; `run` is the type of all runs, unless the app has instances of that type. */
export async function endAll(services: DynoDeps, outputs: Outputs, call: AppCall, type: string) {
  const { actor, params, signal } = call;
  const runs = type === RUN_TYPE ? await services.runs.list(actor, params.app, signal) : [];
  if (runs.length === 0) return restart(services, outputs, call, type);
  for (const run of runs) await services.runs.stop(actor, params.app, runName(run), signal);
  return { body: {} };
}

async function restart(services: DynoDeps, outputs: Outputs, call: AppCall, which: string) {
  const { actor, params, signal } = call;
  const app = await services.apps.find(actor, params.app, signal);
  const place = which === '' ? {} : await placeOf(services, actor, app, which, signal);
  const deployment = await services.instances.restart(actor, app.id, place, signal);
  if (deployment === undefined) return { body: {} };
  return { body: shapeDeployment(deployment, app, outputs.ofTranscript(call, app, deployment.id)) };
}

/** `web.1`, `web`, or the UUID of an instance. */
async function placeOf(
  services: DynoDeps,
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
