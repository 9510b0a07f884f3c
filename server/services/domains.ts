import { randomUUID } from 'node:crypto';
import { domainToASCII } from 'node:url';
import { covers, leafOf, namesOf } from '../../lib/key-pair.ts';
import type { Actor } from '../domain/actor.ts';
import type { App } from '../domain/app.ts';
import type { Certificate } from '../domain/certificate.ts';
import { ownHost, refuseHostname, type Domain } from '../domain/domain.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Apps as AppStore } from '../ports/apps.ts';
import type { Certificates as CertificateStore } from '../ports/certificates.ts';
import type { Domains as DomainStore } from '../ports/domains.ts';
import { reach } from './reach.ts';
import type { Wake } from './wake.ts';

/** `host`, everywhere: an id, or a host name in any case, with or without a dot at its end, in any script. */
export interface Domains {
  list(
    actor: Actor,
    app: string,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly domains: readonly Domain[] }>;
  find(
    actor: Actor,
    app: string,
    host: string,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly domain: Domain }>;
  /** `certificate`: name or id of one of the app's. Throws `invalid_params`, `domain_taken`, `too_many_domains`. */
  add(
    actor: Actor,
    app: string,
    wanted: { readonly hostname: string; readonly certificate: string | null },
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly domain: Domain }>;
  /** Which certificate visitors over TLS are shown; null: the platform's own. */
  attach(
    actor: Actor,
    app: string,
    host: string,
    certificate: string | null,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly domain: Domain }>;
  /** From then on the host leads nowhere. */
  remove(
    actor: Actor,
    app: string,
    host: string,
    signal: AbortSignal,
  ): Promise<{ readonly app: App; readonly domain: Domain }>;
}

export interface DomainsDeps {
  readonly apps: Pick<AppStore, 'find' | 'findFor'>;
  readonly store: DomainStore;
  readonly certificates: Pick<CertificateStore, 'find'>;
  readonly controller: Wake;
  /** Below which the apps' own addresses are. */
  readonly platformDomain: string;
}

export function createDomains(deps: DomainsDeps): Domains {
  const { apps, store, certificates, controller, platformDomain } = deps;

  async function certificateFor(
    app: App,
    hostname: string,
    wanted: string | null,
    signal: AbortSignal,
  ): Promise<Certificate | null> {
    if (wanted === null) return null;
    const found = await certificates.find(app.id, wanted, signal);
    if (!found) throw PlatformError.of('not_found', { resource: 'sni_endpoint', name: wanted.slice(0, 100) });
    const leaf = leafOf(found.chain);
    if (covers(leaf, hostname)) return found;
    const names = namesOf(leaf).join(', ');
    throw PlatformError.of('invalid_params', {
      field: 'sni_endpoint',
      problem: `${found.name} is not for ${hostname}, but for ${names.slice(0, 300)}`,
    });
  }

  async function domainOf(app: App, host: string, signal: AbortSignal): Promise<Domain> {
    const domain = await store.find(app.id, canonical(host), signal);
    if (domain) return domain;
    throw PlatformError.of('not_found', { resource: 'domain', name: host.slice(0, 100) });
  }

  return {
    async list(actor, nameOrId, signal) {
      const app = await reach(apps, actor, 'view', nameOrId, signal);
      return { app, domains: await store.list(app.id, signal) };
    },

    async find(actor, nameOrId, host, signal) {
      const app = await reach(apps, actor, 'view', nameOrId, signal);
      return { app, domain: await domainOf(app, host, signal) };
    },

    async add(actor, nameOrId, wanted, signal) {
      const app = await reach(apps, actor, 'operate', nameOrId, signal);
      const hostname = canonical(wanted.hostname);
      const problem = refuseHostname(hostname, app, platformDomain);
      if (problem !== undefined) throw PlatformError.of('invalid_params', { field: 'hostname', problem });
      const certificate = await certificateFor(app, hostname, wanted.certificate, signal);
      const input = { id: randomUUID(), app, hostname, certificateId: certificate?.id ?? null };
      const domain = await store.add(input, signal);
      controller.wake(app.id);
      return { app, domain };
    },

    async attach(actor, nameOrId, host, wanted, signal) {
      const app = await reach(apps, actor, 'operate', nameOrId, signal);
      mustNotBeOwn(app, host, platformDomain);
      const domain = await domainOf(app, host, signal);
      const certificate = await certificateFor(app, domain.hostname, wanted, signal);
      const attached = await store.attach(domain, certificate?.id ?? null, signal);
      if (!attached) throw PlatformError.of('app_changed', { app: app.name });
      controller.wake(app.id);
      return { app, domain: attached };
    },

    async remove(actor, nameOrId, host, signal) {
      const app = await reach(apps, actor, 'operate', nameOrId, signal);
      mustNotBeOwn(app, host, platformDomain);
      const domain = await domainOf(app, host, signal);
      await store.remove(domain, signal); // somebody else may have: then it is as it was asked for
      controller.wake(app.id);
      return { app, domain };
    },
  };
}

function mustNotBeOwn(app: App, host: string, platformDomain: string): void {
  if (canonical(host) !== ownHost(app.name, platformDomain)) return;
  const problem = `${host} is the address that every app has; it stays as it is`;
  throw PlatformError.of('invalid_params', { field: 'hostname', problem });
}

/** `Bücher.Example.` → `xn--bcher-kva.example`. What cannot be a host name stays as it was, to be refused. */
function canonical(given: string): string {
  const text = given.trim().toLowerCase().replace(/\.$/, '');
  const [star, rest] = text.startsWith('*.') ? ['*.', text.slice(2)] : ['', text];
  // Its parser would make an address of `1.2` and take `a%62` for `ab`: only names in other scripts need it.
  return /^[\x20-\x7e]*$/.test(rest) ? text : `${star}${domainToASCII(rest)}`;
}
