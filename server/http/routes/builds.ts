import { Router, type Request, type Response } from 'express';
import type { App } from '../../domain/app.ts';
import type { Build } from '../../domain/build.ts';
import { listAnswer, type Answering } from '../answer.ts';
import { actorOf, identityOf } from '../context.ts';
import type { Outputs } from '../outputs.ts';
import type { Services } from '../services.ts';
import { shapeBuild } from '../shapes.ts';

export function buildRoutes(
  { apps, builds }: Pick<Services, 'apps' | 'builds'>,
  outputs: Outputs,
  { read }: Answering,
): Router {
  const shape = (req: Request, res: Response, app: App, build: Build) =>
    shapeBuild(build, app, emailOf(build, app, res), outputs.ofTranscript(req, build.id));
  // Builds have no number; their order is that of time, made unique by the id.
  const fields = {
    created_at: (build: Build) => `${build.createdAt.toISOString()}~${build.id}`,
    id: (build: Build) => build.id,
  };

  return Router()
    .get(
      '/apps/:app/builds',
      read(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const all = await builds.list(actorOf(res), app.id, signal);
        return listAnswer(req, all, fields, (build) => shape(req, res, app, build));
      }),
    )
    .get(
      '/apps/:app/builds/:build',
      read(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const id = identityOf(req, 'build', 'build');
        return { body: shape(req, res, app, await builds.find(actorOf(res), app.id, id, signal)) };
      }),
    );
}

/** A build knows its pusher by id; until others may push, that is the owner or, for an admin's push, the one who asks. */
function emailOf(build: Build, app: App, res: Response): string {
  const actor = actorOf(res);
  if (build.userId === app.owner.id) return app.owner.email;
  return build.userId === actor.userId ? actor.email : '';
}
