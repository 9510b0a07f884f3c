import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

const TYPES = { commit: 1, tree: 2, blob: 3, ofsDelta: 6 } as const;
const LENGTH = 64;

/**
 * A pack in which a commit has one file, of 64 bytes, that is the last of so many changes, each told as what differs from the
 * one before. Git itself makes no chain of more than 4,095.
 */
export function deltaChainPack(changes: number): { readonly pack: Buffer; readonly commit: string } {
  const entries: Buffer[] = [];
  let before = 0;
  const add = (type: keyof typeof TYPES, body: Buffer, base = Buffer.alloc(0)): void => {
    const entry = Buffer.concat([entryHead(TYPES[type], body.length), base, deflateSync(body)]);
    entries.push(entry);
    before = entry.length;
  };
  const kept = Buffer.alloc(LENGTH - 4, 'x');
  const content = (nth: number): Buffer => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(nth);
    return Buffer.concat([kept, count]);
  };
  add('blob', content(0));
  for (let nth = 1; nth <= changes; nth += 1) {
    // Lengths of both, "copy 60 bytes from the beginning", "these 4 bytes".
    const delta = Buffer.concat([
      Buffer.from([LENGTH, LENGTH, 0x90, kept.length, 4]),
      content(nth).subarray(-4),
    ]);
    add('ofsDelta', delta, Buffer.from([before]));
  }
  const blob = idOf('blob', content(changes));
  const tree = Buffer.concat([Buffer.from('100644 f\0'), Buffer.from(blob, 'hex')]);
  add('tree', tree);
  const who = 'Test <test@example.com> 1700000000 +0000';
  const commit = Buffer.from(`tree ${idOf('tree', tree)}\nauthor ${who}\ncommitter ${who}\n\nchain\n`);
  add('commit', commit);
  const head = Buffer.alloc(12);
  head.write('PACK');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(entries.length, 8);
  const whole = Buffer.concat([head, ...entries]);
  return {
    pack: Buffer.concat([whole, createHash('sha1').update(whole).digest()]),
    commit: idOf('commit', commit),
  };
}

function idOf(type: string, body: Buffer): string {
  return createHash('sha1').update(`${type} ${body.length}\0`).update(body).digest('hex');
}

/** Type and length: four bits of it in the first byte, seven in each that follows. */
function entryHead(type: number, length: number): Buffer {
  const bytes = [(type << 4) | (length & 15)];
  for (let rest = length >> 4; rest > 0; rest >>= 7) {
    bytes.push(rest & 127);
    bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) | 128;
  }
  return Buffer.from(bytes);
}
