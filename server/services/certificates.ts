import { randomBytes, randomUUID } from 'node:crypto';
import { bundleOf, covers, digestOf, readKeyPair, type KeyPair } from '../../lib/key-pair.ts';
import { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import type { App } from '../domain/app.ts';
import type { Certificate } from '../domain/certificate.ts';
import { PlatformError } from '../domain/errors.ts';
import { randomAppName } from '../domain/random-name.ts';
import type { Apps as AppStore } from '../ports/apps.ts';
import type { Certificates as CertificateStore, CertificateText } from '../ports/certificates.ts';
import type { Clock } from '../ports/clock.ts';
import type { Domains as DomainStore } from '../ports/domains.ts';
import { reach } from './reach.ts';
import type { Wake } from './wake.ts';

/** Chain and private key in PEM, as somebody brings them. */
interface Brought {
  readonly chain: string;
  readonly key: Secret;
}

export interface Certificates {
  list(
    actor: Actor,
    app: string,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly certificates: readonly Certificate[] }>;
  /** `which`, everywhere: its name or id. */
  find(
    actor: Actor,
    app: string,
    which: string,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly certificate: Certificate }>;
  /** Keeps it under a name of its own; it is shown to nobody until a domain has it. Throws `invalid_params`, `too_many_certificates`. */
  add(
    actor: Actor,
    app: string,
    brought: Brought,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly certificate: Certificate }>;
  /** Changes what visitors of its domains are shown, for whom it must be good. Throws `invalid_params`. */
  replace(
    actor: Actor,
    app: string,
    which: string,
    brought: Brought,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly certificate: Certificate }>;
  /** Its domains show the platform's own again. */
  remove(
    actor: Actor,
    app: string,
    which: string,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly certificate: Certificate }>;
}

export interface CertificatesDeps {
  readonly apps: Pick<AppStore, 'find' | 'findFor'>;
  readonly store: CertificateStore;
  readonly domains: Pick<DomainStore, 'list'>;
  readonly controller: Wake;
  readonly clock: Clock;
}

export function createCertificates(deps: CertificatesDeps): Certificates {
  const { apps, store, domains, controller, clock } = deps;

  async function certificateOf(app: App, which: string, signal: AbortSignal): Promise<Certificate> {
    const found = await store.find(app.id, which, signal);
    if (found) return found;
    throw PlatformError.of('not_found', { resource: 'sni_endpoint', name: which.slice(0, 100) });
  }

  return {
    async list(actor, nameOrId, signal) {
      const app = await reach(apps, actor, 'view', nameOrId, signal);
      return { app, certificates: await store.list(app.id, signal) };
    },

    async find(actor, nameOrId, which, signal) {
      const app = await reach(apps, actor, 'view', nameOrId, signal);
      return { app, certificate: await certificateOf(app, which, signal) };
    },

    async add(actor, nameOrId, brought, signal) {
      const app = await reach(apps, actor, 'operate', nameOrId, signal);
      const text = textOf(read(brought, clock.now()));
      const taken = new Set((await store.list(app.id, signal)).map((certificate) => certificate.name));
      let name = randomAppName(randomBytes(4));
      while (taken.has(name)) name = randomAppName(randomBytes(4));
      return { app, certificate: await store.add({ id: randomUUID(), app, name }, text, signal) };
    },

    async replace(actor, nameOrId, which, brought, signal) {
      const app = await reach(apps, actor, 'operate', nameOrId, signal);
      const before = await certificateOf(app, which, signal);
      const pair = read(brought, clock.now());
      const hosts = (await domains.list(app.id, signal)).filter((d) => d.certificate?.id === before.id);
      const without = hosts.find(({ hostname }) => !covers(pair.leaf, hostname));
      if (without) {
        const problem = `is not for ${without.hostname}, which has the certificate ${before.name}`;
        throw PlatformError.of('invalid_params', { field: 'certificate_chain', problem });
      }
      const certificate = await store.replace(before, textOf(pair), signal);
      if (!certificate) throw PlatformError.of('app_changed', { app: app.name });
      controller.wake(app.id);
      return { app, certificate };
    },

    async remove(actor, nameOrId, which, signal) {
      const app = await reach(apps, actor, 'operate', nameOrId, signal);
      const certificate = await certificateOf(app, which, signal);
      await store.remove(certificate, signal); // somebody else may have: then it is as it was asked for
      controller.wake(app.id);
      return { app, certificate };
    },
  };
}

function read({ chain, key }: Brought, now: Date): KeyPair {
  const said = readKeyPair(chain, key.reveal(), now);
  if ('pair' in said) return said.pair;
  throw PlatformError.of('invalid_params', { field: 'certificate_chain', problem: said.problem });
}

function textOf(pair: KeyPair): CertificateText {
  return { chain: pair.certificates, key: new Secret(pair.key), digest: digestOf(bundleOf(pair)) };
}
