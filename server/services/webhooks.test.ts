import { beforeEach, describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { createMemoryWebhooks } from '../../test/support/memory-webhooks.ts';
import { createEgress } from '../adapters/egress/egress.ts';
import { PlatformError } from '../domain/errors.ts';
import type { WebhookPayload } from '../domain/webhook.ts';
import type { Egress } from '../ports/egress.ts';
import type { DueDelivery, Webhooks as Store } from '../ports/webhooks.ts';
import { createWebhooks } from './webhooks.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const never = new AbortController().signal;
type Settled = Parameters<Store['settle']>[1];

let settled: Settled[];
beforeEach(() => {
  settled = [];
});

/** One delivery that is due, to a name that resolves as it is told to, with nobody else in the world. */
async function deliver(resolve: () => Promise<readonly string[]>, url = 'https://hooks.example.com/in') {
  await deliverBy(createEgress({ allow: [], resolve }), url);
}

async function deliverBy(egress: Egress, url = 'https://hooks.example.com/in') {
  const due = [delivery(url)];
  const webhooks = createWebhooks({
    apps: { findFor: () => Promise.resolve(undefined) },
    store: {
      ...createMemoryWebhooks(() => NOW),
      take: () => Promise.resolve(due.splice(0)),
      settle: (_id, result) => Promise.resolve(void settled.push(result)),
    },
    egress,
    clock: { now: () => NOW },
    log: quietLog(),
  });
  await webhooks.deliver(never);
}

function delivery(url: string): DueDelivery {
  const times = { createdAt: NOW, updatedAt: NOW };
  const payload: WebhookPayload = {
    action: 'update',
    ...{ actor: { id: 'a', email: 'ann@example.com' }, resource: 'release', version: 'v3' },
    ...{ data: {}, previous_data: {}, published_at: NOW.toISOString() },
  };
  return {
    ...{ id: 'one', attempts: 1, sealed: { secret: new Secret('k'), authorization: null } },
    webhook: { id: 'w', appId: 'app', url, level: 'notify', include: ['api:release'], ...times },
    event: { id: 'e', include: 'api:release', payload, createdAt: NOW },
  };
}

const unresolved = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

describe('a delivery', () => {
  it('is over at once where its address may not be called, and says that this is why', async () => {
    await deliver(() => Promise.resolve(['10.0.0.7']));
    expect(settled).toEqual([{ status: 'failed', code: null, error: 'egress_refused', nextAt: null }]);
  });

  it('is over at once where its port belongs to another protocol', async () => {
    await deliver(() => Promise.resolve(['93.184.215.14']), 'https://hooks.example.com:22/in');
    expect(settled).toMatchObject([{ status: 'failed', error: 'egress_refused', nextAt: null }]);
  });

  it.each([
    ['its name cannot be resolved now', unresolved('EAI_AGAIN')],
    ['its name is not known', unresolved('ENOTFOUND')],
    ['its name has no address', () => Promise.resolve([])],
  ])('is tried again where %s', async (_what, resolve) => {
    await deliver(resolve);
    const nextAt = new Date(NOW.getTime() + 5_000);
    expect(settled).toEqual([{ status: 'retrying', code: null, error: 'name_not_resolved', nextAt }]);
  });

  it('that was answered with an error says with which', async () => {
    await deliverBy({ ...silent, post: () => Promise.resolve(503) });
    expect(settled).toMatchObject([{ status: 'retrying', code: 503, error: 'bad_status' }]);
  });

  it.each([
    ['ECONNREFUSED', 'connection_refused'],
    ['no answer within 15000 ms', 'timeout'],
    ['CERT_HAS_EXPIRED', 'tls_failed'],
    ['Parse error', 'egress_failed'],
  ])('that was not answered (%s) says why: %s', async (reason, error) => {
    const failure = PlatformError.of('egress_failed', { host: 'hooks.example.com', reason });
    await deliverBy({ ...silent, post: () => Promise.reject(failure) });
    expect(settled).toMatchObject([{ status: 'retrying', code: null, error }]);
  });
});

/** Calls nobody. */
const silent = createEgress({ allow: [], resolve: () => Promise.reject(new Error('nobody is called')) });
