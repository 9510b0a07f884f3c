import { createHash, randomBytes } from 'node:crypto';

/** A key with which values are sealed, and the name by which an envelope says that it was this one. */
export interface MasterKey {
  /** Eight hexadecimal digits, of its hash: they say nothing about the key. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** The current key first; behind it those that are still needed for what was sealed before it. */
export interface KeyRing {
  readonly keys: readonly [MasterKey, ...MasterKey[]];
}

export const KEY_ID_BYTES = 4;
const KEY_BYTES = 32;

export function newMasterKey(): MasterKey {
  return named(randomBytes(KEY_BYTES));
}

/** Reads keys as they stand in their file: each 32 bytes in base64, a line each. Throws a sentence for anything else. */
export function parseMasterKeys(text: string): KeyRing['keys'] {
  const lines = text.split('\n').map((line) => line.trim());
  const [current, ...former] = lines.filter((line) => line !== '').map(parse);
  if (current === undefined) throw notAKey();
  return [current, ...former];
}

export function printMasterKeys(keys: KeyRing['keys']): string {
  return keys.map(({ bytes }) => `${bytes.toString('base64')}\n`).join('');
}

function parse(line: string): MasterKey {
  const bytes = Buffer.from(line, 'base64');
  if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== line) throw notAKey();
  return named(bytes);
}

function named(bytes: Buffer): MasterKey {
  const hash = createHash('sha256').update('gantry key id').update(bytes).digest();
  return { id: hash.subarray(0, KEY_ID_BYTES).toString('hex'), bytes };
}

function notAKey(): Error {
  return new Error('The master key must be 32 bytes in base64; restore secrets/master-key from a backup.');
}
