import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import { createLogSession } from '../../contract/requests.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Answering } from '../answer.ts';
import { actorOf, identityOf } from '../context.ts';
import type { Outputs } from '../outputs.ts';
import type { Services } from '../services.ts';
import { wireTime } from '../shapes.ts';
import type { LogSessionResource } from '../../contract/resources.ts';

export function logRoutes(
  apps: Services['apps'],
  outputs: Outputs,
  now: () => Date,
  { read }: Answering,
): Router {
  return Router().post(
    '/apps/:app/log-sessions',
    // A session is nothing but its link: making two of them changes nothing, so there is nothing to do once.
    read(async (req, res, signal) => {
      const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
      const query = createLogSession.parse(req.body ?? {});
      const at = wireTime(now());
      const session: LogSessionResource = {
        id: randomUUID(),
        logplex_url: outputs.ofLogs(req, res, {
          app: app.id,
          lines: query.lines,
          tail: query.tail,
          ...(typeof query.source === 'string' && { source: query.source }),
          ...placeOf(query.dyno ?? query.dyno_name ?? query.type ?? undefined),
        }),
        created_at: at,
        updated_at: at,
      };
      return { status: 201, body: session };
    }),
  );
}

/** `web.1` is one instance, `web` all of a type. */
function placeOf(text: string | undefined): { type?: string; number?: number } {
  if (text === undefined) return {};
  const [, type, number] = /^([A-Za-z0-9][A-Za-z0-9_-]{0,62})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (type === undefined) {
    throw PlatformError.of('invalid_params', { field: 'dyno', problem: 'must look like web or web.1' });
  }
  return number === undefined ? { type } : { type, number: Number(number) };
}
