import { gitOrThrow } from './git.ts';

/** Of the list of a repository's refs; some millions of them. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Writes all refs of a repository and what they need into one file, whatever else is done to the repository meanwhile. False
 * when it has no ref, and there is no file.
 */
export async function writeBundle(repository: string, file: string, signal: AbortSignal): Promise<boolean> {
  const refs = await gitOrThrow(repository, ['for-each-ref', '--count=1'], signal);
  if (refs.trim() === '') return false;
  await gitOrThrow(repository, ['bundle', 'create', '--quiet', file, '--all'], signal);
  return true;
}

/** Puts into an empty repository what `writeBundle` wrote of one. Idempotent. Rejects when the file is not whole. */
export async function readBundle(repository: string, file: string, signal: AbortSignal): Promise<void> {
  const refs = await gitOrThrow(repository, ['bundle', 'unbundle', file], signal, { maxBytes: MOST_BYTES });
  // Of more, what was read would be cut.
  if (Buffer.byteLength(refs) >= MOST_BYTES) throw new Error(`${file} has more refs than can be restored`);
  const updates = refs.split('\n').flatMap((line) => {
    const [commit = '', ref = ''] = line.split(' ');
    return ref.startsWith('refs/') ? [`update ${ref} ${commit}\n`] : [];
  });
  await gitOrThrow(repository, ['update-ref', '--stdin'], signal, { input: updates.join('') });
}
