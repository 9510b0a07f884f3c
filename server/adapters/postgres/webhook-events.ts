import { randomUUID } from 'node:crypto';
import type { Happening, Values } from '../../domain/happening.ts';
import { webhookNews } from '../../domain/webhook.ts';
import type { Tables } from './database.ts';
import type { Prisma } from './generated/client.ts';

/** Writes down what webhooks get of what has just been published, each of those that asked for it once. */
export async function deliver(tables: Tables, fresh: readonly Happening[], now: Date): Promise<void> {
  const apps = [...new Set(fresh.flatMap(({ app }) => (app ? [app.id] : [])))];
  const webhooks = await tables.webhook.findMany({
    where: { appId: { in: apps } },
    select: { id: true, appId: true, include: true },
  });
  if (webhooks.length === 0) return;
  for (const happening of fresh) {
    const mine = webhooks.filter(({ appId }) => appId === happening.app?.id);
    if (mine.length === 0) continue;
    const news = webhookNews(happening, await wholeOf(tables, happening));
    const asked = mine.filter(({ include }) => news && include.includes(news.include));
    if (!news || !happening.app || asked.length === 0) continue;
    const event = { id: randomUUID(), seq: BigInt(happening.seq), appId: happening.app.id, createdAt: now };
    await tables.webhookEvent.create({
      data: {
        ...event,
        include: news.include,
        payload: { ...news.payload } as unknown as Prisma.InputJsonObject,
      },
    });
    await tables.webhookDelivery.createMany({
      data: asked.map(({ id }) => ({
        ...{ id: randomUUID(), webhookId: id, eventId: event.id, status: 'pending' },
        ...{ nextAt: now, createdAt: now, updatedAt: now },
      })),
    });
  }
}

/** All that was told of a thing until then, the newest last. */
async function wholeOf(tables: Tables, { app, kind, subject, seq }: Happening): Promise<Values> {
  const told = await tables.event.findMany({
    where: { appId: app?.id ?? null, kind, subject, seq: { lte: BigInt(seq) } },
    orderBy: { seq: 'asc' },
    select: { after: true },
  });
  return Object.assign({}, ...told.map(({ after }) => after ?? {})) as Values;
}
