import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { createRelease as createBody } from '../requests.ts';
import { deployment, release } from '../resources.ts';

export const listReleases = endpoint({
  method: 'GET',
  path: '/apps/:app/releases',
  summary: 'list the releases of an app',
  needs: 'app:view',
  answer: z.array(release),
  ranges: ['version', 'id'],
});

export const showRelease = endpoint({
  method: 'GET',
  path: '/apps/:app/releases/:release',
  summary: 'show a release, by its version or id',
  needs: 'app:view',
  answer: release,
});

export const showDeployment = endpoint({
  method: 'GET',
  path: '/apps/:app/releases/:release/deployment',
  summary: 'show the latest deployment of a release',
  needs: 'app:view',
  answer: deployment,
});

export const createRelease = endpoint({
  method: 'POST',
  path: '/apps/:app/releases',
  summary:
    'make a release: of the image and the config of an earlier one (rollback), or of an image (slug) with the config of now',
  needs: 'app:deploy',
  body: createBody,
  status: 201,
  answer: release,
});
