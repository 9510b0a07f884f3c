import {
  createApp,
  destroyApp,
  listAddons,
  listAppDynoSizes,
  listApps,
  listAppStacks,
  listOwnApps,
  setDeployBranch,
  showApp,
  showDeployBranch,
  updateApp,
} from '../../contract/endpoints/apps.ts';
import type { App, SeenApp } from '../../domain/app.ts';
import { PlatformError } from '../../domain/errors.ts';
import { writtenListAnswer } from '../answer.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { mustBeOurs, shapeApp, shapeSize, shapeStack, type Place } from '../shapes.ts';
import { createLists } from '../written.ts';

const FIELDS = { name: (app: App) => app.name, id: (app: App) => app.id };

export function appRoutes(apps: Services['apps'], place: Place): readonly Route[] {
  const shape = (app: SeenApp) => shapeApp(app, place);
  const write = createLists(shape);
  return [
    route(listApps, async ({ actor, range, signal }) =>
      writtenListAnswer(range, await apps.list(actor, signal), FIELDS, write),
    ),

    route(listOwnApps, async ({ actor, range, signal }) => {
      const own = (await apps.list(actor, signal)).filter(
        ({ standing }) => standing.owner || standing.collaborator !== null,
      );
      return writtenListAnswer(range, own, FIELDS, write);
    }),

    route(createApp, async ({ actor, body, signal }) => {
      mustBeOurs('stack', body.stack);
      mustBeOurs('region', body.region);
      const named = typeof body.name === 'string' ? { name: body.name } : {};
      return { body: shape(await apps.create(actor, named, signal)) };
    }),

    route(showApp, async ({ actor, params, signal }) => ({
      body: shape(await apps.find(actor, params.app, signal)),
    })),

    route(updateApp, async ({ actor, params, body, signal }) => {
      const app = await apps.operable(actor, params.app, signal);
      mustBeOurs('stack', body.build_stack);
      const { name = app.name, maintenance = app.maintenance } = body;
      const renamed = name === app.name ? app : await apps.rename(actor, app.id, name, signal);
      if (maintenance === app.maintenance) return { body: shape(renamed) };
      return { body: shape(await apps.setMaintenance(actor, app.id, maintenance, signal)) };
    }),

    route(destroyApp, async (call) => {
      const { actor, params, body, query, signal } = call;
      const app = await apps.find(actor, params.app, signal);
      const confirmed = body.confirm ?? call.header('x-confirm') ?? query.confirm;
      // The Platform API's clients ask their user themselves and send nothing; a wrong answer is still refused.
      if (confirmed !== undefined && confirmed !== app.name) {
        throw PlatformError.of('confirmation_required', { name: app.name });
      }
      return { body: shape(await apps.destroy(actor, app.id, signal)) };
    }),

    route(listAddons, async ({ actor, params, signal }) => {
      await apps.find(actor, params.app, signal);
      return { body: [] };
    }),

    route(listAppStacks, async ({ actor, params, signal }) => {
      await apps.find(actor, params.app, signal);
      return { body: [shapeStack()] };
    }),

    route(listAppDynoSizes, async ({ actor, params, signal }) => {
      await apps.find(actor, params.app, signal);
      return { body: [shapeSize()] };
    }),

    route(showDeployBranch, async ({ actor, params, signal }) => {
      const app = await apps.find(actor, params.app, signal);
      return { body: { branch: app.deployBranch } };
    }),

    route(setDeployBranch, async ({ actor, params, body, signal }) => {
      const app = await apps.setDeployBranch(actor, params.app, body.branch, signal);
      return { body: { branch: app.deployBranch } };
    }),
  ];
}
