import {
  listDynoSizes,
  listRegions,
  listStacks,
  showDynoSize,
  showRegion,
  showStack,
} from '../../contract/endpoints/platform.ts';
import { PlatformError } from '../../domain/errors.ts';
import { route, type Route } from '../route.ts';
import { isOurs, shapeRegion, shapeSize, shapeStack } from '../shapes.ts';

/** What the platform offers: one stack, one region, one size of instance. */
export function platformRoutes(): readonly Route[] {
  return [
    route(listStacks, () => Promise.resolve({ body: [shapeStack()] })),
    route(showStack, ({ params }) => one(isOurs.stack, params.stack, 'stack', shapeStack)),
    route(listRegions, () => Promise.resolve({ body: [shapeRegion()] })),
    route(showRegion, ({ params }) => one(isOurs.region, params.region, 'region', shapeRegion)),
    route(listDynoSizes, () => Promise.resolve({ body: [shapeSize()] })),
    route(showDynoSize, ({ params }) => one(isOurs.size, params.size, 'dyno size', shapeSize)),
  ];
}

function one<T>(
  ours: (word: string) => boolean,
  word: string,
  resource: string,
  shape: () => T,
): Promise<{ body: T }> {
  if (!ours(word)) return Promise.reject(PlatformError.of('not_found', { resource, name: word }));
  return Promise.resolve({ body: shape() });
}
