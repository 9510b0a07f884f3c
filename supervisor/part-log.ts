import { copyFile, open, stat, truncate } from 'node:fs/promises';
import { z } from 'zod';
import { isSystemError } from '../lib/errors.ts';

const CAP_BYTES = 20 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/**
 * Keeps a log below its cap: the full file becomes `<file>.1` and is emptied in place, since the process that
 * writes it (in append mode) holds it open. Lines written between copy and cut are lost.
 */
export async function capLog(file: string, capBytes: number = CAP_BYTES): Promise<void> {
  try {
    if ((await stat(file)).size <= capBytes) return;
    await copyFile(file, `${file}.1`);
    await truncate(file);
  } catch (err) {
    if (!isSystemError(err, 'ENOENT')) throw err;
  }
}

/** The last lines of a log, oldest first; none when there is no log. */
async function tailOf(file: string, lines: number): Promise<string[]> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, from);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-lines);
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return [];
    throw err;
  }
}

const record = z.object({ msg: z.string().optional(), err: z.object({ message: z.string() }).optional() });

/** What a program said last, as a sentence: the message of a JSON record, or the plain line. Empty when it said nothing. */
export async function lastWords(file: string): Promise<string> {
  const line = (await tailOf(file, 1)).at(-1) ?? '';
  return wordsOf(line);
}

export function wordsOf(line: string): string {
  try {
    const said = record.parse(JSON.parse(line));
    return [said.msg, said.err?.message].filter((part) => part !== undefined).join(': ');
  } catch {
    return line.trim(); // not one of our programs
  }
}
