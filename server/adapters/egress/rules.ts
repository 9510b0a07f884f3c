import { isIP, isIPv4 } from 'node:net';
import { networks } from '../../../lib/networks.ts';

/** Where requests that users of the platform cause may not go: this machine, its networks, and what is not the internet. */
const FORBIDDEN: readonly string[] = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** Of IPv6 only what is handed out to the public, without what wraps an IPv4 address or is for documentation. */
const PUBLIC6 = '2000::/3';
const FORBIDDEN6: readonly string[] = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** Ports that other protocols listen on, which a request could be made to speak to. */
const FORBIDDEN_PORTS = new Set([
  ...[
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  ],
  ...[
    109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 515, 526,
  ],
  ...[
    530, 531, 532, 540, 548, 554, 556, 563, 587, 636, 873, 989, 990, 993, 995, 1433, 1719, 1720, 1723, 2049,
  ],
  ...[2375, 2376, 2377, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665],
  ...[6666, 6667, 6668, 6669, 6679, 6697, 9200, 9300, 10080, 11211, 27017],
]);

export interface EgressRules {
  /** Whether this address may be called, as one of the public internet or as one that an operator has allowed. */
  isOpen(address: string): boolean;
  /** Why this port may not be called, unless every address behind it is allowed by name. */
  refusePort(port: number): string | undefined;
  /** Whether an operator has allowed this address by name, whatever it is. */
  isAllowed(address: string): boolean;
}

/** `allow`: networks that an operator trusts, `10.1.0.0/16` or `::1/128`. */
export function egressRules(allow: readonly string[]): EgressRules {
  const isAllowed = networks(allow);
  const isForbidden = networks(FORBIDDEN);
  const isPublic6 = networks([PUBLIC6]);
  const isForbidden6 = networks(FORBIDDEN6);
  return {
    isAllowed,
    isOpen(address) {
      if (isIP(address) === 0) return false;
      if (isAllowed(address)) return true;
      return isIPv4(address) ? !isForbidden(address) : isPublic6(address) && !isForbidden6(address);
    },
    refusePort(port) {
      if (port === 0) return 'port 0 is no port that anybody listens on';
      return FORBIDDEN_PORTS.has(port) ? `port ${port} belongs to another protocol` : undefined;
    },
  };
}
