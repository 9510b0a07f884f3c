import { withoutTrailing } from '../../../lib/trailing.ts';
import type { ArchiveEntry } from '../../domain/source-archive.ts';

/** What cannot be read as the archive it seems to be. */
export class UnreadableArchive extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'UnreadableArchive';
  }
}

/** One entry, and its bytes: these must be read to their end, or left, before the next entry. */
export interface Member {
  readonly entry: ArchiveEntry;
  readonly content: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
/** Long names and the like are read into memory, so they have a limit of their own. */
const LONGEST_EXTENSION = 256 * 1024;

/**
 * Reads an uncompressed tar (ustar, pax, GNU) from strangers: nothing but one block, or one small extension header, is
 * ever held in memory. Throws `UnreadableArchive`.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<Member, void, undefined> {
  const bytes = createReader(source);
  let extended: Extension = {};
  for (;;) {
    const block = await bytes.take(BLOCK);
    if (block.length === 0 || isZero(block)) return;
    if (block.length < BLOCK) throw new UnreadableArchive('it ends in the middle of an entry');
    const header = readHeader(block);
    if (EXTENSIONS.has(header.type)) {
      if (header.size > LONGEST_EXTENSION) throw new UnreadableArchive('it has a name without an end');
      const content = await bytes.take(header.size);
      await bytes.skip(padding(header.size));
      extended = { ...extended, ...readExtension(header.type, content) };
      continue;
    }
    const entry = entryOf(header, extended);
    let left = entry.size;
    yield {
      entry,
      content: (async function* () {
        while (left > 0) {
          const chunk = await bytes.some(left);
          if (chunk.length === 0) throw new UnreadableArchive('it ends in the middle of a file');
          left -= chunk.length;
          yield chunk;
        }
      })(),
    };
    await bytes.skip(left + padding(entry.size));
    extended = {};
  }
}

function entryOf(header: ReturnType<typeof readHeader>, extended: Extension): ArchiveEntry {
  const kind = KINDS.get(header.type) ?? 'other';
  return {
    name: extended.path ?? header.name,
    kind,
    size: kind === 'directory' || kind === 'link' ? 0 : (extended.size ?? header.size),
    executable: (header.mode & 0o111) !== 0,
    target: kind === 'link' ? (extended.linkpath ?? header.linkname) : '',
  };
}

const KINDS: ReadonlyMap<string, ArchiveEntry['kind']> = new Map([
  ['0', 'file'],
  ['\0', 'file'],
  ['7', 'file'],
  ['5', 'directory'],
  ['2', 'link'],
]);
const EXTENSIONS = new Set(['x', 'g', 'L', 'K']);

interface Extension {
  readonly path?: string;
  readonly linkpath?: string;
  readonly size?: number;
}

function readExtension(type: string, content: Buffer): Extension {
  if (type === 'g') return {}; // what holds for all entries is nothing that names one
  if (type === 'L') return { path: text(content, 0, content.length) };
  if (type === 'K') return { linkpath: text(content, 0, content.length) };
  const records = readRecords(content);
  const [path, linkpath, size] = ['path', 'linkpath', 'size'].map((key) => records.get(key));
  if (size !== undefined && !/^\d{1,15}$/.test(size)) throw brokenHeader();
  return {
    ...(path !== undefined && { path }),
    ...(linkpath !== undefined && { linkpath }),
    ...(size !== undefined && { size: Number(size) }),
  };
}

/** `LENGTH KEY=VALUE\n`, one after the other; the length is that of the whole record. */
function readRecords(content: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  // As bytes: extended attributes are none of any text, and a length counts bytes.
  for (let rest = content; rest.length > 0;) {
    const [head = '', digits = ''] = /^(\d{1,9}) /.exec(rest.toString('latin1', 0, 10)) ?? [];
    const length = Number(digits);
    if (!(length > head.length) || length > rest.length || rest[length - 1] !== 0x0a) throw brokenHeader();
    const record = rest.toString('utf8', head.length, length - 1);
    const at = record.indexOf('=');
    if (at < 1) throw brokenHeader();
    records.set(record.slice(0, at), record.slice(at + 1));
    rest = rest.subarray(length);
  }
  return records;
}

function brokenHeader(): UnreadableArchive {
  return new UnreadableArchive('it has a broken header');
}

function readHeader(block: Buffer) {
  const written = /^ *([0-7]{1,7})[\0 ]*$/.exec(block.toString('latin1', 148, 156))?.[1] ?? '';
  const seen = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (Number.parseInt(written, 8) !== seen)
    throw new UnreadableArchive('it is not a tar archive, or damaged');
  const ustar = block.toString('latin1', 257, 262) === 'ustar';
  // GNU's own format has other things where ustar has the beginning of a long name.
  const posix = ustar && block[263] === 0x30;
  const prefix = posix ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: octal(block, 100, 8),
    size: octal(block, 124, 12),
    type: String.fromCharCode(block[156] ?? 0),
    linkname: text(block, 157, 100),
  };
}

function text(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function octal(block: Buffer, at: number, length: number): number {
  // A set first bit is GNU's way to write what is larger than any source may be.
  if (((block[at] ?? 0) & 0x80) !== 0) throw new UnreadableArchive('it has an entry that is far too large');
  const digits = withoutTrailing(block.toString('latin1', at, at + length), '\0 ').trim();
  if (!/^[0-7]*$/.test(digits)) throw new UnreadableArchive('it is not a tar archive, or damaged');
  return Number.parseInt(digits || '0', 8);
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** Bytes in the pieces that a reader wants. */
function createReader(source: AsyncIterable<Uint8Array>) {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  async function some(atMost: number): Promise<Buffer> {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return rest;
      rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const taken = rest.subarray(0, atMost);
    rest = rest.subarray(taken.length);
    return taken;
  }

  return {
    some,
    /** Fewer only at the end. */
    async take(count: number): Promise<Buffer> {
      const parts: Buffer[] = [];
      for (let left = count; left > 0;) {
        const part = await some(left);
        if (part.length === 0) break;
        parts.push(part);
        left -= part.length;
      }
      return Buffer.concat(parts);
    },
    async skip(count: number): Promise<void> {
      for (let left = count; left > 0;) {
        const part = await some(left);
        if (part.length === 0) throw new UnreadableArchive('it ends in the middle of a file');
        left -= part.length;
      }
    },
  };
}
