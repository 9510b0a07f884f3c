import { randomUUID } from 'node:crypto';
import type { Bulletin } from '../../lib/bulletin.ts';
import { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import type { App } from '../domain/app.ts';
import { DRAINS_PER_APP, readDrainUrl, type Drain } from '../domain/drain.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Apps } from '../ports/apps.ts';
import type { DrainName, Drains as Store } from '../ports/drains.ts';
import type { Egress } from '../ports/egress.ts';
import { reach } from './reach.ts';

type OfApp<T> = T & { readonly app: App };

/** The drains of an app. What they are may hold a password, so whoever may only look at the app is not told. */
export interface Drains {
  /** Throws `invalid_params`, `egress_refused`, `too_many_drains`. */
  add(actor: Actor, app: string, url: string, signal: AbortSignal): Promise<OfApp<{ readonly drain: Drain }>>;
  list(actor: Actor, app: string, signal: AbortSignal): Promise<OfApp<{ readonly drains: readonly Drain[] }>>;
  /** By its id, its token or its URL. */
  find(
    actor: Actor,
    app: string,
    name: string,
    signal: AbortSignal,
  ): Promise<OfApp<{ readonly drain: Drain }>>;
  /** What waits for it is not sent any more. */
  remove(
    actor: Actor,
    app: string,
    name: string,
    signal: AbortSignal,
  ): Promise<OfApp<{ readonly drain: Drain }>>;
}

export interface DrainsDeps {
  readonly apps: Pick<Apps, 'findFor'>;
  readonly store: Store;
  readonly egress: Pick<Egress, 'check'>;
  readonly bulletin: Pick<Bulletin, 'post'>;
}

/** Posted when there is a drain more or less. */
export const DRAINS_CHANGED = 'drains';

export function createDrains({ apps, store, egress, bulletin }: DrainsDeps): Drains {
  const at = (actor: Actor, name: string, signal: AbortSignal) => reach(apps, actor, 'operate', name, signal);
  const found = async (app: App, name: string, signal: AbortSignal): Promise<Drain> => {
    const drain = await store.find(app.id, nameOf(name), signal);
    if (!drain) throw PlatformError.of('not_found', { resource: 'drain', name: printable(name) });
    return drain;
  };
  return {
    async add(actor, name, url, signal) {
      const app = await at(actor, name, signal);
      const target = readDrainUrl(url);
      if ('problem' in target)
        throw PlatformError.of('invalid_params', { field: 'url', problem: target.problem });
      egress.check(target.host, target.port);
      const draft = {
        ...{ id: randomUUID(), appId: app.id, token: `d.${randomUUID()}` },
        ...{ url: new Secret(url), canonical: new Secret(target.canonical) },
      };
      const drain = await store.add(draft, DRAINS_PER_APP, signal);
      bulletin.post(DRAINS_CHANGED);
      return { app, drain };
    },
    async list(actor, name, signal) {
      const app = await at(actor, name, signal);
      return { app, drains: await store.list(app.id, signal) };
    },
    async find(actor, name, drain, signal) {
      const app = await at(actor, name, signal);
      return { app, drain: await found(app, drain, signal) };
    },
    async remove(actor, name, which, signal) {
      const app = await at(actor, name, signal);
      const drain = await found(app, which, signal);
      await store.remove(drain, signal);
      bulletin.post(DRAINS_CHANGED);
      return { app, drain };
    },
  };
}

function nameOf(text: string): DrainName {
  if (text.startsWith('d.')) return { token: text.slice(0, 100) };
  const target = readDrainUrl(text);
  return 'problem' in target ? { id: text.slice(0, 100) } : { canonical: new Secret(target.canonical) };
}

/** A failure says what was asked for, but no password that was in it. */
function printable(name: string): string {
  return name.replace(/\/\/[^/]*@/g, '//[redacted]@').slice(0, 100);
}
