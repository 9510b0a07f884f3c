import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { PlatformError } from '../../domain/errors.ts';
import type { Sealer } from '../../ports/sealer.ts';
import { KEY_ID_BYTES, type KeyRing, type MasterKey } from './master-key.ts';

/**
 * The envelope: version (1 byte) · key id (4) · nonce (12) · tag (16) · ciphertext, AES-256-GCM. The head and the context
 * are authenticated with it. The key id is the start of the key's hash: it says which of several keys to try, which is
 * what a change of the master key needs, and a version byte leaves room for another envelope.
 */
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES;
const OVERHEAD_BYTES = HEAD_BYTES + NONCE_BYTES + TAG_BYTES;

/** Seals with the first key of the ring, and opens what was sealed with any of them. */
export function createSealer(ring: KeyRing): Sealer {
  return {
    seal(value, context) {
      const [current] = ring.keys;
      const head = Buffer.concat([Buffer.of(VERSION), Buffer.from(current.id, 'hex')]);
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.bytes, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(associated(head, context));
      const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
      return new Uint8Array(Buffer.concat([head, nonce, cipher.getAuthTag(), sealed]));
    },

    open(sealed, context) {
      const envelope = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const id = envelope.subarray(1, HEAD_BYTES).toString('hex');
      const key = ring.keys.find((one) => one.id === id);
      if (envelope.length < OVERHEAD_BYTES || envelope[0] !== VERSION || !key) throw unreadable(context);
      try {
        return decrypt(envelope, key, context);
      } catch (err) {
        throw unreadable(context, err);
      }
    },
  };
}

function decrypt(envelope: Buffer, key: MasterKey, context: string): string {
  const nonce = envelope.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated(envelope.subarray(0, HEAD_BYTES), context));
  decipher.setAuthTag(envelope.subarray(HEAD_BYTES + NONCE_BYTES, OVERHEAD_BYTES));
  return Buffer.concat([decipher.update(envelope.subarray(OVERHEAD_BYTES)), decipher.final()]).toString(
    'utf8',
  );
}

function associated(head: Buffer, context: string): Buffer {
  return Buffer.concat([head, Buffer.from(context, 'utf8')]);
}

function unreadable(context: string, cause?: unknown): Error {
  return PlatformError.of('config_unreadable', { what: `What is stored for ${context}` }, cause);
}
