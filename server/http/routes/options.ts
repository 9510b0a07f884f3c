import {
  listBuildpackInstallations,
  listBuildpackRevisions,
  listBuildpacks,
  listFeatures,
  setBuildpackInstallations,
  showBuildpack,
  showBuildpackReadme,
  showFeature,
  updateFeature,
} from '../../contract/endpoints/options.ts';
import {
  buildpackName,
  BUILDPACKS,
  chooseBuildpack,
  describeBuildpack,
  findBuildpack,
  type Buildpack,
  type DescribedBuildpack,
} from '../../domain/buildpacks.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { AppFeature } from '../../services/app-options.ts';
import { listAnswer } from '../answer.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { shapeBuildpack, SINCE, uuidOf, wireTime } from '../shapes.ts';

const FEATURE_FIELDS = {
  name: ({ feature }: AppFeature) => feature.name,
  id: ({ app, feature }: AppFeature) => uuidOf(`feature:${app.id}:${feature.name}`),
};

/** What is chosen for an app, and what there is to choose from. */
export function optionRoutes(options: Services['options'], version: string): readonly Route[] {
  return [
    route(listBuildpackInstallations, async ({ actor, params, signal }) => ({
      body: installations(await options.buildpacks(actor, params.app, signal)),
    })),

    route(setBuildpackInstallations, async ({ actor, params, body, signal }) => {
      const names = body.updates.map(({ buildpack }) => buildpack);
      const chosen = await options.setBuildpacks(actor, params.app, names, signal);
      const choice = chooseBuildpack(chosen);
      // Kept as Heroku keeps it, for the day when it can be built; until then nobody should have to push to hear of it.
      const headers = 'reason' in choice ? { 'Warning-Message': `${choice.reason}.` } : {};
      return { headers, body: installations(chosen) };
    }),

    route(listBuildpacks, ({ query }) => Promise.resolve({ body: search(query).map(shapeRegistry) })),

    // Whoever asks by another name goes on by that name.
    route(showBuildpack, ({ params }) =>
      found(params.buildpack, (one) => ({
        ...shapeRegistry(one),
        blob_url: `urn:buildpack:${buildpackName(params.buildpack)}`,
      })),
    ),

    route(listBuildpackRevisions, ({ params }) =>
      found(params.buildpack, () =>
        revisionsOf(findBuildpack(params.buildpack)).map(({ pack }) => ({
          id: uuidOf(`revision:${pack}:${version}`),
          version: 1,
          release: version,
          status: 'published',
          blob_url: null,
          created_at: SINCE,
          updated_at: SINCE,
        })),
      ),
    ),

    route(showBuildpackReadme, ({ params }) =>
      found(params.buildpack, ({ readme }) => ({
        content: Buffer.from(readme).toString('base64'),
        encoding: 'base64' as const,
      })),
    ),

    route(listFeatures, async ({ actor, params, range, signal }) =>
      listAnswer(range, await options.features(actor, params.app, signal), FEATURE_FIELDS, shapeFeature),
    ),

    route(showFeature, async ({ actor, params, signal }) => ({
      body: shapeFeature(await options.feature(actor, params.app, params.feature, signal)),
    })),

    route(updateFeature, async ({ actor, params, body, signal }) => {
      const { app, feature } = params;
      return { body: shapeFeature(await options.setFeature(actor, app, feature, body.enabled, signal)) };
    }),
  ];
}

function installations(names: readonly string[]) {
  return names.map((name, ordinal) => ({ ordinal, buildpack: shapeBuildpack(name) }));
}

/** One that the platform does not have has none. */
function revisionsOf(one: Buildpack | undefined): readonly Buildpack[] {
  return one ? [one] : [];
}

function found<T>(name: string, shape: (one: DescribedBuildpack) => T): Promise<{ body: T }> {
  const one = describeBuildpack(name);
  if (!one) return Promise.reject(PlatformError.of('not_found', { resource: 'buildpack', name }));
  return Promise.resolve({ body: shape(one) });
}

/** As the Platform API's clients search: by namespace, by name, or by a word of the description. */
function search(query: Readonly<Record<string, unknown>>): readonly Buildpack[] {
  const asked = (key: string): string[] | undefined => {
    const value = query[key] ?? query[key.replace('[]', '')];
    return value === undefined
      ? undefined
      : [value].flat().map((word) => (typeof word === 'string' ? word.toLowerCase() : ''));
  };
  const namespaces = asked('in[namespace][]');
  const names = asked('in[name][]');
  const [word] = asked('like[description]') ?? [];
  return BUILDPACKS.filter(
    (one) =>
      (namespaces?.includes(one.namespace) ?? true) &&
      (names?.includes(one.name) ?? true) &&
      (word === undefined || one.description.toLowerCase().includes(word)),
  );
}

function shapeRegistry(one: DescribedBuildpack) {
  const name = `${one.namespace}/${one.name}`;
  return {
    id: uuidOf(`buildpack:${name}`),
    name: one.name,
    namespace: one.namespace,
    full_name: name,
    description: one.description,
    category: 'languages',
    license: null,
    blob_url: `urn:buildpack:${name}`,
    support: { method: 'website', address: '' },
    source: { type: 'platform', owner: one.namespace, repo: one.name },
    created_at: SINCE,
    updated_at: SINCE,
  };
}

function shapeFeature({ app, feature, since }: AppFeature) {
  return {
    id: FEATURE_FIELDS.id({ app, feature, since }),
    name: feature.name,
    display_name: feature.name,
    description: feature.description,
    doc_url: '',
    feedback_email: '',
    state: 'general',
    enabled: since !== null,
    created_at: wireTime(app.createdAt),
    updated_at: wireTime(since ?? app.createdAt),
  };
}
