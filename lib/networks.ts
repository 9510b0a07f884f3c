import { BlockList, isIP, isIPv4 } from 'node:net';

const BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

/** Whether a text is an address, or a network such as `10.0.0.0/8` or `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  // An IPv4 address in IPv6 clothes would be a network that no IPv4 address is in.
  const [, address = '', bits = '0'] = /^([\d.]{7,15}|[\da-f:]{2,39})(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  return Number(bits) <= (BITS[isIP(address)] ?? -1);
}

/** Tells which addresses are in one of these networks. Throws for what `isNetwork` does not take. */
export function networks(all: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of all) {
    if (!isNetwork(network)) throw new Error(`${network} is neither an address nor a network`);
    const [address = '', bits = BITS[isIP(address)]] = network.split('/');
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return (address) => isIP(address) > 0 && list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
