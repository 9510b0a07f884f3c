import { Router } from 'express';
import { PlatformError } from '../../domain/errors.ts';
import type { Answering } from '../answer.ts';
import { identityOf } from '../context.ts';
import { isOurs, shapeRegion, shapeSize, shapeStack } from '../shapes.ts';

/** What the platform offers: one stack, one region, one size of instance. */
export function platformRoutes({ read }: Answering): Router {
  return Router()
    .get(
      '/stacks',
      read(() => Promise.resolve({ body: [shapeStack()] })),
    )
    .get(
      '/regions',
      read(() => Promise.resolve({ body: [shapeRegion()] })),
    )
    .get(
      '/dyno-sizes',
      read(() => Promise.resolve({ body: [shapeSize()] })),
    )
    .get(
      '/stacks/:stack',
      read((req) => one(isOurs.stack, identityOf(req, 'stack', 'stack'), 'stack', shapeStack)),
    )
    .get(
      '/regions/:region',
      read((req) => one(isOurs.region, identityOf(req, 'region', 'region'), 'region', shapeRegion)),
    )
    .get(
      '/dyno-sizes/:size',
      read((req) => one(isOurs.size, identityOf(req, 'size', 'dyno size'), 'dyno size', shapeSize)),
    );
}

function one(ours: (word: string) => boolean, word: string, resource: string, shape: () => object) {
  if (!ours(word)) return Promise.reject(PlatformError.of('not_found', { resource, name: word }));
  return Promise.resolve({ body: shape() });
}
