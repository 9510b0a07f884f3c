import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  addWebhook as addBody,
  changeWebhook as changeBody,
  deliveryStatus,
  webhook,
  webhookDelivery,
  webhookEvent,
} from '../webhook-resources.ts';

export const listWebhooks = endpoint({
  method: 'GET',
  path: '/apps/:app/webhooks',
  summary: 'list the webhooks of an app',
  needs: 'app:manage',
  answer: z.array(webhook),
  ranges: ['created_at', 'id'],
});

export const addWebhook = endpoint({
  method: 'POST',
  path: '/apps/:app/webhooks',
  summary:
    'have a URL told of what happens to an app; the header Heroku-Webhook-Secret has the key of its signatures',
  needs: 'app:manage',
  body: addBody,
  status: 201,
  answer: webhook,
});

export const showWebhook = endpoint({
  method: 'GET',
  path: '/apps/:app/webhooks/:webhook',
  summary: 'show a webhook',
  needs: 'app:manage',
  answer: webhook,
});

export const changeWebhook = endpoint({
  method: 'PATCH',
  path: '/apps/:app/webhooks/:webhook',
  summary: 'change a webhook',
  needs: 'app:manage',
  body: changeBody,
  answer: webhook,
});

export const removeWebhook = endpoint({
  method: 'DELETE',
  path: '/apps/:app/webhooks/:webhook',
  summary: 'remove a webhook; what is not delivered yet never will be',
  needs: 'app:manage',
  answer: webhook,
});

export const listWebhookDeliveries = endpoint({
  method: 'GET',
  path: '/apps/:app/webhook-deliveries',
  summary: 'list what webhooks were told, and how that went; of one status with eq[status]',
  needs: 'app:manage',
  query: z.strictObject({ 'eq[status]': deliveryStatus.optional() }),
  answer: z.array(webhookDelivery),
  ranges: ['seq', 'id'],
});

export const showWebhookDelivery = endpoint({
  method: 'GET',
  path: '/apps/:app/webhook-deliveries/:delivery',
  summary: 'show one delivery',
  needs: 'app:manage',
  answer: webhookDelivery,
});

export const listWebhookEvents = endpoint({
  method: 'GET',
  path: '/apps/:app/webhook-events',
  summary: 'list what webhooks were told of',
  needs: 'app:manage',
  answer: z.array(webhookEvent),
});

export const showWebhookEvent = endpoint({
  method: 'GET',
  path: '/apps/:app/webhook-events/:event',
  summary: 'show what webhooks were told of, with all that they were told',
  needs: 'app:manage',
  answer: webhookEvent,
});
