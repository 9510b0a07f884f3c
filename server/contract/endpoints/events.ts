import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { identity } from '../requests.ts';

export const followEvents = endpoint({
  method: 'GET',
  path: '/gantry/events',
  summary: 'follow what happens to the apps the caller may view, as a stream of server-sent events',
  needs: 'apps:list',
  query: z.strictObject({
    app: identity.optional(),
    /** `release,build`: only these kinds. */
    kinds: z
      .string()
      .regex(/^[a-z-]{1,40}(?:,[a-z-]{1,40}){0,30}$/, 'must be kinds with commas between them')
      .optional(),
    /** As the header Last-Event-ID, for clients that cannot set one. */
    after: z.coerce.number().int().min(0).optional(),
  }),
  streams: 'text/event-stream',
  answer: z.undefined(),
});
