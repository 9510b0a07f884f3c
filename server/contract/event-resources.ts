import * as z from 'zod';

const values = z.record(z.string(), z.unknown());

/** Ours: the data of one event of the stream; its kind is the name of the event, its `id` the place to go on from. */
export const event = z.object({
  id: z.number(),
  at: z.string(),
  /** `app`, `formation`, `build`, `release`, `deployment`, `instance`, `domain`, … */
  kind: z.string(),
  action: z.enum(['create', 'update', 'destroy']),
  app: z.object({ id: z.string(), name: z.string() }),
  /** The id of what it happened to. */
  subject: z.string(),
  actor: z.object({ id: z.string(), email: z.string() }).nullable(),
  before: values.nullable(),
  after: values.nullable(),
});
export type EventResource = z.infer<typeof event>;

/** Ours: the data of an event named `gap`: what was between these places is not there any more. */
export const eventGap = z.object({ from: z.number(), to: z.number() });
