import { isSelfSigned, leafOf, namesOf, oneLine } from '../../lib/key-pair.ts';
import type { DomainResource, SniEndpointResource } from '../contract/resources.ts';
import type { App } from '../domain/app.ts';
import type { Certificate } from '../domain/certificate.ts';
import { ownHost, type Domain } from '../domain/domain.ts';
import { uuidOf, wireTime, type Place } from './shapes.ts';

/** What is true until the platform can get certificates by itself. */
export const NO_ACM = 'This platform does not get certificates by itself yet; add one of your own.';

/** The address that every app has, as a domain of it. */
export function shapeOwnHost(app: App, place: Pick<Place, 'domain'>): DomainResource {
  return {
    id: uuidOf(`gantry:own host of ${app.id}`),
    app: { id: app.id, name: app.name },
    hostname: ownHost(app.name, place.domain),
    kind: 'heroku',
    cname: null,
    status: 'none',
    acm_status: null,
    acm_status_reason: null,
    sni_endpoint: null,
    created_at: wireTime(app.createdAt),
    updated_at: wireTime(app.createdAt),
  };
}

export function shapeDomain(app: App, domain: Domain, place: Pick<Place, 'domain'>): DomainResource {
  const waits = app.acm && domain.certificate === null;
  return {
    id: domain.id,
    app: { id: app.id, name: app.name },
    hostname: domain.hostname,
    kind: 'custom',
    cname: ownHost(app.name, place.domain),
    status: 'succeeded',
    acm_status: waits ? 'failed' : null,
    acm_status_reason: waits ? NO_ACM : null,
    sni_endpoint: domain.certificate,
    created_at: wireTime(domain.createdAt),
    updated_at: wireTime(domain.updatedAt),
  };
}

export function shapeCertificate(app: App, certificate: Certificate): SniEndpointResource {
  const leaf = leafOf(certificate.chain);
  const selfSigned = isSelfSigned(leaf);
  return {
    id: certificate.id,
    name: certificate.name,
    app: { id: app.id, name: app.name },
    display_name: null,
    certificate_chain: certificate.chain,
    domains: [...certificate.domains],
    ssl_cert: {
      id: uuidOf(`gantry:certificate ${certificate.digest}`),
      cert_domains: namesOf(leaf),
      issuer: oneLine(leaf.issuer),
      subject: oneLine(leaf.subject),
      starts_at: wireTime(new Date(leaf.validFrom)),
      expires_at: wireTime(new Date(leaf.validTo)),
      'self_signed?': selfSigned,
      'ca_signed?': !selfSigned,
      acm: false,
    },
    created_at: wireTime(certificate.createdAt),
    updated_at: wireTime(certificate.updatedAt),
  };
}
