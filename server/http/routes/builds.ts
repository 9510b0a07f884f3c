import { listBuilds, showBuild } from '../../contract/endpoints/builds.ts';
import type { Actor } from '../../domain/actor.ts';
import type { App } from '../../domain/app.ts';
import type { Build } from '../../domain/build.ts';
import { listAnswer } from '../answer.ts';
import type { Outputs } from '../outputs.ts';
import { route, type Call, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { shapeBuild } from '../shapes.ts';

// Builds have no number; their order is that of time, made unique by the id.
const FIELDS = {
  created_at: (build: Build) => `${build.createdAt.toISOString()}~${build.id}`,
  id: (build: Build) => build.id,
};

export function buildRoutes(
  { apps, builds }: Pick<Services, 'apps' | 'builds'>,
  outputs: Outputs,
): readonly Route[] {
  const shape = (call: Pick<Call, 'actor' | 'origin'>, app: App, build: Build) =>
    shapeBuild(build, app, emailOf(build, app, call.actor), outputs.ofTranscript(call, build.id));

  return [
    route(listBuilds, async (call) => {
      const { actor, params, range, signal } = call;
      const app = await apps.find(actor, params.app, signal);
      const all = await builds.list(actor, app.id, signal);
      return listAnswer(range, all, FIELDS, (build) => shape(call, app, build));
    }),

    route(showBuild, async (call) => {
      const { actor, params, signal } = call;
      const app = await apps.find(actor, params.app, signal);
      return { body: shape(call, app, await builds.find(actor, app.id, params.build, signal)) };
    }),
  ];
}

/** A build knows its pusher by id; until others may push, that is the owner or, for an admin's push, the one who asks. */
function emailOf(build: Build, app: App, actor: Actor): string {
  if (build.userId === app.owner.id) return app.owner.email;
  return build.userId === actor.userId ? actor.email : '';
}
