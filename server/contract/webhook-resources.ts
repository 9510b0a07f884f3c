import * as z from 'zod';
import { oneLine } from './text.ts';

const level = z.enum(['notify', 'sync']);
const time = z.string();

export const webhook = z.object({
  id: z.string(),
  app: z.object({ id: z.string(), name: z.string() }),
  include: z.array(z.string()),
  level,
  url: z.string(),
  created_at: time,
  updated_at: time,
});
export type WebhookResource = z.infer<typeof webhook>;

export const deliveryStatus = z.enum(['pending', 'scheduled', 'retrying', 'failed', 'succeeded']);

export const webhookDelivery = z.object({
  id: z.string(),
  event: z.object({ id: z.string(), include: z.string() }),
  webhook: z.object({ id: z.string(), level }),
  status: deliveryStatus,
  num_attempts: z.number(),
  next_attempt_at: time.nullable(),
  last_attempt: z
    .object({
      id: z.string(),
      code: z.number().nullable(),
      error_class: z.string().nullable(),
      status: z.enum(['scheduled', 'succeeded', 'failed']),
      created_at: time,
      updated_at: time,
    })
    .nullable(),
  created_at: time,
  updated_at: time,
});
export type WebhookDeliveryResource = z.infer<typeof webhookDelivery>;

export const webhookEvent = z.object({
  id: z.string(),
  include: z.string(),
  payload: z.object({
    action: z.string(),
    actor: z.object({ id: z.string(), email: z.string() }),
    data: z.record(z.string(), z.unknown()),
    previous_data: z.record(z.string(), z.unknown()),
    published_at: z.string(),
    resource: z.string(),
    version: z.string(),
  }),
  created_at: time,
  updated_at: time,
});
export type WebhookEventResource = z.infer<typeof webhookEvent>;

const text = z
  .string()
  .regex(
    /^[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?$/,
    'must be printable ASCII, at most 1000 characters',
  );
const fields = {
  url: oneLine(2_000),
  level,
  include: z.array(z.string().max(100)).min(1).max(50),
  secret: text.nullish(),
  authorization: text.nullish(),
};
export const addWebhook = z.strictObject(fields);
export const changeWebhook = z.strictObject(fields).partial();
