import { createHash } from 'node:crypto';
import { block, overlap, printAddress, printBlock, type Block } from '../lib/ipv4.ts';

/** The link between the machine and its build engine: a /30 with one address on each side. */
export interface Link {
  readonly subnet: string;
  readonly host: string;
  readonly builds: string;
}

// 10.175.0.0/16, beside the networks of apps (10.176.0.0/12) and the pools below: 16,384 links of four addresses.
const LINKS = { first: block('10.175.0.0/16').first, count: 16_384 };

const LINK_BITS = 30;

function linkAt(first: number): Link {
  return {
    subnet: printBlock({ first, bits: LINK_BITS }),
    host: printAddress(first + 1),
    builds: printAddress(first + 2),
  };
}

/** The first free link from the place that the id decides, so that platforms of one machine seldom meet; undefined when none is free. */
export function chooseLink(id: string, taken: readonly Block[]): Link | undefined {
  const start = createHash('sha256').update(id).digest().readUInt32BE(0) % LINKS.count;
  for (let step = 0; step < LINKS.count; step += 1) {
    const first = LINKS.first + 4 * ((start + step) % LINKS.count);
    // As numbers: on a machine that uses the whole range all of them are looked at.
    if (!taken.some((other) => overlap({ first, bits: LINK_BITS }, other))) return linkAt(first);
  }
  return undefined;
}

// Engines give a network of its own to each app; Docker's defaults end at about thirty of them.
const POOLS = ['10.192.0.0/12', '10.208.0.0/12', '10.224.0.0/12', '172.24.0.0/13', '172.16.0.0/13'];

/** The first pool for an engine's networks that no route of the machine uses; undefined when none is free. */
export function choosePool(taken: readonly Block[]): string | undefined {
  return POOLS.find((pool) => !taken.some((other) => overlap(block(pool), other)));
}
