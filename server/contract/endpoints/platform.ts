import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { dynoSize, region, stack } from '../resources.ts';

export const listStacks = endpoint({
  method: 'GET',
  path: '/stacks',
  summary: 'list the stacks apps can be built on',
  needs: 'platform:read',
  answer: z.array(stack),
});

export const showStack = endpoint({
  method: 'GET',
  path: '/stacks/:stack',
  summary: 'show a stack',
  needs: 'platform:read',
  answer: stack,
});

export const listRegions = endpoint({
  method: 'GET',
  path: '/regions',
  summary: 'list the regions apps can run in',
  needs: 'platform:read',
  answer: z.array(region),
});

export const showRegion = endpoint({
  method: 'GET',
  path: '/regions/:region',
  summary: 'show a region',
  needs: 'platform:read',
  answer: region,
});

export const listDynoSizes = endpoint({
  method: 'GET',
  path: '/dyno-sizes',
  summary: 'list the sizes of instances',
  needs: 'platform:read',
  answer: z.array(dynoSize),
});

export const showDynoSize = endpoint({
  method: 'GET',
  path: '/dyno-sizes/:size',
  summary: 'show a size of instances',
  needs: 'platform:read',
  answer: dynoSize,
});
