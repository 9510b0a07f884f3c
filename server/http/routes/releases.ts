import {
  createRelease,
  listReleases,
  showDeployment,
  showRelease,
} from '../../contract/endpoints/releases.ts';
import type { App } from '../../domain/app.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Release } from '../../domain/release.ts';
import { listAnswer } from '../answer.ts';
import type { Outputs } from '../outputs.ts';
import { route, type Call, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { shapeDeployment, shapeRelease, slugIdOf } from '../shapes.ts';

const FIELDS = { version: (release: Release) => release.version, id: (release: Release) => release.id };

export function releaseRoutes(
  { apps, releases }: Pick<Services, 'apps' | 'releases'>,
  outputs: Outputs,
): readonly Route[] {
  const shape = (call: Pick<Call, 'actor' | 'origin'>, app: App, release: Release) =>
    shapeRelease(release, app, outputs.ofRelease(call, app, release.id));

  return [
    route(listReleases, async (call) => {
      const { actor, params, range, signal } = call;
      const app = await apps.find(actor, params.app, signal);
      const all = await releases.list(actor, app.id, signal);
      const newest = Math.max(...all.map(({ version }) => version));
      return listAnswer(range, all, FIELDS, (release) => ({
        ...shape(call, app, release),
        // Clients go back to the second of those that are eligible: the first has to be the newest, whatever became of it.
        ...(release.version === newest && release.image !== null && { eligible_for_rollback: true }),
      }));
    }),

    route(showRelease, async (call) => {
      const { actor, params, signal } = call;
      const app = await apps.find(actor, params.app, signal);
      return { body: shape(call, app, await releases.find(actor, app.id, params.release, signal)) };
    }),

    route(showDeployment, async (call) => {
      const { actor, params, signal } = call;
      const app = await apps.find(actor, params.app, signal);
      const release = await releases.find(actor, app.id, params.release, signal);
      const deployment = await releases.deploymentOf(actor, app.id, release.id, signal);
      if (deployment === undefined) {
        throw PlatformError.of('not_found', { resource: 'deployment', name: `v${release.version} had none` });
      }
      return { body: shapeDeployment(deployment, app, outputs.ofTranscript(call, app, deployment.id)) };
    }),

    route(createRelease, async (call) => {
      const { actor, params, body, signal } = call;
      const app = await apps.find(actor, params.app, signal);
      if ('release' in body) {
        const { release } = await releases.rollback(actor, app.id, body.release, signal);
        return { body: shape(call, app, release) };
      }
      const all = await releases.list(actor, app.id, signal);
      const of = all.find(({ image }) => image !== null && slugIdOf(image) === body.slug);
      // Whoever may not deploy hears that first.
      const id = of?.id ?? body.slug;
      const { release } = await releases.again(actor, app.id, id, body.description ?? null, signal);
      return { body: shape(call, app, release) };
    }),
  ];
}
