import { createHash } from 'node:crypto';
import { sizeOf, type Block } from '../../../lib/ipv4.ts';

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
