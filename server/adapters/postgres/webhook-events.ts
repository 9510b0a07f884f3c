import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Logger } from '../../../lib/log.ts';
import type { Happening } from '../../domain/happening.ts';
import type { WebhookPayload } from '../../domain/webhook.ts';
import { includeOf, payloadOf, type Told } from '../../domain/webhook-news.ts';
import type { Wire } from '../../ports/wire.ts';
import type { Tables } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { createToldThings } from './told-things.ts';

export interface Telling {
  readonly wire: Wire;
  readonly log: Logger;
}

/**
 * Writes down what webhooks get of what has just been published, each of those that asked for it once. What is told is
 * composed here, a moment after it happened, and never again: a later delivery, or a later try, says the same.
 */
export async function deliver(
  tables: Tables,
  fresh: readonly Happening[],
  now: Date,
  telling: Telling,
): Promise<void> {
  const apps = [...new Set(fresh.flatMap(({ app }) => (app ? [app.id] : [])))];
  const webhooks = await tables.webhook.findMany({
    where: { appId: { in: apps } },
    select: { id: true, appId: true, include: true },
  });
  if (webhooks.length === 0) return;
  const things = createToldThings(tables);
  for (const happening of fresh) {
    const { app } = happening;
    const include = includeOf(happening);
    if (!app || include === undefined) continue;
    const asked = webhooks.filter((one) => one.appId === app.id && one.include.includes(include));
    if (asked.length === 0) continue;
    for (const payload of await payloadsOf(() => things.of(happening), happening, include, telling))
      await write(tables, { seq: happening.seq, appId: app.id, include, payload, now, asked });
  }
}

/** A row that cannot be shown costs this one event, not all that come after it. */
async function payloadsOf(
  things: () => Promise<readonly Told[]>,
  happening: Happening,
  include: string,
  { wire, log }: Telling,
): Promise<readonly WebhookPayload[]> {
  const untold = (err: unknown): [] => {
    log.error({ err, event: happening.seq, include }, 'what happened could not be told to webhooks');
    return [];
  };
  let told: readonly Told[];
  try {
    told = await things();
  } catch (err) {
    if (err instanceof z.ZodError) return untold(err);
    throw err; // the database’s: it ends the transaction, which is done again
  }
  try {
    return told.flatMap((one) => payloadOf(happening, include, wire.resourcesOf(one)) ?? []);
  } catch (err) {
    return untold(err);
  }
}

async function write(
  tables: Tables,
  {
    seq,
    payload,
    asked,
    now,
    ...rest
  }: {
    readonly seq: number;
    readonly appId: string;
    readonly include: string;
    readonly payload: WebhookPayload;
    readonly asked: readonly { readonly id: string }[];
    readonly now: Date;
  },
): Promise<void> {
  const id = randomUUID();
  const json = { ...payload } as unknown as Prisma.InputJsonObject; // a resource of the contract, which is JSON
  await tables.webhookEvent.create({
    data: { ...rest, id, seq: BigInt(seq), createdAt: now, payload: json },
  });
  await tables.webhookDelivery.createMany({
    data: asked.map((webhook) => ({
      ...{ id: randomUUID(), webhookId: webhook.id, eventId: id, status: 'pending' },
      ...{ nextAt: now, createdAt: now, updatedAt: now },
    })),
  });
}
