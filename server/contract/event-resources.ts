import * as z from 'zod';

const values = z.record(z.string(), z.unknown());
const appName = z.object({ id: z.string(), name: z.string() });

/** Ours: the data of one event of the stream; its kind is the name of the event, its `id` the place to go on from. */
export const event = z.object({
  id: z.number(),
  at: z.string(),
  /** One of `EVENT_KINDS`; a later version may have more. */
  kind: z.string(),
  action: z.enum(['create', 'update', 'destroy']),
  app: appName,
  /** The id of what it happened to. */
  subject: z.string(),
  actor: z.object({ id: z.string(), email: z.string() }).nullable(),
  before: values.nullable(),
  after: values.nullable(),
});
export type EventResource = z.infer<typeof event>;

/** Ours: the data of an event named `log`: a line of an app's log. */
export const logEvent = z.object({
  at: z.string(),
  kind: z.literal('log'),
  app: appName,
  /** `app` for what was printed and what people did, `heroku` for the platform and its router. */
  source: z.string(),
  /** `web.1`, `router`, `api`. */
  instance: z.string(),
  text: z.string(),
});
export type LogEventResource = z.infer<typeof logEvent>;

/** Ours: the data of an event named `metric`: what an app did since the one before, and takes now. */
export const metricEvent = z.object({
  at: z.string(),
  kind: z.literal('metric'),
  app: appName,
  /** Since the one before; 0 in the first, which counts nothing. */
  seconds: z.number(),
  requests: z.number(),
  /** Requests that the app failed to answer. */
  dropped: z.number(),
  /** Requests that are being answered. */
  sessions: z.number(),
  instances: z.array(
    z.object({
      name: z.string(),
      memory_bytes: z.number(),
      memory_limit_bytes: z.number(),
      /** Processor time since its start. */
      cpu_seconds: z.number(),
    }),
  ),
});
export type MetricEventResource = z.infer<typeof metricEvent>;

/** Ours: the data of an event named `gap`: what was between these places is not there any more. */
export const eventGap = z.object({ from: z.number(), to: z.number() });
