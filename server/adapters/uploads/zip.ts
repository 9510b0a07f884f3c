import type { FileHandle } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { readRange } from './range.ts';
import { UnreadableArchive, type Member } from './tar.ts';

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;
/** The list of all entries is read into memory. */
const LONGEST_LIST = 64 * 1024 * 1024;
const LINK = 0o120000;
const FOLDER = 0o040000;
const LONGEST_TARGET = 4096;

interface Listed {
  readonly name: string;
  readonly mode: number;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

/** True for a file that begins like a zip archive. */
export function looksLikeZip(first: Uint8Array): boolean {
  return first[0] === 0x50 && first[1] === 0x4b && (first[2] === 3 || first[2] === 5);
}

/** Reads a zip archive by its list of entries. Throws `UnreadableArchive`, also for what is unpacked to more than it says. */
export async function* readZip(
  file: FileHandle,
  signal: AbortSignal,
): AsyncGenerator<Member, void, undefined> {
  for (const listed of await readList(file)) {
    signal.throwIfAborted();
    const type = listed.mode & 0o170000;
    const folder = listed.name.endsWith('/') || type === FOLDER;
    const known = type === 0 || type === 0o100000 || type === LINK || folder;
    const kind = folder ? 'directory' : type === LINK ? 'link' : known ? 'file' : 'other';
    const target = kind === 'link' ? await linkTarget(file, listed, signal) : '';
    yield {
      entry: {
        name: listed.name,
        kind,
        size: kind === 'file' ? listed.size : 0,
        executable: (listed.mode & 0o111) !== 0,
        target,
      },
      content: kind === 'file' ? contentOf(file, listed, signal) : nothing(),
    };
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {
  // A folder or a link has no bytes of its own.
}

async function linkTarget(file: FileHandle, listed: Listed, signal: AbortSignal): Promise<string> {
  if (listed.size > LONGEST_TARGET) throw new UnreadableArchive('it has a link to a path that is too long');
  const parts: Uint8Array[] = [];
  for await (const part of contentOf(file, listed, signal)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

async function* contentOf(
  file: FileHandle,
  listed: Listed,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const head = await readAt(file, listed.at, 30);
  if (head.length < 30 || head.readUInt32LE(0) !== LOCAL) throw damaged();
  const from = listed.at + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  if (listed.packed === 0) {
    if (listed.size !== 0) throw damaged();
    return;
  }
  const packed = readRange(file, { start: from, end: from + listed.packed }, signal);
  const unpacked = listed.method === 0 ? new PassThrough() : createInflateRaw();
  const fed = pipeline(packed, unpacked);
  fed.catch(() => undefined); // whoever reads hears of it
  let seen = 0;
  try {
    for await (const chunk of unpacked) {
      const bytes = chunk as Buffer;
      seen += bytes.length;
      if (seen > listed.size) throw new UnreadableArchive('it is unpacked to more than it says');
      yield bytes;
    }
  } catch (err) {
    signal.throwIfAborted();
    if (err instanceof UnreadableArchive) throw err;
    throw damaged(err);
  } finally {
    unpacked.destroy();
    await fed.catch(() => undefined); // told already
  }
  if (seen !== listed.size) throw damaged();
}

async function readList(file: FileHandle): Promise<Listed[]> {
  const { count, list } = await findList(file);
  const found: Listed[] = [];
  for (let here = 0; found.length < count;) {
    if (here + 46 > list.length || list.readUInt32LE(here) !== CENTRAL) throw damaged();
    const [flags, method] = [list.readUInt16LE(here + 8), list.readUInt16LE(here + 10)];
    if ((flags & 1) !== 0) throw new UnreadableArchive('it is encrypted');
    if (method !== 0 && method !== 8)
      throw new UnreadableArchive('it is packed in a way that is not known here');
    const nameEnd = here + 46 + list.readUInt16LE(here + 28);
    found.push({
      name: list.toString('utf8', here + 46, nameEnd),
      // Only archives made on Unix say what may be run and what is a link.
      mode: list[here + 5] === 3 ? list.readUInt16LE(here + 40) : 0,
      method,
      packed: list.readUInt32LE(here + 20),
      size: list.readUInt32LE(here + 24),
      at: list.readUInt32LE(here + 42),
    });
    here = nameEnd + list.readUInt16LE(here + 30) + list.readUInt16LE(here + 32);
  }
  return found;
}

/** The list of a zip archive is at its end, before a comment of any length. */
async function findList(file: FileHandle): Promise<{ readonly count: number; readonly list: Buffer }> {
  const { size } = await file.stat();
  const tailAt = Math.max(0, size - END_BYTES - LONGEST_COMMENT);
  const tail = await readAt(file, tailAt, size - tailAt);
  let end = tail.length - END_BYTES;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end -= 1;
  if (end < 0) throw damaged();
  const [count, bytes, at] = [
    tail.readUInt16LE(end + 10),
    tail.readUInt32LE(end + 12),
    tail.readUInt32LE(end + 16),
  ];
  if (count === 0xffff || at === 0xffffffff)
    throw new UnreadableArchive('it is a zip archive of the large kind; send a tar.gz instead');
  if (bytes > LONGEST_LIST || at + bytes > size) throw damaged();
  return { count, list: await readAt(file, at, bytes) };
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}

function damaged(cause?: unknown): Error {
  return Object.assign(
    new UnreadableArchive('it is a damaged zip archive'),
    cause === undefined ? {} : { cause },
  );
}
