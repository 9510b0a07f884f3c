import { createHash } from 'node:crypto';

/** An IPv4 range as two numbers: its first address and its length. */
export interface Range {
  readonly first: number;
  readonly size: number;
}

/** The link between the machine and its build engine: a /30 with one address on each side. */
export interface Link {
  readonly subnet: string;
  readonly host: string;
  readonly builds: string;
}

export function parseRange(cidr: string): Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(cidr);
  if (!match) return undefined;
  const bytes = match.slice(1, 5).map(Number);
  const bits = Number(match[5] ?? 32);
  if (bits > 32 || bytes.some((byte) => byte > 255)) return undefined;
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 ** (32 - bits);
  return { first: address - (address % size), size };
}

export function overlaps(a: Range, b: Range): boolean {
  return a.first < b.first + b.size && b.first < a.first + a.size;
}

const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');

// 10.175.0.0/16, beside the networks of apps (10.176.0.0/12) and the pools below: 16,384 links of four addresses.
const LINKS = { first: 10 * 2 ** 24 + 175 * 2 ** 16, count: 16_384 };

/** The link at a place of the range of links. */
function linkAt(place: number): Link {
  const first = LINKS.first + 4 * place;
  return { subnet: `${dotted(first)}/30`, host: dotted(first + 1), builds: dotted(first + 2) };
}

/** The first free link from the place that the id decides, so that platforms of one machine seldom meet; undefined when none is free. */
export function chooseLink(id: string, taken: readonly Range[]): Link | undefined {
  const start = createHash('sha256').update(id).digest().readUInt32BE(0) % LINKS.count;
  for (let step = 0; step < LINKS.count; step += 1) {
    const link = linkAt((start + step) % LINKS.count);
    const range = parseRange(link.subnet);
    if (range && !taken.some((other) => overlaps(range, other))) return link;
  }
  return undefined;
}

// Engines give a network of its own to each app; Docker's defaults end at about thirty of them.
const POOLS = ['10.192.0.0/12', '10.208.0.0/12', '10.224.0.0/12', '172.24.0.0/13', '172.16.0.0/13'];

/** The first pool for an engine's networks that no route of the machine uses; undefined when none is free. */
export function choosePool(taken: readonly Range[]): string | undefined {
  return POOLS.find((pool) => {
    const range = parseRange(pool);
    return range && !taken.some((other) => overlaps(range, other));
  });
}
