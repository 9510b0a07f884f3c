import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  createBuild as createBody,
  createSlug as slugBody,
  createSource as sourceBody,
} from '../requests.ts';
import { app, build, slug, source } from '../resources.ts';

export const listBuilds = endpoint({
  method: 'GET',
  path: '/apps/:app/builds',
  summary: 'list the builds of an app',
  needs: 'app:view',
  answer: z.array(build),
  ranges: ['created_at', 'id'],
});

export const showBuild = endpoint({
  method: 'GET',
  path: '/apps/:app/builds/:build',
  summary: 'show a build',
  needs: 'app:view',
  answer: build,
});

export const createSource = endpoint({
  method: 'POST',
  path: '/sources',
  summary: 'get an address to which a source can be sent (PUT), to be built',
  needs: 'apps:list',
  body: sourceBody,
  status: 201,
  answer: source,
});

export const createAppSource = endpoint({
  method: 'POST',
  path: '/apps/:app/sources',
  summary: 'get an address to which a source can be sent (PUT), to be built',
  needs: 'app:deploy',
  body: sourceBody,
  status: 201,
  answer: source,
});

export const createBuild = endpoint({
  method: 'POST',
  path: '/apps/:app/builds',
  summary: 'build and deploy a source that was sent without git, or is at an https address',
  needs: 'app:deploy',
  body: createBody,
  status: 201,
  answer: build,
});

export const cancelBuild = endpoint({
  method: 'DELETE',
  path: '/apps/:app/builds/:build',
  summary: 'cancel a build that is not over',
  needs: 'app:deploy',
  answer: build,
});

export const purgeBuildCache = endpoint({
  method: 'DELETE',
  path: '/apps/:app/build-cache',
  summary: 'forget what earlier builds of an app kept for later ones',
  needs: 'app:deploy',
  answer: app,
});

export const showSlug = endpoint({
  method: 'GET',
  path: '/apps/:app/slugs/:slug',
  summary: 'show the image of a release, by the id its release gives for its slug',
  needs: 'app:view',
  answer: slug,
});

export const createSlug = endpoint({
  method: 'POST',
  path: '/apps/:app/slugs',
  summary: 'refused: images are made by builds of this platform',
  needs: 'app:deploy',
  body: slugBody,
  status: 201,
  answer: slug,
});
