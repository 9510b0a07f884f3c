import { createHash } from 'node:crypto';
import { PlatformError } from '../../server/domain/errors.ts';
import type { UploadName, Uploads } from '../../server/ports/uploads.ts';

/** What starts with this cannot be unpacked. */
export const HOSTILE = 'hostile';

/** What follows this is the app.json of what was sent. */
export const MANIFEST = 'app.json ';

/** Keeps what is sent; unpacking it is to look at its first word. */
export function createMemoryUploads(): Uploads {
  const sent = new Map<string, Buffer>();
  const keyOf = ({ id, userId }: UploadName): string => `${userId} ${id}`;
  return {
    async put(upload, content, signal) {
      const parts: Uint8Array[] = [];
      for await (const part of content) parts.push(part);
      signal.throwIfAborted();
      const whole = Buffer.concat(parts);
      sent.set(keyOf(upload), whole);
      return whole.length;
    },
    async read(upload) {
      const whole = sent.get(keyOf(upload));
      async function* content(): AsyncGenerator<Uint8Array> {
        if (whole) yield Promise.resolve(whole);
      }
      return Promise.resolve(whole && { bytes: whole.length, content: content() });
    },
    async unpack(upload) {
      const whole = sent.get(keyOf(upload));
      if (!whole) return Promise.resolve(undefined);
      const text = whole.toString('utf8');
      if (text.startsWith(HOSTILE)) throw PlatformError.of('source_refused', { reason: 'it is hostile' });
      const manifest = text.startsWith(MANIFEST) ? Buffer.from(text.slice(MANIFEST.length)) : null;
      return { checksum: createHash('sha256').update(whole).digest('hex'), manifest };
    },
    tidy: () => Promise.resolve(0),
  };
}
