import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { setBuildpacks, setFeature } from '../requests.ts';
import {
  appFeature,
  buildpackInstallation,
  registryBuildpack,
  registryRevision,
} from '../option-resources.ts';

export const listBuildpackInstallations = endpoint({
  method: 'GET',
  path: '/apps/:app/buildpack-installations',
  summary: 'list the buildpacks chosen for an app',
  needs: 'app:view',
  answer: z.array(buildpackInstallation),
});

export const setBuildpackInstallations = endpoint({
  method: 'PUT',
  path: '/apps/:app/buildpack-installations',
  summary: 'choose the buildpacks for the next build of an app; none: whichever applies',
  needs: 'app:deploy',
  body: setBuildpacks,
  answer: z.array(buildpackInstallation),
});

/** The registry of buildpacks is public: clients of the Platform API ask it without credentials. */
export const listBuildpacks = endpoint({
  method: 'GET',
  path: '/buildpacks',
  summary: 'list the buildpacks of the platform',
  needs: 'open',
  query: z.looseObject({}),
  answer: z.array(registryBuildpack),
});

export const showBuildpack = endpoint({
  method: 'GET',
  path: '/buildpacks/:buildpack',
  summary: 'show a buildpack of the platform, by its name (heroku%2Fnodejs)',
  needs: 'open',
  answer: registryBuildpack,
});

export const listBuildpackRevisions = endpoint({
  method: 'GET',
  path: '/buildpacks/:buildpack/revisions',
  summary: 'list the versions of a buildpack: the one that this platform came with',
  needs: 'open',
  answer: z.array(registryRevision),
});

export const showBuildpackReadme = endpoint({
  method: 'GET',
  path: '/buildpacks/:buildpack/readme',
  summary: 'show what a buildpack does',
  needs: 'open',
  answer: z.object({ content: z.string(), encoding: z.literal('base64') }),
});

export const listFeatures = endpoint({
  method: 'GET',
  path: '/apps/:app/features',
  summary: 'list the features of an app',
  needs: 'app:view',
  answer: z.array(appFeature),
  ranges: ['name', 'id'],
});

export const showFeature = endpoint({
  method: 'GET',
  path: '/apps/:app/features/:feature',
  summary: 'show a feature of an app',
  needs: 'app:view',
  answer: appFeature,
});

export const updateFeature = endpoint({
  method: 'PATCH',
  path: '/apps/:app/features/:feature',
  summary: 'switch a feature of an app on or off',
  needs: 'app:operate',
  body: setFeature,
  answer: appFeature,
});
