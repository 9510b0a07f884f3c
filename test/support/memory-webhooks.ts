import type { Webhook } from '../../server/domain/webhook.ts';
import type { Webhooks } from '../../server/ports/webhooks.ts';

/** Webhooks that nothing is ever delivered to. */
export function createMemoryWebhooks(now: () => Date): Webhooks {
  const all = new Map<string, Webhook>();
  const find = (appId: string, id: string): Webhook | undefined => {
    const found = all.get(id);
    return found?.appId === appId ? found : undefined;
  };
  return {
    add({ id, appId, url, level, include }) {
      const webhook = { id, appId, url, level, include, createdAt: now(), updatedAt: now() };
      all.set(id, webhook);
      return Promise.resolve(webhook);
    },
    list: (appId) => Promise.resolve([...all.values()].filter((one) => one.appId === appId)),
    find: (appId, id) => Promise.resolve(find(appId, id)),
    change(webhook, { url = webhook.url, level = webhook.level, include = webhook.include }) {
      all.set(webhook.id, { ...webhook, url, level, include });
      return Promise.resolve(all.get(webhook.id));
    },
    remove(appId, id) {
      const found = find(appId, id);
      if (found) all.delete(id);
      return Promise.resolve(found);
    },
    deliveries: () => Promise.resolve([]),
    findDelivery: () => Promise.resolve(undefined),
    events: () => Promise.resolve([]),
    findEvent: () => Promise.resolve(undefined),
    take: () => Promise.resolve([]),
    settle: () => Promise.resolve(),
    prune: () => Promise.resolve(),
  };
}
