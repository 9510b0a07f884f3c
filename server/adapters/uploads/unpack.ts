import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { MANIFEST_BYTES } from '../../domain/app-manifest.ts';
import { PlatformError } from '../../domain/errors.ts';
import { createArchiveJudge, type ArchivePlan } from '../../domain/source-archive.ts';
import type { SourceLimits } from '../../../lib/source-limits.ts';
import type { Unpacked } from '../../ports/uploads.ts';
import { readRange } from './range.ts';
import { readTar, UnreadableArchive, type Member } from './tar.ts';
import { looksLikeZip, readZip } from './zip.ts';

/**
 * Unpacks a tar, tar.gz or zip archive from a stranger into an uncompressed tar that holds the source and nothing else,
 * whole or not at all. It is read twice, once to judge all of it and once to write, through one open file, so that both
 * see the same bytes. Throws `source_refused`.
 */
export async function unpackArchive(
  from: string,
  to: string,
  limits: SourceLimits,
  signal: AbortSignal,
): Promise<Unpacked> {
  const file = await open(from, 'r');
  const unfinished = `${to}.tmp-${randomUUID()}`;
  try {
    const members = await formatOf(file, limits);
    const plan = await judge(members(signal), limits);
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    const manifest = await write(members(signal), plan, unfinished, signal);
    await rename(unfinished, to);
    return { checksum: await checksumOf(file, signal), manifest };
  } catch (err) {
    await rm(unfinished, { force: true });
    if (err instanceof UnreadableArchive)
      throw PlatformError.of('source_refused', { reason: err.message }, err);
    throw err;
  } finally {
    await file.close();
  }
}

type Members = (signal: AbortSignal) => AsyncIterable<Member>;

async function formatOf(file: FileHandle, limits: SourceLimits): Promise<Members> {
  const { buffer: first } = await file.read(Buffer.alloc(4), 0, 4, 0);
  if (looksLikeZip(first)) return (signal) => readZip(file, signal);
  const bytes = (signal: AbortSignal): AsyncIterable<Buffer> => readRange(file, {}, signal);
  if (first[0] === 0x1f && first[1] === 0x8b) return (signal) => readTar(unzipped(bytes(signal), limits));
  return (signal) => readTar(bytes(signal));
}

/** Headers and padding of so many entries, and what the source may be at most. */
function mostBytes({ bytes, entries }: SourceLimits): number {
  return bytes + entries * 4096;
}

async function* unzipped(
  packed: AsyncIterable<Buffer>,
  limits: SourceLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const unpacked = createGunzip();
  const fed = pipeline(packed, unpacked);
  fed.catch(() => undefined); // whoever reads hears of it
  let seen = 0;
  try {
    for await (const piece of unpacked) {
      const chunk = piece as Buffer;
      seen += chunk.length;
      if (seen > mostBytes(limits)) throw new UnreadableArchive('unpacked it is far too large');
      yield chunk;
    }
  } catch (err) {
    const damaged = err instanceof Error && 'code' in err && String(err.code).startsWith('Z_');
    throw damaged ? Object.assign(new UnreadableArchive('it is a damaged gzip file'), { cause: err }) : err;
  } finally {
    unpacked.destroy();
    await fed.catch(() => undefined); // told already
  }
}

async function judge(members: AsyncIterable<Member>, limits: SourceLimits): Promise<ArchivePlan> {
  const judging = createArchiveJudge(limits);
  for await (const { entry } of members) {
    const reason = judging.add(entry);
    if (reason !== undefined) throw new UnreadableArchive(reason);
  }
  const plan = judging.end();
  if ('reason' in plan) throw new UnreadableArchive(plan.reason);
  return plan;
}

/**
 * Entries are written anew from what was judged, never copied: another reader of the same bytes could see another tree.
 * Answers the beginning of its app.json.
 */
async function write(
  members: AsyncIterable<Member>,
  plan: ArchivePlan,
  path: string,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const tar = pack();
  let manifest: Buffer | null = null;
  const out = createWriteStream(path, { mode: 0o600, flush: true, signal });
  const written = pipeline(tar as unknown as Readable, out, { signal }); // streamx: has all of Readable that is used here
  written.catch(() => undefined); // told below
  try {
    for await (const member of members) {
      const found = await writeMember(tar, member, plan, signal);
      if (plan.pathOf(member.entry.name) === 'app.json') manifest = found;
    }
    tar.finalize();
    await written;
    return manifest;
  } catch (err) {
    tar.destroy();
    out.destroy();
    await finished(out).catch(() => undefined); // told already
    throw err;
  }
}

/** One moment for all: what was changed when is nobody's business, and the same tree makes the same archive. */
const MOMENT = new Date(0);

async function writeMember(
  tar: Pack,
  { entry, content }: Member,
  plan: ArchivePlan,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const name = plan.pathOf(entry.name);
  if (name === null) return null;
  const common = { name, mtime: MOMENT };
  if (entry.kind === 'directory') tar.entry({ ...common, type: 'directory', mode: 0o755 });
  else if (entry.kind === 'link')
    tar.entry({ ...common, type: 'symlink', linkname: entry.target, mode: 0o777 });
  else {
    const mode = entry.executable ? 0o755 : 0o644;
    const seen = name === 'app.json' ? beginning(content) : undefined;
    const into = tar.entry({ ...common, size: entry.size, mode });
    await pipeline(seen?.through ?? content, into, { signal });
    return seen?.bytes() ?? null;
  }
  return null;
}

/** What passes through, and its first bytes. */
function beginning(content: AsyncIterable<Uint8Array>) {
  const parts: Uint8Array[] = [];
  let kept = 0;
  async function* through(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of content) {
      const part = chunk.subarray(0, MANIFEST_BYTES + 1 - kept);
      if (part.length > 0) parts.push(Buffer.from(part));
      kept += part.length;
      yield chunk;
    }
  }
  return { through: through(), bytes: () => Buffer.concat(parts) };
}

async function checksumOf(file: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readRange(file, {}, signal)) hash.update(chunk);
  return hash.digest('hex');
}
