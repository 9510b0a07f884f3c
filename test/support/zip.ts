import { deflateRawSync } from 'node:zlib';

/** An entry of a zip archive, honest unless it is told otherwise. */
export interface ZipEntry {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
  readonly stored?: boolean;
  /** The size that its list claims. */
  readonly says?: number;
  /** Number of the system it was made on; that of Unix. */
  readonly madeOn?: number;
  readonly method?: number;
  readonly flags?: number;
  /** What the list holds behind the name. */
  readonly extra?: string;
  readonly comment?: string;
  /** What the entry itself holds between its name and its bytes. */
  readonly ownExtra?: string;
  readonly signature?: number;
}

/** A zip archive as Unix tools write it. */
export function zipOf(entries: readonly ZipEntry[], end: ZipEnd = {}): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const raw = Buffer.from(entry.text);
    const packed = entry.stored === true ? raw : deflateRawSync(raw);
    const local = Buffer.concat([localHeader(entry), packed]);
    parts.push(local);
    list.push(listed(entry, { packed: packed.length, raw: raw.length, offset }));
    offset += local.length;
  }
  const central = Buffer.concat(list);
  const comment = Buffer.from(end.comment ?? '');
  const last = Buffer.alloc(22);
  last.writeUInt32LE(0x06054b50, 0);
  last.writeUInt16LE(end.count ?? entries.length, 10);
  last.writeUInt32LE(end.bytes ?? central.length, 12);
  last.writeUInt32LE(end.at ?? offset, 16);
  last.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, central, last, comment]);
}

/** What the end of an archive claims of its list, where that is not the truth. */
export interface ZipEnd {
  readonly count?: number;
  readonly bytes?: number;
  readonly at?: number;
  readonly comment?: string;
}

function localHeader({ name, ownExtra = '', signature = 0x04034b50 }: ZipEntry): Buffer {
  const head = Buffer.alloc(30);
  head.writeUInt32LE(signature, 0);
  head.writeUInt16LE(Buffer.byteLength(name), 26);
  head.writeUInt16LE(Buffer.byteLength(ownExtra), 28);
  return Buffer.concat([head, Buffer.from(name), Buffer.from(ownExtra)]);
}

function listed(
  entry: ZipEntry,
  is: { readonly packed: number; readonly raw: number; readonly offset: number },
): Buffer {
  const { name, mode, extra = '', comment = '' } = entry;
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head[5] = entry.madeOn ?? 3;
  head.writeUInt16LE(entry.flags ?? 0, 8);
  head.writeUInt16LE(entry.method ?? (entry.stored === true ? 0 : 8), 10);
  head.writeUInt32LE(is.packed, 20);
  head.writeUInt32LE(entry.says ?? is.raw, 24);
  head.writeUInt16LE(Buffer.byteLength(name), 28);
  head.writeUInt16LE(Buffer.byteLength(extra), 30);
  head.writeUInt16LE(Buffer.byteLength(comment), 32);
  head.writeUInt16LE(mode, 40);
  head.writeUInt32LE(is.offset, 42);
  return Buffer.concat([head, Buffer.from(name + extra + comment)]);
}
