import { randomUUID } from 'node:crypto';
import { createLogSession } from '../../contract/endpoints/logs.ts';
import { PlatformError } from '../../domain/errors.ts';
import { KEPT } from '../../domain/kept-log.ts';
import type { Outputs } from '../outputs.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { wireTime } from '../shapes.ts';

export function logRoutes(apps: Services['apps'], outputs: Outputs, now: () => Date): readonly Route[] {
  return [
    route(
      createLogSession,
      async (call) => {
        const { actor, params, body, signal } = call;
        const app = await apps.find(actor, params.app, signal);
        const at = wireTime(now());
        const url = outputs.ofLogs(call, {
          app: app.id,
          lines: Math.min(body.lines, KEPT.lines),
          tail: body.tail,
          ...(typeof body.source === 'string' && { source: body.source }),
          ...placeOf(body.dyno ?? body.dyno_name ?? body.type ?? undefined),
        });
        return { body: { id: randomUUID(), logplex_url: url, created_at: at, updated_at: at } };
      },
      // A session is nothing but its link.
      { changesNothing: true },
    ),
  ];
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
