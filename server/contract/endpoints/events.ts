import * as z from 'zod';
import { EVENT_KINDS, LIVE_KINDS } from '../event-kinds.ts';
import { endpoint } from '../endpoint.ts';
import { identity } from '../requests.ts';

const KINDS = [...EVENT_KINDS, ...LIVE_KINDS];

export const followEvents = endpoint({
  method: 'GET',
  path: '/gantry/events',
  summary: 'follow what happens to the apps the caller may view, as a stream of server-sent events',
  needs: 'apps:list',
  query: z.strictObject({
    /** Needed for the kinds `log` and `metric`. */
    app: identity.optional(),
    /** `release,build`: only these kinds; without it, all but `log` and `metric`. */
    kinds: z
      .string()
      .refine(
        (text) => text.split(',').every((kind) => KINDS.includes(kind)),
        `must be some of these, with commas between them: ${KINDS.join(', ')}`,
      )
      .optional(),
    /** As the header Last-Event-ID, for clients that cannot set one. */
    after: z.coerce.number().int().min(0).optional(),
  }),
  streams: 'text/event-stream',
  answer: z.undefined(),
});
