import { portOf, readTarget } from '../domain/egress.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Egress } from '../ports/egress.ts';
import type { UploadName, Uploads } from '../ports/uploads.ts';

/** As large as a source that is sent. */
const MOST_BYTES = 1024 ** 3;

/** Refuses what can be no source, before anything is made for it. Throws `invalid_params`, `egress_refused`. */
export function checkSourceUrl(egress: Pick<Egress, 'check'>, url: string): void {
  const target = readTarget(url, ['https:']);
  if ('problem' in target)
    throw PlatformError.of('invalid_params', { field: 'source_blob.url', problem: target.problem });
  egress.check(target.url.hostname, portOf(target.url));
}

/** Fetches a source to where it would be if it had been sent. Throws as `Egress.fetch` and `Uploads.put`. */
export async function fetchSource(
  { egress, uploads }: { readonly egress: Pick<Egress, 'fetch'>; readonly uploads: Pick<Uploads, 'put'> },
  { url, upload }: { readonly url: string; readonly upload: UploadName },
  signal: AbortSignal,
): Promise<void> {
  await egress.fetch({ url, bytes: MOST_BYTES }, (content) => uploads.put(upload, content, signal), signal);
}
