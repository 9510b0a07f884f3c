import { randomUUID } from 'node:crypto';
import { Secret } from '../../../lib/secret.ts';
import { PlatformError } from '../../domain/errors.ts';
import {
  WEBHOOK_LEVELS,
  type Webhook,
  type WebhookLevel,
  type WebhookPayload,
} from '../../domain/webhook.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { DueDelivery, WebhookDelivery, WebhookEvent, Webhooks } from '../../ports/webhooks.ts';
import type { Database } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { isId } from './stored-json.ts';
import { lockLivingApp } from './supersede.ts';
import { webhookContext } from './seal-contexts.ts';

interface Deps {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
}

const MOST_LISTED = 1_000;
const DELIVERY = { include: { webhook: true, event: true } } as const;

export function createWebhooks(deps: Deps): Webhooks {
  return { ...keepWebhooks(deps), ...readDeliveries(deps), ...makeDeliveries(deps) };
}

function keepWebhooks({
  db,
  sealer,
  clock,
}: Deps): Pick<Webhooks, 'add' | 'list' | 'find' | 'change' | 'remove'> {
  const sealed = (id: string, what: string, value: Secret) =>
    sealer.seal(value.reveal(), webhookContext(id, what));
  const find = (appId: string, id: string, signal: AbortSignal) =>
    db.run((tables) => tables.webhook.findFirst({ where: { id, appId } }), signal);
  return {
    add: ({ secret, authorization, include, ...rest }, most, signal) =>
      db.transaction(async (tables) => {
        if (!(await lockLivingApp(tables, rest.appId)))
          throw PlatformError.of('not_found', { resource: 'app', name: rest.appId });
        if ((await tables.webhook.count({ where: { appId: rest.appId } })) >= most)
          throw PlatformError.of('too_many_webhooks', { limit: most });
        const now = clock.now();
        const data = {
          ...{ ...rest, include: [...include], createdAt: now, updatedAt: now },
          secret: sealed(rest.id, 'secret', secret),
          authorization: authorization && sealed(rest.id, 'authorization', authorization),
        };
        return readWebhook(await tables.webhook.create({ data }));
      }, signal),

    async list(appId, signal) {
      const rows = await db.run(
        (tables) =>
          tables.webhook.findMany({ where: { appId }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] }),
        signal,
      );
      return rows.map(readWebhook);
    },

    async find(appId, id, signal) {
      const row = isId(id) ? await find(appId, id, signal) : null;
      return row ? readWebhook(row) : undefined;
    },

    async change({ id, appId }, { secret, authorization, include, ...rest }, signal) {
      const data = {
        ...{ ...rest, updatedAt: clock.now() },
        ...(include && { include: [...include] }),
        ...(secret && { secret: sealed(id, 'secret', secret) }),
        ...(authorization !== undefined && {
          authorization: authorization && sealed(id, 'authorization', authorization),
        }),
      };
      const changed = await db.run(
        (tables) => tables.webhook.updateMany({ where: { id, appId }, data }),
        signal,
      );
      const row = changed.count === 1 ? await find(appId, id, signal) : null;
      return row ? readWebhook(row) : undefined;
    },

    remove: (appId, id, signal) =>
      db.transaction(async (tables) => {
        const row = isId(id) ? await tables.webhook.findFirst({ where: { id, appId } }) : null;
        if (!row) return undefined;
        await tables.webhook.delete({ where: { id } });
        return readWebhook(row);
      }, signal),
  };
}

function readDeliveries({
  db,
}: Deps): Pick<Webhooks, 'deliveries' | 'findDelivery' | 'events' | 'findEvent'> {
  return {
    async deliveries(appId, signal) {
      const rows = await db.run(
        (tables) =>
          tables.webhookDelivery.findMany({
            ...{ where: { webhook: { appId } }, orderBy: { seq: 'desc' }, take: MOST_LISTED, ...DELIVERY },
          }),
        signal,
      );
      return rows.map(readDelivery);
    },
    async findDelivery(appId, id, signal) {
      if (!isId(id)) return undefined;
      const where = { id, webhook: { appId } };
      const row = await db.run((tables) => tables.webhookDelivery.findFirst({ where, ...DELIVERY }), signal);
      return row ? readDelivery(row) : undefined;
    },
    async events(appId, signal) {
      const rows = await db.run(
        (tables) =>
          tables.webhookEvent.findMany({ where: { appId }, orderBy: { seq: 'desc' }, take: MOST_LISTED }),
        signal,
      );
      return rows.map(readEvent);
    },
    async findEvent(appId, id, signal) {
      if (!isId(id)) return undefined;
      const row = await db.run((tables) => tables.webhookEvent.findFirst({ where: { id, appId } }), signal);
      return row ? readEvent(row) : undefined;
    },
  };
}

function makeDeliveries({ db, sealer, clock }: Deps): Pick<Webhooks, 'take' | 'settle' | 'prune'> {
  const opened = (id: string, what: string, value: Uint8Array): Secret =>
    new Secret(sealer.open(value, webhookContext(id, what)));
  /** One that was altered must not keep the others from being delivered. */
  const unsealed = ({ id, secret, authorization }: Row): DueDelivery['sealed'] => {
    try {
      return {
        secret: opened(id, 'secret', secret),
        authorization: authorization && opened(id, 'authorization', authorization),
      };
    } catch (err) {
      if (PlatformError.is(err, 'config_unreadable')) return null;
      throw err;
    }
  };
  return {
    async take({ limit, each, besides }, leaseMs, signal) {
      const now = clock.now();
      const lease = new Date(now.getTime() + leaseMs);
      const taken = await db.transaction(
        (tables) => tables.$queryRaw<{ id: string }[]>`
          UPDATE "WebhookDelivery" SET "nextAt" = ${lease}, attempts = attempts + 1, "updatedAt" = ${now}
          WHERE id IN (
            SELECT l.id FROM "WebhookDelivery" l WHERE l."nextAt" <= ${now} AND l.id IN (
              SELECT id FROM (
                SELECT d.id, d."nextAt", row_number() OVER (PARTITION BY w."appId" ORDER BY d."nextAt", d.seq) AS nth
                FROM "WebhookDelivery" d JOIN "Webhook" w ON w.id = d."webhookId"
                WHERE d."nextAt" <= ${now} AND w."appId" <> ALL(${[...besides]}::uuid[])
                  AND (w.level <> 'sync' OR NOT EXISTS (
                    SELECT FROM "WebhookDelivery" o
                    WHERE o."webhookId" = d."webhookId" AND o.seq < d.seq AND o."nextAt" IS NOT NULL))
              ) due WHERE nth <= ${each} ORDER BY nth, "nextAt" LIMIT ${limit})
            FOR UPDATE SKIP LOCKED)
          RETURNING id::text AS id`,
        signal,
      );
      if (taken.length === 0) return [];
      const where = { id: { in: taken.map(({ id }) => id) } };
      const rows = await db.run(
        (tables) => tables.webhookDelivery.findMany({ where, orderBy: { seq: 'asc' }, ...DELIVERY }),
        signal,
      );
      return rows.map(({ id, attempts, webhook, event }): DueDelivery => ({
        ...{ id, attempts, webhook: readWebhook(webhook), event: readEvent(event) },
        sealed: unsealed(webhook),
      }));
    },
    async settle(id, { status, code, error, nextAt }, signal) {
      const now = clock.now();
      const last = { lastId: randomUUID(), lastCode: code, lastError: error, lastAt: now };
      await db.run(
        (tables) =>
          tables.webhookDelivery.updateMany({
            where: { id },
            data: { status, nextAt, updatedAt: now, ...last },
          }),
        signal,
      );
    },
    async prune(olderThanMs, signal) {
      const createdAt = { lt: new Date(clock.now().getTime() - olderThanMs) };
      await db.run((tables) => tables.webhookEvent.deleteMany({ where: { createdAt } }), signal);
    },
  };
}

type Row = Prisma.WebhookGetPayload<object>;

function readWebhook({ id, appId, url, level, include, createdAt, updatedAt }: Row): Webhook {
  return { id, appId, url, level: levelOf(level), include, createdAt, updatedAt };
}

function levelOf(text: string): WebhookLevel {
  return WEBHOOK_LEVELS.find((one) => one === text) ?? 'notify';
}

function readEvent({ id, include, payload, createdAt }: Prisma.WebhookEventGetPayload<object>): WebhookEvent {
  return { id, include, payload: payload as unknown as WebhookPayload, createdAt };
}

const STATUSES = ['pending', 'retrying', 'succeeded', 'failed'] as const;

function readDelivery(row: Prisma.WebhookDeliveryGetPayload<typeof DELIVERY>): WebhookDelivery {
  const { id, seq, webhook, event, attempts, nextAt, createdAt, updatedAt } = row;
  const { lastId, lastCode: code, lastError: error, lastAt: at } = row;
  return {
    ...{ id, seq: Number(seq), attempts, nextAt, createdAt, updatedAt },
    status: STATUSES.find((one) => one === row.status) ?? 'failed',
    webhook: { id: webhook.id, level: levelOf(webhook.level) },
    event: { id: event.id, include: event.include },
    last: lastId === null || at === null ? null : { id: lastId, code, error, at },
  };
}
