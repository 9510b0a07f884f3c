import {
  changeFormation,
  changeOneFormation,
  listFormation,
  showFormation,
} from '../../contract/endpoints/formation.ts';
import type { FormationUpdate, QuantityChange } from '../../contract/requests.ts';
import type { Actor } from '../../domain/actor.ts';
import { PlatformError } from '../../domain/errors.ts';
import { listAnswer } from '../answer.ts';
import { route, type Route } from '../route.ts';
import type { ProcessCount, Services } from '../services.ts';
import { mustBeOurs, shapeFormation } from '../shapes.ts';

export function formationRoutes({
  apps,
  formations,
}: Pick<Services, 'apps' | 'formations'>): readonly Route[] {
  /** Sizes alone change nothing, as there is one; then the formation is answered as it is. */
  const change = (
    actor: Actor,
    app: string,
    changes: ReadonlyMap<string, QuantityChange>,
    signal: AbortSignal,
  ) =>
    changes.size === 0 ? formations.list(actor, app, signal) : formations.scale(actor, app, changes, signal);

  return [
    route(listFormation, async ({ actor, params, range, signal }) => {
      const app = await apps.find(actor, params.app, signal);
      const counts = await formations.list(actor, app.id, signal);
      const fields = { type: (count: ProcessCount) => count.type };
      return listAnswer(range, counts, fields, (count) => shapeFormation(count, app));
    }),

    route(
      changeFormation,
      async ({ actor, params, body, signal }) => {
        const app = await apps.operable(actor, params.app, signal);
        const changes = new Map<string, QuantityChange>();
        const { updates } = body;
        updates.forEach((update, index) => {
          if (updates.findIndex((other) => other.type === update.type) !== index) {
            throw PlatformError.of('invalid_params', { field: update.type, problem: 'is named twice' });
          }
          mustBeOurSize(update);
          if (update.quantity !== undefined) changes.set(update.type, update.quantity);
        });
        const counts = await change(actor, app.id, changes, signal);
        return { body: counts.map((count) => shapeFormation(count, app)) };
      },
      ABSOLUTE,
    ),

    route(showFormation, async ({ actor, params, signal }) => {
      const app = await apps.find(actor, params.app, signal);
      return { body: shapeFormation(pick(await formations.list(actor, app.id, signal), params.type), app) };
    }),

    route(
      changeOneFormation,
      async ({ actor, params, body, signal }) => {
        const app = await apps.operable(actor, params.app, signal);
        mustBeOurSize(body);
        const changes = new Map(body.quantity === undefined ? [] : [[params.type, body.quantity]]);
        const counts = await change(actor, app.id, changes, signal);
        return { body: shapeFormation(pick(counts, params.type), app) };
      },
      ABSOLUTE,
    ),
  ];
}

/** `+1` twice is two more; `2` twice is two. */
const ABSOLUTE = { repeatable: (sent: unknown): boolean => !/"[+-]\d/.test(JSON.stringify(sent)) };

function pick(counts: readonly ProcessCount[], type: string): ProcessCount {
  const found = counts.find((count) => count.type === type);
  if (found !== undefined) return found;
  throw PlatformError.of('process_type_not_found', { type, known: counts.map((count) => count.type) });
}

function mustBeOurSize({ size, dyno_size: dynoSize }: FormationUpdate): void {
  mustBeOurs('size', size ?? (typeof dynoSize === 'string' ? dynoSize : dynoSize?.name));
}
