import { randomUUID } from 'node:crypto';
import { scopesCoverListing } from '../domain/access.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { UploadName, Uploads as UploadStore } from '../ports/uploads.ts';

/** Sources that are sent without git, before a build is asked for. */
export interface Uploads {
  /** Names a place for one source; whoever is told the name may send it. Throws `scope_too_small`. */
  open(actor: Actor): UploadName;
  /** Takes in what is sent; the name is the permission. Throws `upload_too_large`, `uploads_full`. */
  put(name: UploadName, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number>;
  /** What was sent. Throws `upload_missing`. */
  read(
    name: UploadName,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: number; readonly content: AsyncIterable<Uint8Array> }>;
}

export function createUploads({ store }: { readonly store: UploadStore }): Uploads {
  return {
    open(actor) {
      if (!scopesCoverListing(actor.scopes))
        throw PlatformError.of('scope_too_small', { what: 'sending sources' });
      return { id: randomUUID(), userId: actor.userId };
    },
    put: (name, content, signal) => store.put(name, content, signal),
    async read(name, signal) {
      const found = await store.read(name, signal);
      if (!found) throw PlatformError.of('upload_missing', {});
      return found;
    },
  };
}
