import type { DomainResource } from '../server/contract/resources.ts';
import { printTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export const DOMAIN_HEAD = ['Domain name', 'DNS record', 'DNS target', 'Certificate'] as const;

/** What of a domain whoever looks after its DNS needs to know. */
export function domainRow({ hostname, cname, sni_endpoint: certificate }: DomainResource): string[] {
  return [hostname, recordFor(hostname), cname ?? '', certificate?.name ?? ''];
}

export function printDomains(terminal: Terminal, domains: readonly DomainResource[]): void {
  printTable(terminal, domains.map(domainRow), { head: DOMAIN_HEAD, whole: [0] });
}

/** At the apex of a zone there can be no CNAME; `example.com` is one, of `example.co.uk` only its owner knows. */
export function recordFor(hostname: string): string {
  return hostname.startsWith('*.') || hostname.split('.').length > 2 ? 'CNAME' : 'ALIAS or ANAME';
}
