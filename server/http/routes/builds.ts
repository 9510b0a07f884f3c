import {
  cancelBuild,
  createAppSource,
  createBuild,
  createSlug,
  createSource,
  listBuilds,
  purgeBuildCache,
  showBuild,
  showSlug,
} from '../../contract/endpoints/builds.ts';
import type { Actor } from '../../domain/actor.ts';
import type { App } from '../../domain/app.ts';
import type { Build } from '../../domain/build.ts';
import { PlatformError } from '../../domain/errors.ts';
import { listAnswer } from '../answer.ts';
import type { Outputs } from '../outputs.ts';
import { route, type Call, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { shapeApp, shapeBuild, shapeSlug, slugIdOf, type Place } from '../shapes.ts';
import type { Sources } from '../sources.ts';

// Builds have no number; their order is that of time, made unique by the id.
const FIELDS = {
  created_at: (build: Build) => `${build.createdAt.toISOString()}~${build.id}`,
  id: (build: Build) => build.id,
};

type Deps = Pick<Services, 'apps' | 'builds' | 'releases' | 'uploads'>;

export function buildRoutes(
  services: Deps,
  {
    outputs,
    sources,
    place,
  }: { readonly outputs: Outputs; readonly sources: Sources; readonly place: Place },
): readonly Route[] {
  const { apps, builds, releases, uploads } = services;
  const shape = (call: Pick<Call, 'actor' | 'origin'>, app: App, build: Build) =>
    shapeBuild(build, app, emailOf(build, app, call.actor), outputs.ofTranscript(call, app, build.id));
  const sourceFor = (call: Pick<Call, 'actor' | 'origin'>) => {
    const { put, get } = sources.addresses(call, uploads.open(call.actor));
    return { body: { source_blob: { get_url: get, put_url: put } } };
  };

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

    route(createSource, (call) => Promise.resolve(sourceFor(call))),

    route(createAppSource, async (call) => {
      await apps.deployable(call.actor, call.params.app, call.signal);
      return sourceFor(call);
    }),

    route(createBuild, async (call) => {
      const { actor, params, body, signal } = call;
      // Asked first: what is wrong with a source is told only to those who may deploy it.
      const app = await apps.deployable(actor, params.app, signal);
      const { url, checksum, version, version_description: description } = body.source_blob;
      const upload = sources.uploadAt(url);
      const source = {
        from: upload ? { upload } : { url },
        checksum: checksum ?? null,
        version: version || null,
        description: description || null,
        buildpacks: body.buildpacks?.map((one) => one.url ?? one.name ?? '') ?? null,
      };
      return { body: shape(call, app, await builds.create(actor, app.id, source, signal)) };
    }),

    route(cancelBuild, async (call) => {
      const { actor, params, signal } = call;
      const app = await apps.find(actor, params.app, signal);
      return { body: shape(call, app, await builds.cancel(actor, app.id, params.build, signal)) };
    }),

    route(purgeBuildCache, async ({ actor, params, signal }) => ({
      body: shapeApp(await builds.purgeCache(actor, params.app, signal), place),
    })),

    route(showSlug, async ({ actor, params, signal }) => {
      const app = await apps.find(actor, params.app, signal);
      const all = await releases.list(actor, app.id, signal);
      const release = all.find((one) => one.image !== null && slugIdOf(one.image) === params.slug);
      if (!release?.image) throw PlatformError.of('not_found', { resource: 'slug', name: params.slug });
      return { body: shapeSlug(release, release.image) };
    }),

    route(createSlug, async ({ actor, params, signal }) => {
      const app = await apps.deployable(actor, params.app, signal);
      throw PlatformError.of('slug_refused', { app: app.name });
    }),
  ];
}

/** A build knows its pusher by id; until others may push, that is the owner or, for an admin's push, the one who asks. */
function emailOf(build: Build, app: App, actor: Actor): string {
  if (build.userId === app.owner.id) return app.owner.email;
  return build.userId === actor.userId ? actor.email : '';
}
