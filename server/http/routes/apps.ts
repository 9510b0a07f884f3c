import { Router } from 'express';
import { createApp, destroyApp, updateApp } from '../../contract/requests.ts';
import type { App } from '../../domain/app.ts';
import { PlatformError } from '../../domain/errors.ts';
import { listAnswer, type Answering } from '../answer.ts';
import { actorOf, identityOf } from '../context.ts';
import type { Services } from '../services.ts';
import { isOurs, OURS, shapeApp, shapeOwner, type Place } from '../shapes.ts';

const FIELDS = { name: (app: App) => app.name, id: (app: App) => app.id };

export function appRoutes(apps: Services['apps'], place: Place, { read, write }: Answering): Router {
  return Router()
    .get(
      '/apps',
      read(async (req, res, signal) =>
        listAnswer(req, await apps.list(actorOf(res), signal), FIELDS, (app) => shapeApp(app, place)),
      ),
    )
    .get(
      '/users/~/apps',
      read(async (req, res, signal) => {
        const actor = actorOf(res);
        const own = (await apps.list(actor, signal)).filter((app) => app.owner.id === actor.userId);
        return listAnswer(req, own, FIELDS, (app) => shapeApp(app, place));
      }),
    )
    .post(
      '/apps',
      write(async (req, res, signal) => {
        const { name, stack, region } = createApp.parse(req.body ?? {});
        mustBeOurs('stack', stack);
        mustBeOurs('region', region);
        const app = await apps.create(actorOf(res), typeof name === 'string' ? { name } : {}, signal);
        return { status: 201, body: shapeApp(app, place) };
      }),
    )
    .get(
      '/apps/:app',
      read(async (req, res, signal) => ({
        body: shapeApp(await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal), place),
      })),
    )
    .patch(
      '/apps/:app',
      write(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        refuseChanges(app, updateApp.parse(req.body ?? {}));
        return { body: shapeApp(app, place) };
      }),
    )
    .delete(
      '/apps/:app',
      write(async (req, res, signal) => {
        const name = identityOf(req, 'app', 'app');
        const app = await apps.find(actorOf(res), name, signal);
        const { confirm } = destroyApp.parse(req.body ?? {});
        const confirmed = confirm ?? req.get('x-confirm') ?? req.query['confirm'];
        // The Platform API's clients ask their user themselves and send nothing; a wrong answer is still refused.
        if (confirmed !== undefined && confirmed !== app.name) {
          throw PlatformError.of('confirmation_required', { name: app.name });
        }
        return { body: shapeApp(await apps.destroy(actorOf(res), app.id, signal), place) };
      }),
    )
    .get(
      '/apps/:app/collaborators',
      read(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        return { body: [shapeOwner(app)] };
      }),
    )
    .get(
      '/apps/:app/addons',
      read(async (req, res, signal) => {
        await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        return { body: [] };
      }),
    );
}

function mustBeOurs(field: 'stack' | 'region', word: string | null | undefined): void {
  if (word === null || word === undefined || isOurs[field](word)) return;
  throw PlatformError.of('invalid_params', { field, problem: `must be ${OURS[field]}, the only one here` });
}

/** What cannot be changed may be sent as it is. */
function refuseChanges(
  app: App,
  change: { name?: string | undefined; maintenance?: boolean | undefined; build_stack?: string | undefined },
): void {
  if (change.name !== undefined && change.name !== app.name) {
    throw PlatformError.of('invalid_params', { field: 'name', problem: 'of an app cannot be changed' });
  }
  if (change.maintenance === true) {
    throw PlatformError.of('invalid_params', { field: 'maintenance', problem: 'mode is not available' });
  }
  mustBeOurs('stack', change.build_stack);
}
