import { createHash } from 'node:crypto';

/** A well-formed ed25519 public key as ssh-keygen writes it, the same for the same seed. Nobody has its private half. */
export function sampleKey(seed: string, comment = 'me@laptop'): string {
  const type = Buffer.from('ssh-ed25519');
  const length = (n: number): Buffer => Buffer.from([0, 0, 0, n]);
  const point = createHash('sha256').update(seed).digest();
  const blob = Buffer.concat([length(type.length), type, length(point.length), point]);
  return `ssh-ed25519 ${blob.toString('base64')} ${comment}`;
}
