import { Router, type Request, type Response } from 'express';
import { rollback } from '../../contract/requests.ts';
import type { App } from '../../domain/app.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Release } from '../../domain/release.ts';
import { listAnswer, type Answering } from '../answer.ts';
import { actorOf, identityOf } from '../context.ts';
import type { Outputs } from '../outputs.ts';
import type { Services } from '../services.ts';
import { shapeDeployment, shapeRelease } from '../shapes.ts';

const FIELDS = { version: (release: Release) => release.version, id: (release: Release) => release.id };

export function releaseRoutes(
  { apps, releases }: Pick<Services, 'apps' | 'releases'>,
  outputs: Outputs,
  { read, write }: Answering,
): Router {
  const shape = (req: Request, res: Response, app: App, release: Release) =>
    shapeRelease(release, app, outputs.ofRelease(req, res, app, release.id));

  return Router()
    .get(
      '/apps/:app/releases',
      read(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const all = await releases.list(actorOf(res), app.id, signal);
        return listAnswer(req, all, FIELDS, (release) => shape(req, res, app, release));
      }),
    )
    .get(
      '/apps/:app/releases/:release',
      read(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const which = identityOf(req, 'release', 'release');
        return { body: shape(req, res, app, await releases.find(actorOf(res), app.id, which, signal)) };
      }),
    )
    .get(
      '/apps/:app/releases/:release/deployment',
      read(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const which = identityOf(req, 'release', 'release');
        const release = await releases.find(actorOf(res), app.id, which, signal);
        const deployment = await releases.deploymentOf(actorOf(res), app.id, release.id, signal);
        if (deployment === undefined) {
          throw PlatformError.of('not_found', {
            resource: 'deployment',
            name: `v${release.version} had none`,
          });
        }
        return { body: shapeDeployment(deployment, app, outputs.ofTranscript(req, deployment.id)) };
      }),
    )
    .post(
      '/apps/:app/releases',
      write(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const { release: which } = rollback.parse(req.body ?? {});
        const { release } = await releases.rollback(actorOf(res), app.id, which, signal);
        return { status: 201, body: shape(req, res, app, release) };
      }),
    );
}
