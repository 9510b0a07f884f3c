import type { LogDrainResource } from '../../contract/drain-resources.ts';
import { addLogDrain, listLogDrains, removeLogDrain, showLogDrain } from '../../contract/endpoints/drains.ts';
import type { App } from '../../domain/app.ts';
import type { Drain } from '../../domain/drain.ts';
import { listAnswer } from '../answer.ts';
import { BY_TIME } from '../range.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { wireTime } from '../shapes.ts';

export function drainRoutes(drains: Services['drains']): readonly Route[] {
  return [
    route(listLogDrains, async ({ actor, params, range, signal }) => {
      const { app, drains: all } = await drains.list(actor, params.app, signal);
      return listAnswer(range, all, BY_TIME, (drain) => shape({ app, drain }));
    }),
    route(addLogDrain, async ({ actor, params, body, signal }) => ({
      body: shape(await drains.add(actor, params.app, body.url, signal)),
    })),
    route(showLogDrain, async ({ actor, params, signal }) => ({
      body: shape(await drains.find(actor, params.app, params.drain, signal)),
    })),
    route(removeLogDrain, async ({ actor, params, signal }) => ({
      body: shape(await drains.remove(actor, params.app, params.drain, signal)),
    })),
  ];
}

function shape({ app, drain }: { readonly app: App; readonly drain: Drain }): LogDrainResource {
  const { id, token, url, createdAt, updatedAt } = drain;
  return {
    ...{ addon: null, app: { id: app.id, name: app.name }, id, token },
    // Whoever may see drains may see it: clients remove a drain by its URL.
    url: url.reveal(),
    created_at: wireTime(createdAt),
    updated_at: wireTime(updatedAt),
  };
}
