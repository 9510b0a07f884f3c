import type { FileHandle } from 'node:fs/promises';

const PIECE = 256 * 1024;

/**
 * The bytes of an open file from `start` on, up to `end` (not with it). The file stays open, also when the reader
 * leaves early: a stream of Node's own would close it.
 */
export async function* readRange(
  file: FileHandle,
  { start = 0, end = Infinity }: { readonly start?: number; readonly end?: number },
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  for (let at = start; at < end;) {
    signal.throwIfAborted();
    const length = Math.min(PIECE, end - at);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
