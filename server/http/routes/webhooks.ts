import {
  addWebhook,
  changeWebhook,
  listWebhookDeliveries,
  listWebhookEvents,
  listWebhooks,
  removeWebhook,
  showWebhook,
  showWebhookDelivery,
  showWebhookEvent,
} from '../../contract/endpoints/webhooks.ts';
import type {
  WebhookDeliveryResource,
  WebhookEventResource,
  WebhookResource,
} from '../../contract/webhook-resources.ts';
import type { App } from '../../domain/app.ts';
import type { Webhook } from '../../domain/webhook.ts';
import type { WebhookDelivery, WebhookEvent } from '../../ports/webhooks.ts';
import { listAnswer } from '../answer.ts';
import { BY_TIME } from '../range.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { wireTime } from '../shapes.ts';

const FIELDS = { seq: (one: WebhookDelivery) => one.seq, id: (one: WebhookDelivery) => one.id };

export function webhookRoutes(webhooks: Services['webhooks']): readonly Route[] {
  return [
    route(listWebhooks, async ({ actor, params, range, signal }) => {
      const { app, webhooks: all } = await webhooks.list(actor, params.app, signal);
      return listAnswer(range, all, BY_TIME, (webhook) => shape({ app, webhook }));
    }),

    route(addWebhook, async ({ actor, params, body, signal }) => {
      const made = await webhooks.add(actor, params.app, body, signal);
      return { headers: { 'Heroku-Webhook-Secret': made.secret }, body: shape(made) };
    }),

    route(showWebhook, async ({ actor, params, signal }) => ({
      body: shape(await webhooks.find(actor, params.app, params.webhook, signal)),
    })),

    route(changeWebhook, async ({ actor, params, body, signal }) => {
      // What was not sent is not there at all, so that it is not changed.
      const sent = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
      return { body: shape(await webhooks.change(actor, params.app, params.webhook, sent, signal)) };
    }),

    route(removeWebhook, async ({ actor, params, signal }) => ({
      body: shape(await webhooks.remove(actor, params.app, params.webhook, signal)),
    })),

    route(listWebhookDeliveries, async ({ actor, params, query, range, signal }) => {
      const status = query['eq[status]'];
      const all = await webhooks.deliveries(actor, params.app, signal);
      const wanted = status === undefined ? all : all.filter((one) => one.status === status);
      return listAnswer(range, wanted, FIELDS, shapeDelivery);
    }),

    route(showWebhookDelivery, async ({ actor, params, signal }) => ({
      body: shapeDelivery(await webhooks.findDelivery(actor, params.app, params.delivery, signal)),
    })),

    route(listWebhookEvents, async ({ actor, params, signal }) => ({
      body: (await webhooks.events(actor, params.app, signal)).map(shapeEvent),
    })),

    route(showWebhookEvent, async ({ actor, params, signal }) => ({
      body: shapeEvent(await webhooks.findEvent(actor, params.app, params.event, signal)),
    })),
  ];
}

function shape({ app, webhook }: { readonly app: App; readonly webhook: Webhook }): WebhookResource {
  const { id, url, level, include, createdAt, updatedAt } = webhook;
  return {
    ...{ id, url, level, include: [...include], app: { id: app.id, name: app.name } },
    created_at: wireTime(createdAt),
    updated_at: wireTime(updatedAt),
  };
}

function shapeDelivery(delivery: WebhookDelivery): WebhookDeliveryResource {
  const { id, event, webhook, status, attempts, nextAt, last, createdAt, updatedAt } = delivery;
  return {
    ...{ id, event, webhook, status, num_attempts: attempts },
    next_attempt_at: nextAt && wireTime(nextAt),
    last_attempt: last && {
      ...{ id: last.id, code: last.code, error_class: last.error },
      status: last.error === null ? 'succeeded' : 'failed',
      created_at: wireTime(last.at),
      updated_at: wireTime(last.at),
    },
    created_at: wireTime(createdAt),
    updated_at: wireTime(updatedAt),
  };
}

function shapeEvent({ id, include, payload, createdAt }: WebhookEvent): WebhookEventResource {
  const at = wireTime(createdAt);
  const { data, previous_data: previous, ...rest } = payload;
  return {
    ...{ id, include, created_at: at, updated_at: at },
    payload: { ...rest, data: { ...data }, previous_data: { ...previous } },
  };
}
