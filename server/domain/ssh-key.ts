import { createHash } from 'node:crypto';
import { withoutTrailing } from '../../lib/trailing.ts';

export interface PublicKey {
  readonly type: string;
  /** `SHA256:…` without padding, as ssh-keygen prints it. */
  readonly fingerprint: string;
  /** Type and base64 body, one space between, no comment. */
  readonly line: string;
  readonly comment: string;
}

const TYPES = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
]);

/**
 * Reads one line of an OpenSSH public key file. Answers a sentence fragment saying what is wrong with it instead of a key;
 * it completes "the key …".
 */
export function parsePublicKey(text: string): PublicKey | string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.some((line) => line.includes('PRIVATE KEY')))
    return 'is a private key; give the .pub file beside it';
  if (lines.length !== 1)
    return lines.length === 0 ? 'is empty' : 'holds more than one line; give one key at a time';
  const [type = '', body = '', ...comment] = (lines[0] ?? '').trim().split(/\s+/);
  if (!TYPES.has(type))
    return `has the type ${JSON.stringify(type.slice(0, 40))}; use ssh-ed25519, ecdsa or rsa`;
  const blob = Buffer.from(body, 'base64');
  if (withoutTrailing(blob.toString('base64'), '=') !== withoutTrailing(body, '='))
    return 'is not valid base64';
  if (readString(blob, 0) !== type) return 'is damaged: its body does not name its type';
  if (type === 'ssh-rsa' && blob.length < 270)
    return 'is shorter than 2048 bits; make a new one with ssh-keygen -t ed25519';
  return {
    type,
    fingerprint: fingerprintOf(blob),
    line: `${type} ${blob.toString('base64')}`,
    comment: comment.join(' ').slice(0, 200),
  };
}

/** The fingerprint of a key's wire form. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${withoutTrailing(createHash('sha256').update(blob).digest('base64'), '=')}`;
}

function readString(blob: Buffer, at: number): string {
  if (blob.length < at + 4) return '';
  const length = blob.readUInt32BE(at);
  return blob.subarray(at + 4, at + 4 + Math.min(length, 100)).toString('latin1');
}
