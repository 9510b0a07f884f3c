import type { DomainResource } from '../server/contract/resources.ts';
import type { Column } from './listing.ts';

/** What of a domain whoever looks after its DNS needs to know, and what else there is. */
export const DOMAIN_COLUMNS: readonly Column<DomainResource>[] = [
  { head: 'Domain name', also: ['hostname'], of: ({ hostname }) => hostname, whole: true },
  { head: 'DNS record', also: ['DNS Record Type', 'kind'], of: ({ hostname }) => recordFor(hostname) },
  { head: 'DNS target', also: ['cname'], of: ({ cname }) => cname ?? '' },
  {
    head: 'Certificate',
    also: ['SNI Endpoint'],
    of: ({ sni_endpoint: certificate }) => certificate?.name ?? '',
  },
  { head: 'Status', of: ({ status }) => status, extended: true },
  { head: 'Automatic', also: ['ACM Status'], of: ({ acm_status: acm }) => acm ?? '', extended: true },
  {
    head: 'Reason',
    also: ['ACM Status Reason'],
    of: ({ acm_status_reason: reason }) => reason ?? '',
    extended: true,
  },
];

/** At the apex of a zone there can be no CNAME; `example.com` is one, of `example.co.uk` only its owner knows. */
export function recordFor(hostname: string): string {
  return hostname.startsWith('*.') || hostname.split('.').length > 2 ? 'CNAME' : 'ALIAS or ANAME';
}
