import { gitOrThrow } from './git.ts';

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
  const refs = await gitOrThrow(repository, ['bundle', 'unbundle', file], signal);
  for (const line of refs.trim().split('\n')) {
    const [commit = '', ref = ''] = line.split(' ');
    if (ref.startsWith('refs/')) await gitOrThrow(repository, ['update-ref', ref, commit], signal);
  }
}
