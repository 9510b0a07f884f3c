import type { DomainResource, SniEndpointResource } from '../server/contract/resources.ts';
import { printTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { when } from './time.ts';

const WEEK_MS = 7 * 86_400_000;

/** Everything about a certificate that is no secret, one field a line. */
export function printCertificate(
  terminal: Terminal,
  { name, ssl_cert: of }: SniEndpointResource,
  domains: readonly DomainResource[],
  now: Date,
): void {
  const rows = [
    ['Name', name],
    ['For', of.cert_domains.join(', ')],
    [
      'Shown by',
      domains.map(({ hostname }) => hostname).join(', ') || 'no domain; see gantry domains:update',
    ],
    ['Subject', of.subject],
    ['Issuer', of['self_signed?'] ? 'itself: browsers do not trust it' : of.issuer],
    ['Begins', when(of.starts_at, now)],
    ['Ends', expiry(terminal, of.expires_at, now)],
  ];
  printTable(terminal, rows, { whole: [0, 1] });
}

/** When it ends, in a colour that says how near that is. */
export function expiry(terminal: Terminal, at: string, now: Date): string {
  const left = new Date(at).getTime() - now.getTime();
  const text = `${at.slice(0, 10)} (${left < 0 ? 'over' : `in ${Math.floor(left / 86_400_000)}d`})`;
  return left < WEEK_MS ? terminal.paint(left < 0 ? 'red' : 'yellow', text) : text;
}
