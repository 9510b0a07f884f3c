import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { build } from '../resources.ts';

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
