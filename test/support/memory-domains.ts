import { bundleOf } from '../../lib/key-pair.ts';
import { Secret } from '../../lib/secret.ts';
import { MOST_CERTIFICATES, type Certificate } from '../../server/domain/certificate.ts';
import { MOST_DOMAINS, relatedHosts, type Domain } from '../../server/domain/domain.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { Certificates } from '../../server/ports/certificates.ts';
import type { Domains } from '../../server/ports/domains.ts';
import { livingApp, type MemoryCertificate, type MemoryDomain, type MemoryWorld } from './memory-world.ts';

export function createMemoryDomains(world: MemoryWorld): Domains {
  const shape = ({ certificateId, ...row }: MemoryDomain): Domain => {
    const found = world.certificates.get(certificateId ?? '');
    return { ...row, certificate: found ? { id: found.id, name: found.name } : null };
  };
  const ofApp = (appId: string): MemoryDomain[] =>
    [...world.domains.values()].filter((d) => d.appId === appId);
  const isOf = (certificateId: string, appId: string): boolean =>
    world.certificates.get(certificateId)?.appId === appId;

  function isTaken(hostname: string, ownerId: string): boolean {
    const { wildcard, below } = relatedHosts(hostname);
    return [...world.domains.values()].some((other) => {
      if (other.hostname === hostname) return true;
      const isBelow = below !== null && other.hostname.slice(other.hostname.indexOf('.')) === below;
      const meets = other.hostname === wildcard || isBelow;
      return meets && world.apps.get(other.appId)?.ownerId !== ownerId;
    });
  }

  return {
    list: (appId) =>
      Promise.resolve(
        ofApp(appId)
          .map(shape)
          .sort((a, b) => (a.hostname < b.hostname ? -1 : 1)),
      ),
    find(appId, idOrHostname) {
      const found = ofApp(appId).find((d) => d.id === idOrHostname || d.hostname === idOrHostname);
      return Promise.resolve(found && shape(found));
    },
    async add({ id, app, hostname, certificateId }) {
      const living = livingApp(world, app.id);
      if (!living) throw PlatformError.of('not_found', { resource: 'app', name: app.name });
      if (isTaken(hostname, living.ownerId)) throw PlatformError.of('domain_taken', { hostname });
      if (ofApp(app.id).length >= MOST_DOMAINS)
        throw PlatformError.of('too_many_domains', { app: app.name, limit: MOST_DOMAINS });
      if (certificateId !== null && !isOf(certificateId, app.id))
        throw PlatformError.of('not_found', { resource: 'sni_endpoint', name: certificateId });
      const at = world.clock.now();
      const row = { id, appId: app.id, hostname, certificateId, createdAt: at, updatedAt: at };
      world.domains.set(id, row);
      return Promise.resolve(shape(row));
    },
    attach({ id, appId }, certificateId) {
      const row = world.domains.get(id);
      if (!row || (certificateId !== null && !isOf(certificateId, appId))) return Promise.resolve(undefined);
      Object.assign(row, { certificateId, updatedAt: world.clock.now() });
      return Promise.resolve(shape(row));
    },
    remove: ({ id }) => Promise.resolve(world.domains.delete(id)),
  };
}

export function createMemoryCertificates(world: MemoryWorld): Certificates {
  const shape = ({
    id,
    appId,
    name,
    chain,
    digest,
    createdAt,
    updatedAt,
  }: MemoryCertificate): Certificate => ({
    ...{ id, appId, name, chain, digest, createdAt, updatedAt },
    domains: [...world.domains.values()].filter((d) => d.certificateId === id).map((d) => d.id),
  });
  const ofApp = (appId: string): MemoryCertificate[] =>
    [...world.certificates.values()].filter((c) => c.appId === appId);

  return {
    list: (appId) =>
      Promise.resolve(
        ofApp(appId)
          .map(shape)
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      ),
    find(appId, idOrName) {
      const found = ofApp(appId).find((c) => c.id === idOrName || c.name === idOrName);
      return Promise.resolve(found && shape(found));
    },
    async add({ id, app, name }, text) {
      if (!livingApp(world, app.id)) throw PlatformError.of('not_found', { resource: 'app', name: app.name });
      if (ofApp(app.id).length >= MOST_CERTIFICATES)
        throw PlatformError.of('too_many_certificates', { app: app.name, limit: MOST_CERTIFICATES });
      const at = world.clock.now();
      const row = { id, appId: app.id, name, ...text, createdAt: at, updatedAt: at };
      world.certificates.set(id, row);
      return Promise.resolve(shape(row));
    },
    replace({ id, digest }, text) {
      const row = world.certificates.get(id);
      if (row?.digest !== digest) return Promise.resolve(undefined);
      Object.assign(row, { ...text, updatedAt: world.clock.now() });
      return Promise.resolve(shape(row));
    },
    remove({ id }) {
      for (const domain of world.domains.values())
        if (domain.certificateId === id) domain.certificateId = null;
      return Promise.resolve(world.certificates.delete(id));
    },
    bundleOf(digest) {
      const row = [...world.certificates.values()].find((c) => c.digest === digest);
      const text = row && bundleOf({ certificates: row.chain, key: row.key.reveal() });
      return Promise.resolve(text === undefined ? undefined : new Secret(text));
    },
  };
}
