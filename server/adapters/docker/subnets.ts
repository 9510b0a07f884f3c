import { createHash } from 'node:crypto';

/** A block of IPv4 addresses; `first` is its lowest address as a number. */
export interface Block {
  readonly first: number;
  readonly bits: number;
}

/** Reads `10.176.0.0/12`. Throws on anything else, and on a block whose address has bits behind its mask. */
export function parseBlock(text: string): Block {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  const numbers = (match ?? []).slice(1).map(Number);
  const [a = 256, b = 256, c = 256, d = 256, bits = 33] = numbers;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  if (Math.max(a, b, c, d) > 255 || bits > 32 || first % sizeOf(bits) !== 0)
    throw new Error(`${text} is not a block of IPv4 addresses such as 10.176.0.0/12`);
  return { first, bits };
}

export function printBlock({ first, bits }: Block): string {
  const octet = (shift: number): number => Math.floor(first / 2 ** shift) % 256;
  return `${octet(24)}.${octet(16)}.${octet(8)}.${octet(0)}/${bits}`;
}

/** True when the two have an address in common. */
export function overlap(a: Block, b: Block): boolean {
  return a.first < b.first + sizeOf(b.bits) && b.first < a.first + sizeOf(a.bits);
}

/**
 * The subnets to try for a platform's network number `index`, best first.
 *
 * The pool is cut into equal parts and each platform starts at a place of its own in it (by a hash of its id), so that two
 * platforms on one machine rarely ask for the same; when they do, or somebody else has taken a part, the next tries are
 * scattered over the pool.
 */
export function* candidates(pool: Block, bits: number, platformId: string, index: number): Generator<Block> {
  const parts = 2 ** (bits - pool.bits);
  const start = createHash('sha256').update(platformId).digest().readUInt32BE(0);
  for (let attempt = 0; attempt < Math.min(parts, TRIES); attempt += 1) {
    const part = (start + index + attempt * STRIDE) % parts;
    yield { first: pool.first + part * sizeOf(bits), bits };
  }
}

const TRIES = 64;
/** Odd, so that it visits every part of a power of two; far enough to leave a neighbour's run of networks. */
const STRIDE = 1021;

function sizeOf(bits: number): number {
  return 2 ** (32 - bits);
}
