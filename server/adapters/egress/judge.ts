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
    const reason =
      addresses.map((address) => rules.refuseAddress(address)).find((one) => one !== undefined) ??
      (trusted ? undefined : rules.refusePort(port));
    if (reason !== undefined) throw PlatformError.of('egress_refused', { host: named, reason });
    return first;
  };
}

async function resolveAll(host: string): Promise<string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}
