import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { PlatformError } from '../../domain/errors.ts';
import { egressRules } from './rules.ts';

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** The address to dial for a host that a user named. Throws `egress_refused`. */
export type Judge = (host: string, port: number) => Promise<string>;

/**
 * Judges every address of a name: one bad address of many refuses the whole, because which one is dialled must not be
 * luck. `allow`: networks that an operator trusts although they are not the internet.
 */
export function createJudge({
  allow,
  resolve = resolveAll,
}: {
  readonly allow: readonly string[];
  readonly resolve?: Resolve;
}): Judge {
  const rules = egressRules(allow);
  return async (named, port) => {
    const host = named.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) > 0 ? [host] : await resolve(host);
    const [first] = addresses;
    if (first === undefined) throw new Error('it has no address');
    const trusted = addresses.every((address) => rules.isAllowed(address));
    const closed = addresses.find((address) => !rules.isOpen(address));
    if (closed !== undefined) throw refusal(named, closed);
    const reason = trusted ? undefined : rules.refusePort(port);
    if (reason !== undefined) throw PlatformError.of('egress_refused', { host: named, reason });
    return first;
  };
}

/**
 * Refuses what can be told without asking for the addresses of a name: a host that is literally an address which may not
 * be called, in any spelling that the URL standard reads as one, the names of this machine, and port 0.
 */
export function checkLiteral(allow: readonly string[]): (host: string, port: number) => void {
  const rules = egressRules(allow);
  return (named, port) => {
    const host = named.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) > 0 ? [host] : LOCAL_NAME.test(host) ? LOOPBACK : [];
    const trusted = addresses.some((address) => rules.isAllowed(address));
    const [first] = addresses;
    if (first !== undefined && !trusted && !rules.isOpen(first)) throw refusal(named, first);
    const mayBeMeant = port !== 0 && (first === undefined || trusted);
    const reason = mayBeMeant ? undefined : rules.refusePort(port);
    if (reason !== undefined) throw PlatformError.of('egress_refused', { host: named, reason });
  };
}

/**
 * Whoever names a host is not told where its name leads: nobody may so look up the names of our networks. The log may show it.
 */
function refusal(host: string, address: string): Error {
  return PlatformError.of('egress_refused', { host, reason: INSIDE }, new Error(`it leads to ${address}`));
}
const INSIDE =
  'it leads to an address that is not of the public internet; an operator can allow a private network (GANTRY_EGRESS_ALLOW)';

/** Names that mean the machine itself wherever they are resolved (RFC 6761). */
const LOCAL_NAME = /^(?:.*\.)?localhost\.?$/i;
const LOOPBACK = ['127.0.0.1', '::1'];

async function resolveAll(host: string): Promise<string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}
