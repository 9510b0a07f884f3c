import type { Webhook, WebhookPayload } from '../domain/webhook.ts';
import type { Secret } from '../../lib/secret.ts';

export interface WebhookEvent {
  readonly id: string;
  readonly include: string;
  readonly payload: WebhookPayload;
  readonly createdAt: Date;
}

export interface WebhookDelivery {
  readonly id: string;
  readonly seq: number;
  readonly webhook: { readonly id: string; readonly level: Webhook['level'] };
  readonly event: { readonly id: string; readonly include: string };
  readonly status: 'pending' | 'retrying' | 'succeeded' | 'failed';
  readonly attempts: number;
  readonly nextAt: Date | null;
  readonly last: {
    readonly id: string;
    readonly code: number | null;
    readonly error: string | null;
    readonly at: Date;
  } | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A delivery with all that is needed to make it. */
export interface DueDelivery {
  readonly id: string;
  readonly attempts: number;
  readonly webhook: Webhook;
  readonly event: WebhookEvent;
  /** Null when it cannot be opened any more. */
  readonly sealed: { readonly secret: Secret; readonly authorization: Secret | null } | null;
}

/** How much may be taken now, so that nobody's deliveries wait for another's. */
interface Share {
  readonly limit: number;
  /** Of one app. */
  readonly each: number;
  /** Apps of which nothing is taken. */
  readonly besides: readonly string[];
}

type WebhookDraft = Omit<Webhook, 'createdAt' | 'updatedAt'> & {
  readonly secret: Secret;
  readonly authorization: Secret | null;
};

export interface Webhooks {
  /** Throws `too_many_webhooks` when the app has `most` already. */
  add(draft: WebhookDraft, most: number, signal: AbortSignal): Promise<Webhook>;
  list(appId: string, signal: AbortSignal): Promise<readonly Webhook[]>;
  find(appId: string, id: string, signal: AbortSignal): Promise<Webhook | undefined>;
  change(
    webhook: Webhook,
    change: Partial<Pick<WebhookDraft, 'url' | 'level' | 'include' | 'secret' | 'authorization'>>,
    signal: AbortSignal,
  ): Promise<Webhook | undefined>;
  remove(appId: string, id: string, signal: AbortSignal): Promise<Webhook | undefined>;
  /** Newest first, at most 1000. */
  deliveries(appId: string, signal: AbortSignal): Promise<readonly WebhookDelivery[]>;
  findDelivery(appId: string, id: string, signal: AbortSignal): Promise<WebhookDelivery | undefined>;
  /** Newest first, at most 1000. */
  events(appId: string, signal: AbortSignal): Promise<readonly WebhookEvent[]>;
  findEvent(appId: string, id: string, signal: AbortSignal): Promise<WebhookEvent | undefined>;
  /**
   * Takes what is due, and counts the try before it is made: a server that dies in the middle leaves a delivery that is
   * tried again after `leaseMs`, under the same id. Of a `sync` webhook only the oldest that is not over.
   */
  take(share: Share, leaseMs: number, signal: AbortSignal): Promise<readonly DueDelivery[]>;
  /** Writes down how a try ended; `nextAt` null: it is over. */
  settle(
    id: string,
    result: {
      readonly status: WebhookDelivery['status'];
      readonly code: number | null;
      readonly error: string | null;
      readonly nextAt: Date | null;
    },
    signal: AbortSignal,
  ): Promise<void>;
  /** Removes events, and their deliveries, that are older. */
  prune(olderThanMs: number, signal: AbortSignal): Promise<void>;
}
