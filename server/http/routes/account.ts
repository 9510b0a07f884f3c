import type * as z from 'zod';
import * as described from '../../contract/endpoints/account.ts';
import type { accountFeature } from '../../contract/identity-resources.ts';
import { PlatformError } from '../../domain/errors.ts';
import { listAnswer } from '../answer.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { shapeAccount, shapeKey } from '../shapes.ts';

const NO_FEATURES: readonly z.infer<typeof accountFeature>[] = [];

export function accountRoutes(accounts: Services['accounts']): readonly Route[] {
  return [
    route(described.showAccount, async ({ actor, signal }) => ({
      body: shapeAccount(await accounts.me(actor, signal)),
    })),

    route(described.changeAccount, async ({ actor, body, signal }) => ({
      body: shapeAccount(await accounts.setName(actor, body.name, signal)),
    })),

    route(described.listAccountFeatures, ({ range }) =>
      Promise.resolve(
        listAnswer(
          range,
          NO_FEATURES,
          { id: ({ id }) => id, name: ({ name }) => name },
          (feature) => feature,
        ),
      ),
    ),

    route(described.showAccountFeature, ({ params }) =>
      Promise.reject(PlatformError.of('not_found', { resource: 'account feature', name: params.feature })),
    ),

    route(described.showRateLimits, ({ callsLeft }) => Promise.resolve({ body: { remaining: callsLeft } })),

    route(described.listKeys, async ({ actor, range, signal }) =>
      listAnswer(range, await accounts.keys(actor, signal), { id: (key) => key.id }, shapeKey),
    ),

    route(described.addKey, async ({ actor, body, signal }) => ({
      body: shapeKey(await accounts.addKey(actor, body.public_key.trim(), signal)),
    })),

    route(described.showKey, async ({ actor, params, signal }) => {
      const keys = await accounts.keys(actor, signal);
      const key = keys.find((one) => one.id === params.key || one.fingerprint === params.key);
      if (key === undefined) throw PlatformError.of('not_found', { resource: 'key', name: params.key });
      return { body: shapeKey(key) };
    }),

    route(described.removeKey, async ({ actor, params, signal }) => ({
      body: shapeKey(await accounts.removeKey(actor, params.key, signal)),
    })),
  ];
}
