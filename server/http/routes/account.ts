import { addKey, listKeys, removeKey, showAccount, showKey } from '../../contract/endpoints/account.ts';
import { PlatformError } from '../../domain/errors.ts';
import { listAnswer } from '../answer.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { shapeAccount, shapeKey } from '../shapes.ts';

export function accountRoutes(accounts: Services['accounts']): readonly Route[] {
  return [
    route(showAccount, async ({ actor, signal }) => ({
      body: shapeAccount(await accounts.me(actor, signal)),
    })),

    route(listKeys, async ({ actor, range, signal }) =>
      listAnswer(range, await accounts.keys(actor, signal), { id: (key) => key.id }, shapeKey),
    ),

    route(addKey, async ({ actor, body, signal }) => ({
      body: shapeKey(await accounts.addKey(actor, body.public_key.trim(), signal)),
    })),

    route(showKey, async ({ actor, params, signal }) => {
      const keys = await accounts.keys(actor, signal);
      const key = keys.find((one) => one.id === params.key || one.fingerprint === params.key);
      if (key === undefined) throw PlatformError.of('not_found', { resource: 'key', name: params.key });
      return { body: shapeKey(key) };
    }),

    route(removeKey, async ({ actor, params, signal }) => ({
      body: shapeKey(await accounts.removeKey(actor, params.key, signal)),
    })),
  ];
}
