import { Router, type Request, type Response } from 'express';
import type { App } from '../../domain/app.ts';
import { PlatformError } from '../../domain/errors.ts';
import { instanceName, type Instance } from '../../domain/instance.ts';
import type { Answer, Answering } from '../answer.ts';
import { actorOf, identityOf } from '../context.ts';
import type { Outputs } from '../outputs.ts';
import type { Services } from '../services.ts';
import { shapeDeployment, shapeDyno, uuidOf } from '../shapes.ts';

type Deps = Pick<Services, 'apps' | 'formations' | 'instances' | 'releases'>;

export function dynoRoutes(services: Deps, outputs: Outputs, { read, write }: Answering): Router {
  async function restart(req: Request, res: Response, which: string, signal: AbortSignal): Promise<Answer> {
    const app = await services.apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
    const deployment = await services.instances.restart(
      actorOf(res),
      app.id,
      which === '' ? {} : await placeOf(res, app, which, signal),
      signal,
    );
    if (deployment === undefined) return { status: 202, body: {} };
    const url = outputs.ofTranscript(req, deployment.id);
    return { status: 202, body: shapeDeployment(deployment, app, url) };
  }

  /** `web.1`, `web`, or the UUID of an instance. */
  async function placeOf(
    res: Response,
    app: App,
    which: string,
    signal: AbortSignal,
  ): Promise<{ type: string; number?: number }> {
    const [, type, number] = /^([A-Za-z0-9_-]+)\.(\d{1,6})$/.exec(which) ?? [];
    if (type !== undefined) return { type, number: Number(number) };
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(which)) return { type: which };
    const instance = pick(app, await services.instances.list(actorOf(res), app.id, signal), which);
    return { type: instance.type, number: instance.number };
  }

  async function shaperFor(res: Response, app: App, signal: AbortSignal) {
    const instances = await services.instances.list(actorOf(res), app.id, signal);
    const counts = await services.formations.list(actorOf(res), app.id, signal);
    const commands = new Map(counts.map((count) => [count.type, count.command]));
    const versions = [...new Set(instances.map((instance) => instance.release))];
    const releases = new Map(
      await Promise.all(
        versions.map(async (version) => {
          const release = await services.releases.find(actorOf(res), app.id, `v${version}`, signal);
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

  return Router()
    .get(
      '/apps/:app/dynos',
      read(async (req, res, signal) => {
        const app = await services.apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const { instances, shape } = await shaperFor(res, app, signal);
        return { body: [...instances].sort(byPlace).map(shape) };
      }),
    )
    .get(
      '/apps/:app/dynos/:dyno',
      read(async (req, res, signal) => {
        const app = await services.apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const { instances, shape } = await shaperFor(res, app, signal);
        return { body: shape(pick(app, instances, identityOf(req, 'dyno', 'dyno'))) };
      }),
    )
    .delete(
      '/apps/:app/dynos',
      write((req, res, signal) => restart(req, res, '', signal)),
    )
    .delete(
      '/apps/:app/dynos/:dyno',
      write((req, res, signal) => restart(req, res, identityOf(req, 'dyno', 'dyno'), signal)),
    )
    .delete(
      '/apps/:app/formations/:type',
      write((req, res, signal) => restart(req, res, identityOf(req, 'type', 'formation'), signal)),
    );
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
