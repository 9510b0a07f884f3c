import { Router } from 'express';
import {
  updateFormation,
  updateFormations,
  type FormationUpdate,
  type QuantityChange,
} from '../../contract/requests.ts';
import type { Actor } from '../../domain/actor.ts';
import { PlatformError } from '../../domain/errors.ts';
import { listAnswer, type Answering } from '../answer.ts';
import { actorOf, identityOf } from '../context.ts';
import type { ProcessCount, Services } from '../services.ts';
import { isOurs, OURS, shapeFormation } from '../shapes.ts';

export function formationRoutes(
  { apps, formations }: Pick<Services, 'apps' | 'formations'>,
  { read, write }: Answering,
): Router {
  /** Sizes alone change nothing, as there is one; then the formation is answered as it is. */
  const change = (
    actor: Actor,
    app: string,
    changes: ReadonlyMap<string, QuantityChange>,
    signal: AbortSignal,
  ) =>
    changes.size === 0 ? formations.list(actor, app, signal) : formations.scale(actor, app, changes, signal);

  return Router()
    .get(
      '/apps/:app/formation',
      read(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const counts = await formations.list(actorOf(res), app.id, signal);
        const fields = { type: (count: ProcessCount) => count.type };
        return listAnswer(req, counts, fields, (count) => shapeFormation(count, app));
      }),
    )
    .patch(
      '/apps/:app/formation',
      write(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const changes = new Map<string, QuantityChange>();
        const { updates } = updateFormations.parse(req.body ?? {});
        updates.forEach((update, index) => {
          if (updates.findIndex((other) => other.type === update.type) !== index) {
            throw PlatformError.of('invalid_params', { field: update.type, problem: 'is named twice' });
          }
          mustBeOurSize(update);
          if (update.quantity !== undefined) changes.set(update.type, update.quantity);
        });
        const counts = await change(actorOf(res), app.id, changes, signal);
        return { body: counts.map((count) => shapeFormation(count, app)) };
      }),
    )
    .get(
      '/apps/:app/formation/:type',
      read(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const type = identityOf(req, 'type', 'formation');
        return { body: shapeFormation(pick(await formations.list(actorOf(res), app.id, signal), type), app) };
      }),
    )
    .patch(
      '/apps/:app/formation/:type',
      write(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        const type = identityOf(req, 'type', 'formation');
        const update = updateFormation.parse(req.body ?? {});
        mustBeOurSize(update);
        const changes = new Map(update.quantity === undefined ? [] : [[type, update.quantity]]);
        return { body: shapeFormation(pick(await change(actorOf(res), app.id, changes, signal), type), app) };
      }),
    );
}

function pick(counts: readonly ProcessCount[], type: string): ProcessCount {
  const found = counts.find((count) => count.type === type);
  if (found !== undefined) return found;
  throw PlatformError.of('process_type_not_found', { type, known: counts.map((count) => count.type) });
}

function mustBeOurSize({ size, dyno_size: dynoSize }: FormationUpdate): void {
  const word = size ?? (typeof dynoSize === 'string' ? dynoSize : dynoSize?.name);
  if (word === undefined || isOurs.size(word)) return;
  throw PlatformError.of('invalid_params', {
    field: 'size',
    problem: `must be ${OURS.size}, the only one here`,
  });
}
