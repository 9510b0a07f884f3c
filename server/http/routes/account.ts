import { Router } from 'express';
import { addKey } from '../../contract/requests.ts';
import { PlatformError } from '../../domain/errors.ts';
import { listAnswer, type Answering } from '../answer.ts';
import { actorOf } from '../context.ts';
import type { Services } from '../services.ts';
import { shapeAccount, shapeKey } from '../shapes.ts';

export function accountRoutes(accounts: Services['accounts'], { read, write }: Answering): Router {
  return Router()
    .get(
      '/account',
      read(async (_req, res, signal) => ({ body: shapeAccount(await accounts.me(actorOf(res), signal)) })),
    )
    .get(
      '/account/keys',
      read(async (req, res, signal) =>
        listAnswer(req, await accounts.keys(actorOf(res), signal), { id: (key) => key.id }, shapeKey),
      ),
    )
    .post(
      '/account/keys',
      write(async (req, res, signal) => {
        const { public_key: publicKey } = addKey.parse(req.body ?? {});
        return {
          status: 201,
          body: shapeKey(await accounts.addKey(actorOf(res), publicKey.trim(), signal)),
        };
      }),
    )
    .get(
      '/account/keys/*key',
      read(async (req, res, signal) => {
        const wanted = keyOf(req.params['key']);
        const keys = await accounts.keys(actorOf(res), signal);
        const key = keys.find((one) => one.id === wanted || one.fingerprint === wanted);
        if (key === undefined) throw PlatformError.of('not_found', { resource: 'key', name: wanted });
        return { body: shapeKey(key) };
      }),
    )
    .delete(
      '/account/keys/*key',
      write(async (req, res, signal) => ({
        body: shapeKey(await accounts.removeKey(actorOf(res), keyOf(req.params['key']), signal)),
      })),
    );
}

/** An id or a fingerprint; the base64 of a fingerprint may hold slashes, which cut the path into pieces. */
function keyOf(param: unknown): string {
  const text = Array.isArray(param) ? param.join('/') : String(param);
  if (/^[A-Za-z0-9:+/=-]{1,100}$/.test(text)) return text;
  throw PlatformError.of('not_found', {
    resource: 'key',
    name: text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100),
  });
}
