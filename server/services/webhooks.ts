import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import { egressFailureClass, portOf, readTarget } from '../domain/egress.ts';
import { PlatformError } from '../domain/errors.ts';
import { nextTry, WEBHOOK_INCLUDES, type Webhook, type WebhookLevel } from '../domain/webhook.ts';
import type { App } from '../domain/app.ts';
import type { Apps } from '../ports/apps.ts';
import type { Clock } from '../ports/clock.ts';
import type { Egress } from '../ports/egress.ts';
import type { DueDelivery, WebhookDelivery, WebhookEvent, Webhooks as Store } from '../ports/webhooks.ts';
import { reach } from './reach.ts';

interface WebhookWish {
  readonly url: string;
  readonly level: WebhookLevel;
  readonly include: readonly string[];
  /** Without one the platform makes one. */
  readonly secret?: string | null | undefined;
  /** The value of the Authorization header that deliveries carry. */
  readonly authorization?: string | null | undefined;
}

type OfApp<T> = T & { readonly app: App };

export interface Webhooks {
  /** The secret is answered here and never again. Throws `invalid_params`, `egress_refused`, `too_many_webhooks`. */
  add(
    actor: Actor,
    app: string,
    wish: WebhookWish,
    signal: AbortSignal,
  ): Promise<OfApp<{ readonly webhook: Webhook; readonly secret: string }>>;
  list(
    actor: Actor,
    app: string,
    signal: AbortSignal,
  ): Promise<OfApp<{ readonly webhooks: readonly Webhook[] }>>;
  find(
    actor: Actor,
    app: string,
    id: string,
    signal: AbortSignal,
  ): Promise<OfApp<{ readonly webhook: Webhook }>>;
  change(
    actor: Actor,
    app: string,
    id: string,
    wish: Partial<WebhookWish>,
    signal: AbortSignal,
  ): Promise<OfApp<{ readonly webhook: Webhook }>>;
  remove(
    actor: Actor,
    app: string,
    id: string,
    signal: AbortSignal,
  ): Promise<OfApp<{ readonly webhook: Webhook }>>;
  deliveries(actor: Actor, app: string, signal: AbortSignal): Promise<readonly WebhookDelivery[]>;
  findDelivery(actor: Actor, app: string, id: string, signal: AbortSignal): Promise<WebhookDelivery>;
  events(actor: Actor, app: string, signal: AbortSignal): Promise<readonly WebhookEvent[]>;
  findEvent(actor: Actor, app: string, id: string, signal: AbortSignal): Promise<WebhookEvent>;
  /** Makes what is due, some at a time; to be called again and again. At least once each, under one id. */
  deliver(signal: AbortSignal): Promise<void>;
  /** Forgets what is long over. */
  prune(signal: AbortSignal): Promise<void>;
}

export interface WebhooksDeps {
  readonly apps: Pick<Apps, 'findFor'>;
  readonly store: Store;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Logger;
}

const MOST = 50;
/** Deliveries that are under way, of all apps and of one. */
const AT_ONCE = { all: 40, each: 4 };
/** A round waits no longer for what it has begun: one slow receiver must not hold up the others. */
const ROUND_MS = 500;
/** Longer than a delivery can take. */
const LEASE_MS = 60_000;
const KEPT_MS = 30 * 24 * 60 * 60_000;

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { apps, store, egress } = deps;
  const round = createRounds(deps);
  const at = (actor: Actor, name: string, signal: AbortSignal) => reach(apps, actor, 'manage', name, signal);
  const found = <T>(resource: string, id: string, one: T | undefined): T => {
    if (one === undefined) throw PlatformError.of('not_found', { resource, name: id.slice(0, 100) });
    return one;
  };
  return {
    async add(actor, name, wish, signal) {
      const app = await at(actor, name, signal);
      check(egress, wish);
      const secret = wish.secret ?? randomBytes(32).toString('hex');
      const { url, level, include, authorization } = wish;
      const draft = {
        ...{ id: randomUUID(), appId: app.id, url, level, include: [...new Set(include)] },
        secret: new Secret(secret),
        authorization: sealable(authorization),
      };
      return { app, webhook: await store.add(draft, MOST, signal), secret };
    },
    async list(actor, name, signal) {
      const app = await at(actor, name, signal);
      return { app, webhooks: await store.list(app.id, signal) };
    },
    async find(actor, name, id, signal) {
      const app = await at(actor, name, signal);
      return { app, webhook: found('webhook', id, await store.find(app.id, id, signal)) };
    },
    async change(actor, name, id, { secret, authorization, ...wish }, signal) {
      const app = await at(actor, name, signal);
      const webhook = found('webhook', id, await store.find(app.id, id, signal));
      check(egress, wish);
      const change = {
        ...wish,
        ...(typeof secret === 'string' && { secret: new Secret(secret) }),
        ...(authorization !== undefined && { authorization: sealable(authorization) }),
      };
      return { app, webhook: found('webhook', id, await store.change(webhook, change, signal)) };
    },
    async remove(actor, name, id, signal) {
      const app = await at(actor, name, signal);
      return { app, webhook: found('webhook', id, await store.remove(app.id, id, signal)) };
    },
    deliveries: async (actor, name, signal) => store.deliveries((await at(actor, name, signal)).id, signal),
    async findDelivery(actor, name, id, signal) {
      const app = await at(actor, name, signal);
      return found('delivery', id, await store.findDelivery(app.id, id, signal));
    },
    events: async (actor, name, signal) => store.events((await at(actor, name, signal)).id, signal),
    async findEvent(actor, name, id, signal) {
      const app = await at(actor, name, signal);
      return found('event', id, await store.findEvent(app.id, id, signal));
    },
    deliver: round,
    prune: (signal) => store.prune(KEPT_MS, signal),
  };
}

/** A round takes what is due of those apps that have nothing under way, and leaves behind what is slow. */
function createRounds(deps: WebhooksDeps): Webhooks['deliver'] {
  const flights = new Map<Promise<void>, string>();

  async function begin(signal: AbortSignal): Promise<boolean> {
    const limit = AT_ONCE.all - flights.size;
    if (limit <= 0) return false;
    const share = { limit, each: AT_ONCE.each, besides: [...new Set(flights.values())] };
    const due = await deps.store.take(share, LEASE_MS, signal);
    for (const one of due) {
      const flight = attempt(deps, one, signal)
        .catch((err: unknown) => deps.log.warn({ err }, 'how a webhook was delivered could not be kept'))
        .finally(() => flights.delete(flight));
      flights.set(flight, one.webhook.appId);
    }
    return due.length > 0;
  }

  return async (signal) => {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(true), ROUND_MS)));
    let late = false;
    while (!late && (await begin(signal)))
      late = await Promise.race([Promise.all(flights.keys()).then(() => false), over]);
    clearTimeout(timer);
  };
}

function sealable(authorization: string | null | undefined): Secret | null {
  return typeof authorization === 'string' && authorization !== '' ? new Secret(authorization) : null;
}

function check(egress: Pick<Egress, 'check'>, { url, include }: Partial<WebhookWish>): void {
  const target = url === undefined ? undefined : readTarget(url, ['https:', 'http:']);
  if (target && 'problem' in target)
    throw PlatformError.of('invalid_params', { field: 'url', problem: target.problem });
  if (target) egress.check(target.url.hostname, portOf(target.url));
  const unknown = include?.find((one) => !WEBHOOK_INCLUDES.includes(one));
  if (unknown !== undefined || include?.length === 0)
    throw PlatformError.of('invalid_params', {
      field: 'include',
      problem: `must name some of ${WEBHOOK_INCLUDES.join(', ')}`,
    });
}

/** One try. What it says is signed, and the same each time, so that its receiver can know it again by its id. */
async function attempt(
  { egress, store, clock, log }: WebhooksDeps,
  due: DueDelivery,
  signal: AbortSignal,
): Promise<void> {
  const { id, attempts, webhook, event, sealed } = due;
  if (sealed === null) {
    log.error({ webhook: webhook.id }, 'the secret of a webhook cannot be opened; set it anew');
    const unreadable = judge({ code: null, error: 'config_unreadable' }, null);
    return store.settle(id, unreadable, signal);
  }
  const { secret, authorization } = sealed;
  const body = JSON.stringify({
    ...event.payload,
    id: event.id,
    webhook_metadata: {
      attempt: { id, number: attempts },
      delivery: { id },
      event: { id: event.id, include: event.include },
      webhook: { id: webhook.id },
    },
  });
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Gantry-Webhooks',
    'heroku-webhook-hmac-sha256': createHmac('sha256', secret.reveal()).update(body).digest('base64'),
    ...(authorization && { authorization: authorization.reveal() }),
  };
  let [code, error]: [number | null, string | null] = [null, null];
  let again = true;
  try {
    code = await egress.post({ url: webhook.url, headers, body }, signal);
  } catch (err) {
    if (signal.aborted || !PlatformError.is(err)) {
      if (!signal.aborted)
        log.error({ err, webhook: webhook.id }, 'a webhook could not be delivered because of a bug');
      return; // its lease ends, and it is tried again
    }
    error = err.id === 'egress_failed' ? egressFailureClass(err.params['reason']) : err.id;
    // An address that may not be called is as forbidden in an hour; a name that nobody could resolve is not.
    again = err.retry;
  }
  await store.settle(id, judge({ code, error }, again ? nextTry(attempts, clock.now()) : null), signal);
}

function judge(
  { code, error }: { readonly code: number | null; readonly error: string | null },
  nextAt: Date | null,
): Parameters<Store['settle']>[1] {
  if (code !== null && code >= 200 && code < 300)
    return { status: 'succeeded', code, error: null, nextAt: null };
  return { status: nextAt === null ? 'failed' : 'retrying', code, error: error ?? 'bad_status', nextAt };
}
